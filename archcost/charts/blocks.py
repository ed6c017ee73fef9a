"""Worked examples: the multiply-adds of a few blocks side by side, each convolution with its arithmetic."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING

from archcost import units
from archcost.errors import ArgumentError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from archcost.charts.canvas import Canvas
    from archcost.records import Layer, Report

MOST = 4
MOST_PARTS = 12
GAP = 0.035  # between a bar and its arithmetic; the rest of a bar's place is for that
MARGIN = 0.14  # left of the first bar
LETTERS = {1: 17, 2: 12, 3: 7}  # the widest line of arithmetic on so many lines, in units of the font
# widths of a bar and lines of arithmetic, the best first
FORMS = ((0.3, 1), (0.12, 1), (0.3, 2), (0.12, 2), (0.3, 3))
PANEL = 0.62  # of the chart's height that the axes take
HATCHES = ("", "///", "...", "xxx", "\\\\\\")


def draw(canvas: Canvas, data: Sequence[Report], *, title: str | None = None) -> None:
    """Draw a stack of bars for each block; the arithmetic stands beside each part.

    Raises:
        ArgumentError: one block alone, too many, or one of too many convolutions to be read.
    """
    if not 2 <= len(data) <= MOST:  # noqa: PLR2004 - a comparison
        raise ArgumentError(f"a chart of blocks compares two to {MOST} of them, not {len(data)}")
    chart = _Chart(canvas, data)
    highest = 1.22 * chart.tallest
    beside = list[float]()  # the levels of the arithmetic between the bar before and this one
    for place, report in enumerate(data):
        parts = chart.stack_parts(report)
        chart.draw_bar(place, parts)
        levels = chart.write_arithmetic(place, parts)
        total = _spell_total(report, data[0] if place else None)
        end = chart.write_total(place, total, sum(part.height for part in parts), left=beside, right=levels)
        highest, beside = max(highest, end), levels
    chart.name_axes(data, highest)
    canvas.write_title(
        title or "Multiply-adds of blocks that do the same work",
        wide=True,
        source="Positions x kernel x channels in x channels out, counted by archcost for one image",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    """What a layer adds to the bar of its block, in the unit of the axis."""

    layer: Layer
    bottom: float
    height: float

    @property
    def middle(self) -> float:
        return self.bottom + self.height / 2


class _Chart:
    """The axes, and the form that all blocks share: how wide a bar is, on how many lines its arithmetic stands."""

    def __init__(self, canvas: Canvas, data: Sequence[Report]) -> None:
        most = max(report.totals.macs for report in data)
        self.canvas = canvas
        self.axes = canvas.add_axes()
        self.font = canvas.size.font
        self.scale = units.scale([most])
        self.tallest = most / self.scale.divisor  # of the bars
        self.place_width = 0.9 * 72 * canvas.size.width / (len(data) + MARGIN)  # of a bar and its arithmetic, in points
        self.point = 1.22 * self.tallest / (PANEL * 72 * canvas.size.height)  # 1/72 of an inch on the axis
        self.width, self.lines = next((form for form in FORMS if self.measure_room(*form) > 0), FORMS[-1])
        self.step = 1.3 * self.font * self.lines * self.point  # from one text of arithmetic to the next

    def measure_room(self, width: float, lines: int) -> float:
        """Return the points between the widest arithmetic and the next bar; below zero where it would reach it."""
        return (1 - width - GAP) * self.place_width - LETTERS[lines] * self.font

    def stack_parts(self, report: Report) -> list[_Part]:
        """Return the layers that multiply, each on top of those before it.

        Raises:
            ArgumentError: more layers than can be told apart.
        """
        layers = [layer for layer in report.layers if layer.macs]
        if len(layers) > MOST_PARTS:
            raise ArgumentError(f"{report.network.spec} has {len(layers)} layers; a block has at most {MOST_PARTS}")
        heights = [layer.macs / self.scale.divisor for layer in layers]
        return [
            _Part(layer=layer, bottom=sum(heights[:i]), height=height)
            for i, (layer, height) in enumerate(zip(layers, heights, strict=True))
        ]

    def draw_bar(self, place: int, parts: Sequence[_Part]) -> None:
        """Draw the parts of a block's bar, each with its hue and hatch."""
        theme = self.canvas.theme
        for i, part in enumerate(parts):
            self.axes.bar(
                place, part.height, bottom=part.bottom, width=self.width, color=theme.hues[i % len(theme.hues)],
                hatch=HATCHES[i % len(HATCHES)], edgecolor=theme.background, linewidth=1.5, label=part.layer.name,
            )  # fmt: skip

    def write_arithmetic(self, place: int, parts: Sequence[_Part]) -> list[float]:
        """Write the product of each part beside it, with a line that leads there; return the levels of the texts."""
        levels = _spread([part.middle for part in parts], self.step)
        edge = place + self.width / 2
        for part, level in zip(parts, levels, strict=True):
            text = _break_product(spell_product(part.layer), units.short(part.layer.macs), self.lines)
            self.axes.plot(
                [edge, edge + 0.9 * GAP], [part.middle, level],
                color=self.canvas.theme.muted, linewidth=0.8, zorder=1,
            )  # fmt: skip
            self.axes.text(edge + GAP, level, text, va="center", ha="left", fontsize=self.font, bbox=self.canvas.plate)
        return levels

    def write_total(
        self, place: int, text: str, bar_top: float, *, left: Sequence[float], right: Sequence[float]
    ) -> float:
        """Write a block's total above its bar; return where the text ends.

        It stands higher where it is wider than the bar and would cover arithmetic, on the levels `left` and `right`.
        """
        height = 1.3 * 1.2 * self.font * (1 + text.count("\n")) * self.point
        overhang = 0.9 * self.font * len(text.partition("\n")[0]) - self.width * self.place_width  # on both sides
        levels = list(right) if overhang > 0 else []
        if overhang / 2 > self.measure_room(self.width, self.lines):
            levels += left
        taken = [(level - self.step / 2, level + self.step / 2) for level in levels]
        bottom = _lift(bar_top + 0.015 * self.tallest, height, taken)
        self.axes.text(place, bottom, text, ha="center", va="bottom", fontsize=1.2 * self.font, fontweight="bold")
        return bottom + height

    def name_axes(self, data: Sequence[Report], highest: float) -> None:
        """Set the limits of the axes, and write the blocks' names below their bars."""
        letters = max(12, int(self.place_width / self.font))  # in a line of a name
        names = ["\n".join(textwrap.wrap(report.network.name, letters, break_long_words=False)) for report in data]
        self.axes.set_xlim(-self.width / 2 - MARGIN, len(data) - self.width / 2)
        self.axes.set_ylim(0, highest)
        self.axes.set_xticks(range(len(data)), names, fontsize=1.1 * self.font)
        self.axes.tick_params(axis="x", pad=0.6 * self.font)  # a long name reaches below the zero of the other axis
        self.axes.set_ylabel(f"multiply-adds ({self.scale.prefix})")
        self.axes.grid(visible=False, axis="x")


