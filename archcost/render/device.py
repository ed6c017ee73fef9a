"""What a device can do: measured, and beside it what its maker promises."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from archcost import units
from archcost.page.document import Document
from archcost.page.json_text import dump_json
from archcost.page.page import Cell, Column, Line, Page, Remark, Table
from archcost.page.rows import read_table

if TYPE_CHECKING:
    from archcost.records import Peaks, Roof

SCHEMA = "archcost.device/1"
CONVENTIONS = (
    "Measured: the fastest of many tries; copies read and write, so their bytes count twice; matrix products of random "
    "numbers, a multiply-add is two operations. A row of a network is held against the fastest copy of its size or "
    "larger, for what is small stays in a cache."
)


def build_document(roof: Roof | None, peaks: Peaks | None, *, binary: bool = False) -> Document:
    """Return a measured roof, datasheet figures, or both beside each other."""
    parts = {"measured": roof, "datasheet": peaks}
    return Document(
        pages=lambda: (_build_page(roof, peaks, binary=binary),),
        data=lambda: dump_json(
            {"schema": SCHEMA, **{name: part and dataclasses.asdict(part) for name, part in parts.items()}}
        ),
        rows=lambda: read_table(_build_table(roof, peaks, binary=binary)),
    )


def _build_page(roof: Roof | None, peaks: Peaks | None, *, binary: bool) -> Page:
    found = roof or peaks
    assert found is not None  # noqa: S101 - one of them was asked for
    facts: list[str] = []
    if roof is not None:
        facts = [f"driver {roof.driver}"] if roof.driver else []
        facts.append(f"torch {roof.torch}")
        facts += [f"{units.number(roof.threads)} thread{'s' if roof.threads > 1 else ''}"] if roof.threads else []
    return Page(
        title=found.device,
        facts=tuple(facts),
        table=_build_table(roof, peaks, binary=binary),
        conventions="" if roof is None else CONVENTIONS,
        remarks=() if peaks is None else (Remark(kind="note", text=f"datasheet: {peaks.source}"),),
    )


def _build_table(roof: Roof | None, peaks: Peaks | None, *, binary: bool) -> Table:
    rows: list[tuple[str, str, float | None, float | None]] = []
    if roof is not None:
        memory = None if peaks is None else peaks.bytes_per_second
        largest = max(copy.nbytes for copy in roof.copies)
        for copy in reversed(roof.copies):
            name = f"copy of {units.short(copy.nbytes, 'B', binary=binary)}"
            rows.append((name, "B/s", copy.bytes_per_second, memory if copy.nbytes == largest else None))
    elif peaks is not None:
        rows.append(("memory", "B/s", None, peaks.bytes_per_second))
    measured = {} if roof is None else roof.flops_per_second
    promised = {} if peaks is None else peaks.flops_per_second
    rows += [
        (f"{dtype} products", "FLOP/s", measured.get(dtype), promised.get(dtype))
        for dtype in dict.fromkeys((*measured, *promised))
    ]
    columns: list[Column] = []
    grid: list[list[Cell]] = []
    if roof is not None:
        columns.append(Column(name="measured_per_second", heading="Measured"))
        grid.append([_build_cell(rate, unit) for _, unit, rate, _ in rows])
    if peaks is not None:
        columns.append(Column(name="datasheet_per_second", heading="Datasheet"))
        grid.append([_build_cell(rate, unit) for _, unit, _, rate in rows])
    lines = tuple(
        Line(name=row[0], label=row[0], cells=entries)
        for row, entries in zip(rows, zip(*grid, strict=True), strict=True)
    )
    return Table(heading="Ceiling", columns=tuple(columns), lines=lines)


def _build_cell(value: float | None, unit: str) -> Cell:
    return Cell() if value is None else Cell(text=units.short(value, unit), raw=value)
