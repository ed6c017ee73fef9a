"""Networks side by side, as a document; its data are `archcost.comparison/1`."""

from __future__ import annotations

import dataclasses
import re
from collections import Counter
from typing import TYPE_CHECKING, Any

from archcost import units
from archcost.metrics import ranks
from archcost.page.document import Document
from archcost.page.json_text import dump_json
from archcost.page.page import Cell, Column, Line, Page, Remark, Table
from archcost.page.rows import Rows, read_records
from archcost.records.published import DATED
from archcost.render.columns import build_number_column, build_text_column

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from archcost.page.document import Kind
    from archcost.records import Comparison, ComparisonRow

SCHEMA = "archcost.comparison/1"
# the keys of `build_record`, and those of a failed network's row
COLUMNS: Mapping[str, Kind] = {
    **dict.fromkeys(("network", "name", "family", "input"), "text"),
    **dict.fromkeys(ranks("compare"), "whole"),
    **dict.fromkeys(("top1", "top5", "density", "seconds", "per_second"), "real"),
    "pareto": "truth",
    "pretraining": "text",
    "published": "truth",
    "year": "whole",
    **dict.fromkeys(("dataset", "protocol", "split", "weights", "source", "note", "failure", "error"), "text"),
}


CONVENTIONS = (
    "MACs are multiply-adds; FLOPs = 2 x MACs; %/M: top-1 accuracy for each million parameters; "
    "Pareto: no other of the same dataset has as few MACs and as much top-1 accuracy."
)


def find_columns(*conditions: str | None) -> frozenset[str]:
    """Return the columns that conditions or orders name, such as `year` and `top1` for "year > 2015 and top1 > 80"."""
    words = {word for text in conditions for word in re.findall(r"\w+", text or "")}
    return frozenset(words & COLUMNS.keys())


def build_document(
    comparison: Comparison,
    *,
    binary: bool = False,
    asked: Collection[str] = (),
    picture: Callable[[], str] | None = None,
) -> Document:
    """Return the document of a comparison; `picture` draws its SVG when a format needs it.

    The columns in `asked` stay in a narrow terminal. The table has years if `asked` has, or with published networks.
    """
    known = [row for row in comparison.rows if row.accuracy and row.accuracy.top1 is not None and row.macs]
    datasets = Counter(row.accuracy.dataset for row in known if row.accuracy)
    drawn = picture if max(datasets.values(), default=0) > 1 else None  # one axis shows one data set
    return Document(
        pages=lambda: (dataclasses.replace(build_page(comparison, binary=binary, asked=asked), picture=drawn),),
        data=lambda: _dump_comparison(comparison),
        rows=lambda: _build_rows(comparison),
        schema=COLUMNS,
        picture=picture,
    )


