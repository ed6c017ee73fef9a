"""Worked examples: the multiply-adds of a few blocks side by side, each convolution with its arithmetic.

Each kernel size has one hue in every block. Equal paths beside each other are drawn as one part: "32 x".
"""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING

from archcost import units
from archcost.errors import ArgumentError
from archcost.page.names import make_pattern

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from archcost.charts.canvas import Canvas
    from archcost.records import Extents, Layer, Report

MOST = 4
MOST_PARTS = 12
GAP = 0.035  # between a bar and its arithmetic, which takes the rest of the bar's place
AXIS, LEGEND = 5, 5.5  # times the font: the widths of the texts beside the bars
BELOW = 8  # letters that the last arithmetic may have below the legend
MARGIN = 0.14  # left of the first bar
LETTER = 0.54  # times the font: the width of a letter of arithmetic
# widths of a bar and lines of arithmetic, the best first
FORMS = ((0.3, 1), (0.12, 1), (0.3, 2), (0.12, 2), (0.3, 3), (0.12, 3), (0.3, 4), (0.12, 4))
LOW_FORMS = ((0.3, 1), (0.12, 1), (0.06, 1), (0.3, 2), (0.12, 2), (0.06, 2))
LOW = 25  # lines of letters: on a lower canvas, the legend stands above the bars
AROUND = 11.5  # times the font: the height of the texts above and below the axes, without the blocks' names
KERNELS = ("1x1", "3x3", "5x5", "7x7")  # in the order of the hues
ORDINALS = ("first", "second", "third")
HATCHES = ("", "///", "...", "xxx", "\\\\\\")


def draw(
    canvas: Canvas,
    data: Sequence[Report],
    *,
    title: str | None = None,
    beside: Sequence[str] = (),
    every_share: bool = False,
    said: Mapping[str, str] | None = None,
    remark: str = "",
    first: int | None = None,
) -> None:
    """Draw a stack of bars for each block, with the arithmetic beside each part.

    Args:
        canvas: the canvas to draw on.
        data: the blocks.
        title: the headline; "{share}" stands for the least share of the first block's multiply-adds.
        beside: further quantities below a block's name: "params", "receptive_field".
        every_share: whether a total is shown as a share of every earlier block, rather than of the first block only.
        said: a paper's statement about a block, by the block's spec; it is written below the share.
        remark: a further sentence about the blocks.
        first: the number of blocks to draw, each in its place among all blocks; None: all.

    Raises:
        ArgumentError: there are fewer than two blocks or too many, or a block has too many convolutions to be readable.
    """
    if not 2 <= len(data) <= MOST:  # noqa: PLR2004 - a comparison
        raise ArgumentError(f"a chart of blocks compares two to {MOST} of them, not {len(data)}")
    scale = units.scale([max(report.totals.macs for report in data)])
    stacks = [stack_parts(report, scale) for report in data]
    chart = _Chart(canvas, data, stacks, scale, beside)
    highest = 1.22 * chart.tallest
    levels_before = list[float]()  # the levels of the arithmetic between the previous bar and this one
    looks = choose_looks([part.kernel for parts in stacks for part in parts], canvas)
    for place, (report, parts) in enumerate(zip(data, stacks, strict=True)):
        before = {*chart.axes.get_children()}
        chart.draw_bar(place, parts, looks)
        levels = chart.write_arithmetic(place, parts)
        total = _spell_total(report, data[:place] if every_share else data[: min(place, 1)], named=every_share)
        total += f"\n{said[report.network.spec]}" if said and report.network.spec in said else ""
        end = chart.write_total(place, total, sum(part.height for part in parts), left=levels_before, right=levels)
        highest, levels_before = max(highest, end), levels
        if first is not None and place >= first:  # it keeps its place, and the axes their scale
            for artist in {*chart.axes.get_children()} - before:
                artist.set_visible(False)
    chart.name_axes(highest)
    _draw_legend(canvas, looks)
    grouped = any((part.layer.groups or 1) > 1 for parts in stacks for part in parts)
    source = (
        f"Positions x kernel x channels in{' of a group' * grouped} x channels out, counted by archcost for one image"
    )
    least = min(report.totals.macs for report in data[1:])
    share = units.share(least, data[0].totals.macs)
    headline = (title or "Blocks that do the same work: down to {share} % of the multiply-adds").format(share=share)
    canvas.write_title(headline, ". ".join(filter(None, (source, remark))))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
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
        return self.bottom + self.height / 2

    def break_text(self, lines: int) -> str:
        """Return the product and its result on one to four lines."""
        return _break_product(self.text, units.short(self.times * self.layer.macs), lines)


