"""A report as CSV: raw integers, one line for each row of the view."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from archcost import units
from archcost.render.columns import order, value_of

if TYPE_CHECKING:
    from archcost.render.page import Table
    from archcost.report import Report


def layers_csv(report: Report, *, sort: str | None) -> str:
    """Return every quantity of every row, as in the report's frame; shapes and lists are spelled out."""
    frame = report.to_frame()
    if sort is not None:
        keys = [order(value_of(layer, sort)) for layer in report.layers]
        frame = frame.iloc[sorted(range(len(keys)), key=lambda i: -keys[i])]
    frame = frame.convert_dtypes()
    for name in ("inputs", "outputs"):
        frame[name] = frame[name].map(_shapes)
    for name in ("reads", "operators"):
        frame[name] = frame[name].map(_distinct)
    for name in ("kernel", "stride", "receptive_field", "jump"):
        frame[name] = frame[name].map(_axes)
    return str(frame.to_csv(index=False, lineterminator="\n"))


def table_csv(table: Table) -> str:
    """Return the lines of a table, without containers and sums."""
    import pandas as pd

    lines = [line for line in table.lines if line.role == "row"]
    entries: dict[str, list[Any]] = {table.heading.lower(): [line.name for line in lines]}
    for name in ("call", "kind"):
        values = [getattr(line, name) for line in lines]
        if any(value not in {None, ""} for value in values):
            entries[name] = values
    for i, column in enumerate(table.columns):
        raw = [line.cells[i].raw for line in lines]
        entries[column.name] = [_axes(value) if isinstance(value, tuple) else value for value in raw]
    return str(pd.DataFrame(entries, dtype=object).to_csv(index=False, lineterminator="\n"))


def _shapes(shapes: tuple[tuple[int, ...], ...]) -> str:
    return " ".join(units.shape(sizes) for sizes in shapes)


def _distinct(items: tuple[object, ...]) -> str:
    return " ".join(dict.fromkeys(map(str, items)))


def _axes(sizes: Any) -> str:
    """Spell out every axis, also where they agree: "7x7", "allxall"."""
    if not isinstance(sizes, tuple) or all(size is None for size in sizes):
        return ""
    return "x".join(units.extents((size,)) or "?" for size in sizes)
