"""Worked examples: the multiply-adds of a few blocks side by side, each convolution with its arithmetic."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from archcost import units
from archcost.errors import ArgumentError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from archcost.charts.theme import Canvas
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
    theme, font = canvas.theme, canvas.size.font
    place_width = 0.9 * 72 * canvas.size.width / (len(data) + MARGIN)
    room = {form: (1 - form[0] - GAP) * place_width - LETTERS[form[1]] * font for form in FORMS}  # left of the next bar
    width, lines = next((form for form in FORMS if room[form] > 0), FORMS[-1])
    axes = canvas.axes()
    scale = units.scale([max(report.totals.macs for report in data)])
    top = max(report.totals.macs for report in data) / scale.divisor
    point = 1.22 * top / (PANEL * 72 * canvas.size.height)  # 1/72 of an inch on the axis
    step = 1.3 * font * lines * point
    highest, before = 1.22 * top, list[float]()
    for place, report in enumerate(data):
        parts = [layer for layer in report.layers if layer.macs]
        if len(parts) > MOST_PARTS:
            raise ArgumentError(f"{report.network.spec} has {len(parts)} layers; a block has at most {MOST_PARTS}")
        heights = [layer.macs / scale.divisor for layer in parts]
        bottoms = [sum(heights[:i]) for i in range(len(heights))]
        for i, (height, bottom) in enumerate(zip(heights, bottoms, strict=True)):
            axes.bar(
                place, height, bottom=bottom, width=width, color=theme.hues[i % len(theme.hues)],
                hatch=HATCHES[i % len(HATCHES)], edgecolor=theme.background, linewidth=1.5,
                label=parts[i].name,
            )  # fmt: skip
        texts = [_on_lines(arithmetic(layer), units.short(layer.macs), lines) for layer in parts]
        middles = [bottom + height / 2 for bottom, height in zip(bottoms, heights, strict=True)]
        levels = _apart(middles, step)
        for text, middle, level in zip(texts, middles, levels, strict=True):
            edge = place + width / 2
            axes.plot([edge, edge + 0.9 * GAP], [middle, level], color=theme.muted, linewidth=0.8, zorder=1)
            axes.text(edge + GAP, level, text, va="center", ha="left", fontsize=font, bbox=canvas.plate)
        share = "" if place == 0 else f"\n{units.share(report.totals.macs, data[0].totals.macs)} %"
        total = f"{units.short(report.totals.macs)}{share}"
        height = 1.3 * 1.2 * font * (1 + total.count("\n")) * point
        wider = 0.9 * font * len(total.partition("\n")[0]) - width * place_width  # than the bar
        beside = [*(levels if wider > 0 else []), *(before if wider / 2 > room[width, lines] else [])]
        bottom = _above(sum(heights) + 0.015 * top, height, [(at - step / 2, at + step / 2) for at in beside])
        axes.text(place, bottom, total, ha="center", va="bottom", fontsize=1.2 * font, fontweight="bold")
        highest, before = max(highest, bottom + height), levels
    axes.set_xlim(-width / 2 - MARGIN, len(data) - width / 2)
    axes.set_ylim(0, highest)
    letters = max(12, int(place_width / font))  # in a line of a name
    names = ["\n".join(textwrap.wrap(report.network.name, letters, break_long_words=False)) for report in data]
    axes.set_xticks(range(len(data)), names, fontsize=1.1 * font)
    axes.tick_params(axis="x", pad=0.6 * font)  # a long name reaches below the zero of the other axis
    axes.set_ylabel(f"multiply-adds ({scale.prefix})")
    axes.grid(visible=False, axis="x")
    canvas.title(
        title or "Multiply-adds of blocks that do the same work",
        wide=True,
        source="Positions x kernel x channels in x channels out, counted by archcost for one image",
    )


def _apart(levels: list[float], step: float) -> list[float]:
    """Return levels that are at least a step apart and half of one above zero, each as near as that allows."""
    placed: list[float] = []
    for level in levels:
        placed.append(max(level, placed[-1] + step if placed else step / 2))
    return placed


def _above(bottom: float, height: float, taken: list[tuple[float, float]]) -> float:
    """Return where a total stands: above its bar, and over no arithmetic that it reaches on either side."""
    for low, high in sorted(taken):
        if low < bottom + height and bottom < high:
            bottom = high
    return bottom


def _on_lines(product: str, result: str, lines: int) -> str:
    """Break a product and its result into one, two or three lines."""
    if lines == 3:  # noqa: PLR2004
        head, dot, tail = product.rpartition(" · ")
        head, dot, middle = head.rpartition(" · ")
        product = f"{head}\n{dot.strip()} {middle} · {tail}" if dot else product
    return f"{product}{' = ' if lines == 1 else chr(10) + '= '}{result}"


def arithmetic(layer: Layer) -> str:
    """Return the product that a convolution's multiply-adds are: "28x28 · 3x3 · 64 · 192"."""
    shape = layer.outputs[0]
    if layer.kernel is None:
        return f"{units.number(layer.inputs[0][-1])} · {units.number(shape[-1])}"
    groups = layer.groups or 1
    channels = f"{units.number(layer.inputs[0][1] // groups)} · {units.number(shape[1])}"
    return f"{units.shape(shape[2:])} · {units.shape(layer.kernel)} · {channels}"