def stack_parts(report: Report, scale: units.Scale) -> list[_Part]:
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
        _Part(layer=layer, times=times, bottom=sum(heights[:i]), height=heights[i])
        for i, (layer, times) in enumerate(layers)
    ]


class _Chart:
    """The axes, and the form that all blocks share: the width of a bar and the number of lines of its arithmetic."""

    def __init__(
        self,
        canvas: Canvas,
        data: Sequence[Report],
        stacks: Sequence[Sequence[_Part]],
        scale: units.Scale,
        beside: Sequence[str],
    ) -> None:
        self.canvas, self.scale = canvas, scale
        self.axes = canvas.add_axes()
        self.font = canvas.size.font
        self.between = [part for parts in stacks[:-1] for part in parts]  # whose arithmetic stands before another bar
        self.last = stacks[-1]  # whose arithmetic may reach below the legend
        self.tallest = max(report.totals.macs for report in data) / scale.divisor  # of the bars
        self.low = _is_low(canvas)
        width = 72 * canvas.size.width - (AXIS + (0 if self.low else LEGEND)) * canvas.size.font
        self.place_width = width / (len(data) + MARGIN)  # of a bar and its arithmetic, in points
        letters = max(12, int(self.place_width / self.font))  # in a line of a name
        names = [textwrap.wrap(report.network.name, letters, break_long_words=False) for report in data]
        more = [[_spell_beside(report, name) for name in beside] for report in data]
        self.names = ["\n".join((*lines, *rest)) for lines, rest in zip(names, more, strict=True)]
        around = AROUND + (2.5 if self.low else 0) + 1.4 * max(1 + name.count("\n") for name in self.names)
        panel = 72 * canvas.size.height - around * self.font
        self.point = 1.22 * self.tallest / panel  # 1/72 of an inch on the axis
        self.width, self.lines = self._choose_form(max(map(len, stacks)), panel)
        self.step = 1.3 * self.font * self.lines * self.point  # from one text of arithmetic to the next

    def _choose_form(self, parts: int, panel: float) -> tuple[float, int]:
        """Return the best form that fits: the arithmetic beside its bar and, on a low canvas, within the panel."""
        forms = LOW_FORMS if self.low else FORMS
        wide = [form for form in forms if self.measure_room(*form) > 0] or [forms[-1]]
        fitting = [form for form in wide if not self.low or 1.3 * self.font * (form[1] * parts + 2.4) < panel]
        return (fitting or wide)[0]

    def measure_room(self, width: float, lines: int) -> float:
        """Return the points between the widest arithmetic and the next bar; below zero if they would overlap."""
        between, last = (
            max((len(line) for part in parts for line in part.break_text(lines).split("\n")), default=0)
            for parts in (self.between, self.last)
        )
        return (1 - width - GAP) * self.place_width - LETTER * self.font * max(
            between, last - (0 if self.low else BELOW)
        )

    def draw_bar(self, place: int, parts: Sequence[_Part], looks: Mapping[str, tuple[str, str]]) -> None:
        """Draw the parts of a block's bar, each with the hue and hatch of its kernel."""
        for part in parts:
            hue, hatch = looks[part.kernel]
            self.axes.bar(
                place, part.height, bottom=part.bottom, width=self.width, color=hue,
                hatch=hatch, edgecolor=self.canvas.theme.background, linewidth=1.5, label=part.layer.name,
            )  # fmt: skip

    def write_arithmetic(self, place: int, parts: Sequence[_Part]) -> list[float]:
        """Write each part's product beside it, joined to it by a line; return the levels of the texts."""
        levels = _spread([part.middle for part in parts], self.step)
        edge = place + self.width / 2
        for part, level in zip(parts, levels, strict=True):
            self.axes.plot(
                [edge, edge + 0.9 * GAP], [part.middle, level],
                color=self.canvas.theme.muted, linewidth=0.8, zorder=1,
            )  # fmt: skip
            self.axes.text(
                edge + GAP, level, part.break_text(self.lines), va="center", ha="left", fontsize=self.font,
                bbox=self.canvas.plate, in_layout=parts is not self.last,
            )  # fmt: skip
        return levels

    def write_total(
        self, place: int, text: str, bar_top: float, *, left: Sequence[float], right: Sequence[float]
    ) -> float:
        """Write a block's total above its bar; return where the text ends.

        It moves up if it is wider than the bar and would cover arithmetic on the levels `left` and `right`.
        """
        height = 1.3 * 1.2 * self.font * (1 + text.count("\n")) * self.point
        overhang = 0.9 * self.font * max(map(len, text.split("\n"))) - self.width * self.place_width  # on both sides
        levels = list(right) if overhang > 0 else []
        if overhang / 2 > self.measure_room(self.width, self.lines):
            levels += left
        taken = [(level - self.step / 2, level + self.step / 2) for level in levels]
        bottom = _lift(bar_top + 0.015 * self.tallest, height, taken)
        self.axes.text(place, bottom, text, ha="center", va="bottom", fontsize=1.2 * self.font, fontweight="bold")
        return bottom + height

    def name_axes(self, highest: float) -> None:
        """Set the limits of the axes, and write the blocks' names below their bars."""
        self.axes.set_xlim(-self.width / 2 - MARGIN, len(self.names) - self.width / 2)
        self.axes.set_ylim(0, highest)
        self.axes.set_xticks(range(len(self.names)), self.names, fontsize=1.1 * self.font)
        self.axes.tick_params(axis="x", pad=0.6 * self.font)  # a long name reaches below the zero of the other axis
        self.axes.set_ylabel(f"multiply-adds ({self.scale.prefix})")
        self.axes.grid(visible=False, axis="x")


