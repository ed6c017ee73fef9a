"""Worked examples: the multiply-adds of a few blocks side by side, each convolution with its arithmetic.

Each kernel size has one hue in every block. Equal paths beside each other are drawn as one part: "32 x".
"""

from __future__ import annotations

import math
import textwrap
from typing import TYPE_CHECKING, NamedTuple

from archcost import units
from archcost.charts.block_parts import stack_parts
from archcost.errors import ArgumentError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from archcost.charts.block_parts import Part
    from archcost.charts.canvas import Canvas
    from archcost.records import Extents, Report

MOST = 4
GAP = 0.035  # between a bar and its arithmetic, which takes the rest of the bar's place
AXIS, LEGEND = 5, 5.5  # times the font: the widths of the texts beside the bars
BELOW = 8  # letters that the last arithmetic may have below the legend
MARGIN = 0.14  # left of the first bar
LETTER, NAME = 0.54, 0.72  # times the font: the width of a letter of arithmetic, and of a block's name with room
# widths of a bar and lines of arithmetic, the best first
FORMS = ((0.3, 1), (0.12, 1), (0.3, 2), (0.12, 2), (0.3, 3), (0.12, 3), (0.3, 4), (0.12, 4), (0.06, 1), (0.06, 2))
BARE = (0.5, 0)  # where no arithmetic fits between the bars
LOW = 25  # lines of letters: on a lower canvas, the legend stands above the bars
ROOM, SPARE = 1.22, 1.5  # the least top of the axis, and the greatest at which the best form is taken, in tallest bars
ROUNDS = 20  # tries to find the top
LINE = 1.25  # times the font, from line to line
LARGE, BOLD = 1.2, 0.64  # times the font and times that: the size of a total, and the width of its letters
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
    looks = choose_looks([part.kernel for parts in stacks for part in parts], canvas)
    _draw_legend(canvas, looks)
    canvas.write_title(_state_finding(data, title), ". ".join(filter(None, (_cite(stacks), remark))))
    chart = _Chart(canvas, data, stacks, scale, beside)
    totals = [
        "\n".join(
            filter(None, (_spell_total(report, data[:place], named=every_share), (said or {}).get(report.network.spec)))
        )
        for place, report in enumerate(data)
    ]
    for place, (parts, total, where) in enumerate(zip(stacks, totals, chart.fit_texts(totals), strict=True)):
        if first is None or place < first:  # the others keep their places, and the axes their scale
            chart.draw_bar(place, parts, looks)
            chart.write_arithmetic(place, parts, where.levels)
            chart.write_total(place, total, where.total)


def _state_finding(data: Sequence[Report], title: str | None) -> str:
    """Return the headline, with the least share of the first block's multiply-adds."""
    share = units.share(min(report.totals.macs for report in data[1:]), data[0].totals.macs)
    return (title or "Blocks that do the same work: down to {share} % of the multiply-adds").format(share=share)


def _cite(stacks: Sequence[Sequence[Part]]) -> str:
    """Return the sentence that explains the arithmetic."""
    grouped = any((part.layer.groups or 1) > 1 for parts in stacks for part in parts)
    inputs = f"channels in{' of a group' * grouped}"
    return f"Positions x kernel x {inputs} x channels out, counted by archcost for one image"


class _Texts(NamedTuple):
    """The places of a block's texts on the axis: the levels of its arithmetic, and the bottom of its total."""

    levels: list[float]
    total: float


