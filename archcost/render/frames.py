"""A report's layers as raw values: one row per layer, one column per quantity."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from archcost import units
from archcost.page.page import order
from archcost.page.rows import Rows, read_records, spell_axes
from archcost.render.columns import read_value

if TYPE_CHECKING:
    from collections.abc import Callable

    from archcost.records import Report


def build_layer_rows(report: Report, *, sort: str | None) -> Rows:
    """Return every quantity of every layer, as in the report's frame, with shapes and lists as texts."""
    layers = list(report.layers)
    if sort is not None:
        layers.sort(key=lambda layer: order(read_value(layer, sort)), reverse=True)
    return read_records(
        {name: SPELLED.get(name, _leave)(value) for name, value in layer._asdict().items()} for layer in layers
    )


def _leave(value: Any) -> Any:
    return value


def _spell_shapes(shapes: tuple[tuple[int, ...], ...]) -> str:
    return " ".join(units.shape(sizes) for sizes in shapes)


def _spell_distinct(items: tuple[object, ...]) -> str:
    return " ".join(dict.fromkeys(map(str, items)))


SPELLED: dict[str, Callable[[Any], Any]] = {
    **dict.fromkeys(("inputs", "outputs"), _spell_shapes),
    **dict.fromkeys(("reads", "operators"), _spell_distinct),
    **dict.fromkeys(("kernel", "stride", "padding", "dilation", "receptive_field", "jump"), spell_axes),
}