def _spell_total(report: Report, first: Report | None) -> str:
    """Return a block's multiply-adds, and on a second line their share of the first block's."""
    total = units.short(report.totals.macs)
    return f"{total}\n{units.share(report.totals.macs, first.totals.macs)} %" if first else total


def _spread(levels: list[float], step: float) -> list[float]:
    """Return levels that are at least a step apart and half of one above zero, each as near as that allows."""
    placed: list[float] = []
    for level in levels:
        placed.append(max(level, placed[-1] + step if placed else step / 2))
    return placed


def _lift(bottom: float, height: float, taken: list[tuple[float, float]]) -> float:
    """Return the lowest level from `bottom` up where a text of a height covers nothing that is taken."""
    for low, high in sorted(taken):
        if low < bottom + height and bottom < high:
            bottom = high
    return bottom


def _break_product(product: str, result: str, lines: int) -> str:
    """Break a product and its result into one, two or three lines."""
    if lines == 3:  # noqa: PLR2004
        head, dot, tail = product.rpartition(" · ")
        head, dot, middle = head.rpartition(" · ")
        product = f"{head}\n{dot.strip()} {middle} · {tail}" if dot else product
    return f"{product}{' = ' if lines == 1 else chr(10) + '= '}{result}"


def spell_product(layer: Layer) -> str:
    """Return the product that a convolution's multiply-adds are: "28x28 · 3x3 · 64 · 192"."""
    shape = layer.outputs[0]
    if layer.kernel is None:
        return f"{units.number(layer.inputs[0][-1])} · {units.number(shape[-1])}"
    groups = layer.groups or 1
    channels = f"{units.number(layer.inputs[0][1] // groups)} · {units.number(shape[1])}"
    return f"{units.shape(shape[2:])} · {units.shape(layer.kernel)} · {channels}"