class _Chart:
    """The axes, and the form that all blocks share: the width of a bar and the number of lines of its arithmetic."""

    def __init__(
        self,
        canvas: Canvas,
        data: Sequence[Report],
        stacks: Sequence[Sequence[Part]],
        scale: units.Scale,
        beside: Sequence[str],
    ) -> None:
        self.canvas, self.stacks, self.font = canvas, stacks, canvas.size.font
        self.axes = canvas.add_axes()
        self.between = [part for parts in stacks[:-1] for part in parts]  # whose arithmetic stands before another bar
        self.last = stacks[-1]  # whose arithmetic may reach below the legend
        self.tallest = max(report.totals.macs for report in data) / scale.divisor  # of the bars
        self.low = _is_low(canvas)
        width = 72 * canvas.size.width - (AXIS + (0 if self.low else LEGEND)) * canvas.size.font
        self.place_width = width / (len(data) + MARGIN)  # of a bar and its arithmetic, in points
        self.width, self.lines = BARE
        self.point = self.step = 0.0  # on the axis: 1/72 of an inch, and the way from one arithmetic to the next
        self._name_axes(data, scale, beside)
        self._set_limits(0, self.tallest)

    def fit_texts(self, totals: Sequence[str]) -> list[_Texts]:
        """Choose the best form that fits; return the places of the texts, after the limits of the axes are final."""
        self.canvas.figure.draw_without_rendering()  # the headline, the legend and the blocks' names are there
        panel = 72 * self.axes.get_window_extent().height / self.canvas.figure.dpi
        forms = [form for form in FORMS if self.measure_room(*form) > 0]
        fitting = [self._try_form(form, totals, panel) for form in forms]
        fitting = [found for found in fitting if found[0] < math.inf] or [self._try_form(BARE, totals, panel)]
        lowest = min(top for top, _, _ in fitting)
        top, texts, form = next(each for each in fitting if each[0] <= max(lowest, SPARE * self.tallest))
        self._take_form(form, top / panel)
        self._set_limits(-self._measure_total(totals[0]) / 2, top)
        return texts

    def _set_limits(self, left: float, top: float) -> None:
        self.axes.set_xlim(min(left, -self.width / 2 - MARGIN), len(self.stacks) - self.width / 2)
        self.axes.set_ylim(0, top)

    def _try_form(
        self, form: tuple[float, int], totals: Sequence[str], panel: float
    ) -> tuple[float, list[_Texts], tuple[float, int]]:
        """Return the top of the axis at which the texts of a form fit, their places, and the form.

        The top is infinite where arithmetic is higher than the panel, at any top.
        """
        top = ROOM * self.tallest
        for _ in range(ROUNDS):
            self._take_form(form, top / panel)
            texts, end = self._arrange(totals)
            if end <= 1.001 * top:
                return top, texts, form
            top = end
        return math.inf if self.lines else top, texts, form

    def _take_form(self, form: tuple[float, int], point: float) -> None:
        self.width, self.lines = form
        self.point, self.step = point, LINE * self.font * self.lines * point

    def _arrange(self, totals: Sequence[str]) -> tuple[list[_Texts], float]:
        """Return the places of all texts, and where the highest one ends."""
        places: list[_Texts] = []
        end = ROOM * self.tallest
        for place, (parts, total) in enumerate(zip(self.stacks, totals, strict=True)):
            levels = _spread([part.middle for part in parts], self.step) if self.lines else []
            bottom = self._place_total(place, totals, levels, places)
            places.append(_Texts(levels, bottom))
            end = max(end, bottom + self._measure_height(total))
        return places, end

    def _place_total(
        self, place: int, totals: Sequence[str], levels: Sequence[float], before: Sequence[_Texts]
    ) -> float:
        """Return the bottom of a block's total above its bar.

        A total that is wider than the bar lies above the arithmetic that it would cover, and above the total before.
        """
        wide = self._measure_total(totals[place])
        covered = list(levels) if wide > self.width else []
        if before and (wide - self.width) / 2 > self.measure_room(self.width, self.lines) / self.place_width:
            covered += before[-1].levels
        taken = [(level - self.step / 2, level + self.step / 2) for level in covered]
        if before and (wide + self._measure_total(totals[place - 1])) / 2 > 1:
            low = before[-1].total
            taken.append((low, low + self._measure_height(totals[place - 1])))
        return _lift(
            sum(part.height for part in self.stacks[place]) + 0.015 * self.tallest,
            self._measure_height(totals[place]),
            taken,
        )

    def _measure_total(self, text: str) -> float:
        """Return the width of a total, in places."""
        return BOLD * LARGE * self.font * max(map(len, text.split("\n"))) / self.place_width

    def _measure_height(self, text: str) -> float:
        """Return the height of a total on the axis."""
        return LINE * LARGE * self.font * (1 + text.count("\n")) * self.point

    def measure_room(self, width: float, lines: int) -> float:
        """Return the points between the widest arithmetic and the next bar; below zero if they would overlap."""
        between, last = (
            max((len(line) for part in parts for line in part.break_text(lines).split("\n")), default=0)
            for parts in (self.between, self.last)
        )
        return (1 - width - GAP) * self.place_width - LETTER * self.font * max(
            between, last - (0 if self.low else BELOW)
        )

    def draw_bar(self, place: int, parts: Sequence[Part], looks: Mapping[str, tuple[str, str]]) -> None:
        """Draw the parts of a block's bar, each with the hue and hatch of its kernel."""
        for part in parts:
            hue, hatch = looks[part.kernel]
            self.axes.bar(
                place, part.height, bottom=part.bottom, width=self.width, color=hue,
                hatch=hatch, edgecolor=self.canvas.theme.background, linewidth=1.5, label=part.layer.name,
            )  # fmt: skip

    def write_arithmetic(self, place: int, parts: Sequence[Part], levels: Sequence[float]) -> None:
        """Write each part's product beside it, joined to it by a line; without levels, there is no room for it."""
        if not levels:
            self.canvas.unplaced.extend(part.text for part in parts)
            return
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

    def write_total(self, place: int, text: str, bottom: float) -> None:
        """Write a block's total above its bar."""
        self.axes.text(place, bottom, text, ha="center", va="bottom", fontsize=LARGE * self.font, fontweight="bold")

    def _name_axes(self, data: Sequence[Report], scale: units.Scale, beside: Sequence[str]) -> None:
        """Write the blocks' names and further quantities below their bars."""
        letters = max(12, int(self.place_width / (NAME * self.font)))
        names = [textwrap.wrap(report.network.name, letters, break_long_words=False) for report in data]
        more = [[_spell_beside(report, name) for name in beside] for report in data]
        texts = ["\n".join((*lines, *rest)) for lines, rest in zip(names, more, strict=True)]
        self.axes.set_xticks(range(len(texts)), texts, fontsize=1.1 * self.font)
        self.axes.tick_params(axis="x", pad=0.6 * self.font)  # a long name reaches below the zero of the other axis
        self.axes.set_ylabel(f"multiply-adds ({scale.prefix})" if scale.prefix else "multiply-adds")
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


def _spell_total(report: Report, others: Sequence[Report], *, named: bool) -> str:
    """Return a block's multiply-adds, with their share of other blocks' below them."""
    macs = report.totals.macs
    shares = [f"{units.share(macs, other.totals.macs)} %" for other in (others if named else others[:1])]
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
    """Return levels at least one step apart and half a step above the axis, each as near to its wish as possible."""
    placed: list[float] = []
    for level in levels:
        placed.append(max(level, placed[-1] + step if placed else 0.55 * step))
    return placed


def _lift(bottom: float, height: float, taken: list[tuple[float, float]]) -> float:
    """Return the lowest level from `bottom` up at which a text of a height covers no occupied range."""
    for low, high in sorted(taken):
        if low < bottom + height and bottom < high:
            bottom = high
    return bottom