def build_page(comparison: Comparison, *, binary: bool = False, asked: Collection[str] = ()) -> Page:
    """Return the page of a comparison."""
    rows, lost = comparison.rows, comparison.failures
    inputs = build_text_column("input", "Input", [units.shape(row.input) for row in rows], rank=3)
    columns, table = [inputs.column], [inputs.cells]
    for name, rank in ranks("compare").items():
        column, cells, _ = build_number_column(
            name, [getattr(row.totals, name) for row in rows], total=None, rank=rank, binary=binary
        )
        columns.append(dataclasses.replace(column, shared=False))
        table.append([cell._replace(share="") for cell in cells])
    for name, heading, read in _MERITS:
        values = [read(row) for row in rows]
        if name in _OPTIONAL and not any(values):
            continue
        columns.append(Column(name=name, heading=heading, rank=_MERIT_RANKS[name]))
        table.append(
            [Cell() if value is None else Cell(text=_spell_figure(name, value), raw=value) for value in values]
        )
    if "year" in asked or any(row.published for row in rows):
        columns.append(Column(name="year", heading="Year", rank=2))
        table.append([Cell() if row.year is None else Cell(text=str(row.year), raw=row.year) for row in rows])
    columns = [dataclasses.replace(each, rank=0) if each.name in asked else each for each in columns]
    remarks = [*("Pareto" if row.pareto else "" for row in rows)]
    columns.append(Column(name="remark", heading="", numeric=False))
    table.append([Cell(text=remark, raw=remark) for remark in remarks])
    lines = [
        Line(name=row.spec, label=row.spec, cells=tuple(column[i] for column in table)) for i, row in enumerate(rows)
    ]
    lines += [
        Line(
            name=each.spec,
            label=each.spec,
            cells=(*(Cell() for _ in columns[1:]), Cell(text=_spell_failure(each.reason))),
        )
        for each in lost
    ]
    known = sum(row.accuracy is not None for row in rows)
    return Page(
        title=f"{units.exact(len(rows))} {'network' if len(rows) == 1 else 'networks'}",
        facts=(
            f"batch {units.number(comparison.batch)}",
            f"accuracy: {comparison.origin}",
            f"known for {units.exact(known)}",
        ),
        table=Table(heading="Network", columns=tuple(columns), lines=tuple(lines)),
        conventions=CONVENTIONS + (f" {DATED}" if any(column.name == "year" for column in columns) else ""),
        remarks=(
            *(Remark(kind="note", text=note) for note in comparison.notes),
            *(Remark(kind="warning", text=f"{each.spec}: {each.reason}") for each in lost),
        ),
    )


def _spell_failure(reason: str) -> str:
    first = reason.partition("\n")[0]
    return f"failed: {first if len(first) <= SHORT else first[: SHORT - 3] + '...'}"


SHORT = 60  # letters of a reason in the table; the whole reason stands below it

_MERITS: Sequence[tuple[str, str, Callable[[ComparisonRow], float | None]]] = (
    ("top1", "Top-1 %", lambda row: row.accuracy.top1 if row.accuracy else None),
    ("top5", "Top-5 %", lambda row: row.accuracy.top5 if row.accuracy else None),
    ("density", "%/M", lambda row: row.density),
    ("seconds", "Time ms", lambda row: row.seconds),
    ("per_second", "Images/s", lambda row: row.per_second),
)
_MERIT_RANKS = {"top1": 0, "top5": 1, "density": 1, "seconds": 0, "per_second": 0}
_OPTIONAL = {"seconds", "per_second"}


def _spell_figure(name: str, value: float) -> str:
    if name == "seconds":
        return units.fixed(1000 * value, 2)
    return units.fixed(value, 2 if name == "density" else 1)


def build_record(row: ComparisonRow) -> dict[str, Any]:
    """Return one network as plain values, including the accuracy and its source."""
    figure = row.accuracy
    return {
        "network": row.spec,
        "name": row.name,
        "family": row.family,
        "input": units.shape(row.input),
        **{name: getattr(row.totals, name) for name in ranks("compare")},
        "top1": figure.top1 if figure else None,
        "top5": figure.top5 if figure else None,
        "density": row.density,
        "seconds": row.seconds,
        "per_second": row.per_second,
        "pareto": row.pareto,
        "pretraining": row.pretraining or None,
        "published": row.published,
        "year": row.year,
        **{name: getattr(figure, name, None) for name in ("dataset", "protocol", "split", "weights", "source", "note")},
    }


def _dump_comparison(comparison: Comparison) -> str:
    return dump_json(
        {
            "schema": SCHEMA,
            "protocol": comparison.protocol,
            "collected": comparison.collected,
            "batch": comparison.batch,
            "notes": list(comparison.notes),
            "networks": [build_record(row) for row in comparison.rows],
            "failures": [
                {"network": each.spec, "failure": each.kind, "reason": each.reason} for each in comparison.failures
            ],
        }
    )


def _build_rows(comparison: Comparison) -> Rows:
    records = [{**build_record(row), "failure": None, "error": None} for row in comparison.rows]
    failures = [{"network": each.spec, "failure": each.kind, "error": each.reason} for each in comparison.failures]
    return read_records([*records, *failures], ("network", "failure", "error"))
