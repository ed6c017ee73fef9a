"""The parts of a block's bar: its layers that multiply, equal paths as one, and their arithmetic."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from archcost import units
from archcost.errors import ArgumentError
from archcost.page.names import make_pattern

if TYPE_CHECKING:
    from collections.abc import Sequence

    from archcost.records import Layer, Report

MOST_PARTS = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """The part of a block's bar for one layer, or for N equal layers, in the unit of the axis."""

    layer: Layer
    times: int
    bottom: float
    height: float

    @property
    def kernel(self) -> str:
        """The kernel, which chooses a part's colour."""
        return "linear" if self.layer.kernel is None else units.shape(self.layer.kernel)

    @property
    def text(self) -> str:
        """The product that gives the multiply-adds of one path, with the number of paths and of groups."""
        paths = f"{units.number(self.times)} x " if self.times > 1 else ""
        groups = self.layer.groups or 1
        return f"{paths}{spell_product(self.layer)}{f' ({units.number(groups)} groups)' if groups > 1 else ''}"

    @property
    def middle(self) -> float:
        """The height of the middle of the part."""
        return self.bottom + self.height / 2

    def break_text(self, lines: int) -> str:
        """Return the product and its result on one to four lines."""
        return _break_product(self.text, units.short(self.times * self.layer.macs), lines)


def stack_parts(report: Report, scale: units.Scale) -> list[Part]:
    """Return the layers that multiply, each stacked on the layers before it.

    Raises:
        ArgumentError: the block has more layers than readers can tell apart.
    """
    layers = _merge_paths(report.layers)
    if len(layers) > MOST_PARTS:
        raise ArgumentError(
            f"{report.network.spec} has {len(layers)} layers that multiply; a block has at most {MOST_PARTS}"
        )
    heights = [times * layer.macs / scale.divisor for layer, times in layers]
    return [
        Part(layer=layer, times=times, bottom=sum(heights[:i]), height=heights[i])
        for i, (layer, times) in enumerate(layers)
    ]


def _merge_paths(layers: Sequence[Layer]) -> list[tuple[Layer, int]]:
    """Return the layers that multiply; merge layers of equal, neighbouring paths into one with their number.

    Merged layers have the same name except for numbers and equal shapes, and none depends on another.
    """
    before: list[set[int]] = []  # for each row: all rows whose results reach it
    for layer in layers:
        before.append(set(layer.reads).union(*(before[row] for row in layer.reads)))
    merged: dict[object, list[int]] = {}
    for row, layer in enumerate(layers):
        if layer.macs:
            alike = merged.setdefault(
                (make_pattern(layer.name), layer.inputs, layer.outputs, layer.kernel, layer.groups), []
            )
            if any(other in before[row] for other in alike):
                merged[row] = [row]
            else:
                alike.append(row)
    return [(layers[rows[0]], len(rows)) for rows in sorted(merged.values())]


def _break_product(product: str, result: str, lines: int) -> str:
    """Break a product and its result into one to four lines; with four, the number of paths has its own line."""
    if lines >= 3:  # noqa: PLR2004
        head, dot, tail = product.rpartition(" · ")
        head, dot, middle = head.rpartition(" · ")
        product = f"{head}\n{dot.strip()} {middle} · {tail}" if dot else product
    if lines == 4:  # noqa: PLR2004
        product = product.replace(" x ", " x\n", 1)
    return f"{product}{' = ' if lines == 1 else chr(10) + '= '}{result}"


def spell_product(layer: Layer) -> str:
    """Return the product that gives a convolution's multiply-adds: "28x28 · 3x3 · 64 · 192"."""
    shape = layer.outputs[0]
    if layer.kernel is None:
        return f"{units.number(layer.inputs[0][-1])} · {units.number(shape[-1])}"
    groups = layer.groups or 1
    channels = f"{units.number(layer.inputs[0][1] // groups)} · {units.number(shape[1])}"
    return f"{units.shape(shape[2:])} · {units.shape(layer.kernel)} · {channels}"
