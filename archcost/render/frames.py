"""A report as CSV: raw integers, one line for each row of the view."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archcost import units
from archcost.page.csv_text import axes_text
from archcost.page.page import order
from archcost.render.columns import value_of

if TYPE_CHECKING:
    from archcost.records import Report


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
        frame[name] = frame[name].map(axes_text)
    return str(frame.to_csv(index=False, lineterminator="\n"))


def _shapes(shapes: tuple[tuple[int, ...], ...]) -> str:
    return " ".join(units.shape(sizes) for sizes in shapes)


def _distinct(items: tuple[object, ...]) -> str:
    return " ".join(dict.fromkeys(map(str, items)))