def choose_looks(kernels: Sequence[str], canvas: Canvas) -> Mapping[str, tuple[str, str]]:
    """Return hue and hatch of each kernel; common kernels always have the same."""
    shown = list(dict.fromkeys(kernels))
    known = [kernel for kernel in KERNELS if kernel in shown]
    free = [*range(len(KERNELS), len(canvas.theme.hues)), *(i for i, each in enumerate(KERNELS) if each not in shown)]
    places = {kernel: KERNELS.index(kernel) for kernel in known}
    others = [kernel for kernel in shown if kernel not in known]
    places |= {kernel: free[i] if i < len(free) else len(canvas.theme.hues) for i, kernel in enumerate(others)}
    return {kernel: (canvas.find_hue(place), HATCHES[place % len(HATCHES)]) for kernel, place in places.items()}


def _draw_legend(canvas: Canvas, looks: Mapping[str, tuple[str, str]]) -> None:
    from matplotlib.patches import Patch

    shown = [
        Patch(facecolor=hue, hatch=hatch, edgecolor=canvas.theme.background, label=kernel)
        for kernel, (hue, hatch) in looks.items()
    ]
    if _is_low(canvas):
        canvas.figure.legend(handles=shown, loc="outside upper right", ncols=len(shown))
    else:
        canvas.figure.legend(handles=shown, loc="outside right upper")


def _is_low(canvas: Canvas) -> bool:
    return 72 * canvas.size.height / canvas.size.font < LOW


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


def _spell_total(report: Report, others: Sequence[Report], *, named: bool) -> str:
    """Return a block's multiply-adds, with their share of other blocks' below them."""
    macs = report.totals.macs
    shares = [f"{units.share(macs, other.totals.macs)} %" for other in others]
    if named:
        shares = [f"{text} of the {ORDINALS[i]}" for i, text in enumerate(shares)]
    return "\n".join((units.short(macs), *shares))


def _spell_beside(report: Report, name: str) -> str:
    """Return the text of a block's further quantity; it marks a receptive field that exceeds the input."""
    if name == "receptive_field":
        inputs = report.network.inputs[0].shape[2:] if report.network.inputs else ()
        return f"receptive field {spell_field(report.totals.receptive_field, inputs)}"
    return f"{units.short(report.totals.params)} parameters"


def spell_field(field: Extents | None, inputs: Sequence[int]) -> str:
    """Return the size of a receptive field, with a remark if it is larger than the input.

    Example:
        >>> spell_field((715, 715), (224, 224))
        '715, larger than the 224 input'
    """
    text = units.extents(field)
    return f"{text}, larger than the {units.extents(inputs)} input" if exceeds(field, inputs) else text


def exceeds(field: Extents | None, inputs: Sequence[int]) -> bool:
    """Whether a receptive field is larger than the input along an axis."""
    return any(isinstance(size, int) and size > side for size, side in zip(field or (), inputs, strict=False))


def _spread(levels: list[float], step: float) -> list[float]:
    """Return levels at least one step apart and half a step above zero, each as near to its wish as possible."""
    placed: list[float] = []
    for level in levels:
        placed.append(max(level, placed[-1] + step if placed else step / 2))
    return placed


def _lift(bottom: float, height: float, taken: list[tuple[float, float]]) -> float:
    """Return the lowest level from `bottom` up at which a text of a height covers no occupied range."""
    for low, high in sorted(taken):
        if low < bottom + height and bottom < high:
            bottom = high
    return bottom


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
