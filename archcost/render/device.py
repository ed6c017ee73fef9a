"""Ceilings of devices: measured ones, and those of datasheets."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from archcost import units
from archcost.page.document import Document
from archcost.page.json_text import dump_json
from archcost.page.page import Cell, Column, Line, Page, Remark, Table
from archcost.page.rows import read_records, read_table

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from archcost.page.document import Kind
    from archcost.records import Ceiling, Peaks, Roof

    Fleet = Sequence[
        tuple[str | None, Ceiling, Peaks | None]
    ]  # a type of accelerator, and a measured device of that type

SCHEMA = "archcost.device/1"
FLEET_SCHEMA = "archcost.devices/1"
CONVENTIONS = (
    "Measured: the fastest of many tries; copies read and write, so their bytes count twice; matrix products of random "
    "numbers, a multiply-add is two operations. A row of a network is held against the fastest copy of its size or "
    "larger, for what is small stays in a cache."
)
COLUMNS: Mapping[str, Kind] = {
    **dict.fromkeys(("accelerator", "device", "driver"), "text"),
    **dict.fromkeys(("clock_hz", "memory_clock_hz"), "whole"),
    "ceiling": "text",
    **dict.fromkeys(("measured_per_second", "datasheet_per_second"), "real"),
}


def build_document(roof: Roof | None, peaks: Peaks | None, *, binary: bool = False) -> Document:
    """Return the document of a measured roof, of datasheet figures, or of both side by side."""
    parts = {"measured": roof, "datasheet": peaks}
    return Document(
        pages=lambda: (_build_page(roof, peaks, binary=binary),),
        data=lambda: dump_json(
            {"schema": SCHEMA, **{name: part and dataclasses.asdict(part) for name, part in parts.items()}}
        ),
        rows=lambda: read_table(_build_table(roof, peaks, binary=binary)),
        schema=COLUMNS,
    )


def build_fleet_document(fleet: Fleet, *, binary: bool = False) -> Document:
    """Return the document of several devices' roofs and datasheets, by accelerator, device, driver and clocks."""
    return Document(
        pages=lambda: [
            _build_page(found.roof, peaks, binary=binary, facts=_list_facts(accelerator, found))
            for accelerator, found, peaks in fleet
        ],
        data=lambda: dump_json(
            {
                "schema": FLEET_SCHEMA,
                "devices": [
                    {
                        "accelerator": accelerator,
                        "clock_hz": found.clock_hz,
                        "memory_clock_hz": found.memory_clock_hz,
                        "measured": dataclasses.asdict(found.roof),
                        "datasheet": peaks and dataclasses.asdict(peaks),
                    }
                    for accelerator, found, peaks in fleet
                ],
            }
        ),
        rows=lambda: read_records(_yield_records(fleet, binary=binary), tuple(COLUMNS)),
        schema=COLUMNS,
    )


def _list_facts(accelerator: str | None, found: Ceiling) -> list[str]:
    facts = [accelerator] if accelerator else []
    clocks = {"clock": found.clock_hz, "memory clock": found.memory_clock_hz}
    return [*facts, *(f"{name} {units.short(hertz, 'Hz')}" for name, hertz in clocks.items() if hertz)]


def _yield_records(fleet: Fleet, *, binary: bool) -> Iterator[dict[str, Any]]:
    """Yield one record for each ceiling of each device, with every column."""
    for accelerator, found, peaks in fleet:
        place = {"accelerator": accelerator, "device": found.roof.device, "driver": found.roof.driver}
        clocks = {"clock_hz": found.clock_hz, "memory_clock_hz": found.memory_clock_hz}
        rows = read_table(_build_table(found.roof, peaks, binary=binary))
        for values in rows.values:
            yield {**dict.fromkeys(COLUMNS), **place, **clocks, **dict(zip(rows.names, values, strict=True))}


def _build_page(roof: Roof | None, peaks: Peaks | None, *, binary: bool, facts: Sequence[str] = ()) -> Page:
    found = roof or peaks
    assert found is not None  # noqa: S101 - one of them was asked for
    facts = [*facts]
    if roof is not None:
        facts += [f"driver {roof.driver}"] if roof.driver else []
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
