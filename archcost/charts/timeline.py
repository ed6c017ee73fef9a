"""Memory while a network runs: live bytes by kind against operators, with the peak marked."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from archcost import units
from archcost.charts.canvas import LETTER, wrap_evenly
from archcost.errors import ArgumentError
from archcost.records import LIVE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes

    from archcost.charts.canvas import Canvas
    from archcost.records import Instant, Report

MOST = 3
PANELS = 0.62  # of the chart's height: the axes; two lines of text stand above the data
HATCHES = ("", "///", "...", "xxx", "\\\\\\")
STEP = 0.06  # times the operators before it: the width of the optimizer's step


def draw(canvas: Canvas, data: Sequence[Report], *, remark: str = "") -> None:
    """Draw a panel for each network.

    Args:
        canvas: the canvas to draw on.
        data: reports with timelines.
        remark: the mode: "inference", "training with adam".

    Raises:
        ArgumentError: there is no network, there are too many, or a report has no timeline.
    """
    if not 1 <= len(data) <= MOST:
        raise ArgumentError(f"a chart of memory over time shows one to {MOST} networks, not {len(data)}")
    largest = max((instant.live_bytes for report in data for instant in report.timeline), default=1)
    for place, report in enumerate(data):
        if not report.timeline or report.timeline[0].parts is None:
            raise ArgumentError(f"the report of {report.network.spec} has no timeline; profile with timeline=True")
        axes = canvas.add_axes(len(data), 1, place + 1)
        _draw_panel(canvas, axes, report, panels=len(data), largest=largest)
        axes.set_title(_spell_heading(report, remark), fontsize=1.1 * canvas.size.font, fontweight="bold")
    stepped = any(instant.phase == "step" for report in data for instant in report.timeline)
    canvas.figure.axes[-1].set_xlabel("operators, in the order in which they run" + "; the step is one" * stepped)
    named = {
        name: part for axes in canvas.figure.axes for part, name in zip(*axes.get_legend_handles_labels(), strict=True)
    }
    shown = [name for name in reversed(LIVE) if name in named]  # in the order of stacking
    canvas.figure.legend([named[name] for name in shown], shown, loc="outside right upper")
    canvas.write_title(
        _state_finding(data),
        "Exact bytes of the tensors, counted by archcost; an allocator's rounding comes on top. Buffers are with the "
        "parameters, inputs with the activations"
        + "; scratch lives only in the backward pass or the step"
        * ("scratch" in named),
    )


@dataclass(frozen=True, slots=True)
class Step:
    """One place on the axis: an operator, or all operators of an optimizer, shown at their highest moment."""

    instant: Instant
    phase: str
    start: float
    width: float


def list_steps(timeline: Sequence[Instant]) -> list[Step]:
    """Return the places on the axis. The optimizer's operators, a few for each parameter, share one place."""
    before = sum(instant.phase != "step" for instant in timeline)
    steps: list[Step] = []
    start = 0.0
    for phase, run in groupby(timeline, key=lambda instant: instant.phase):
        members = list(run)
        if phase == "step":
            members = [max(members, key=lambda instant: instant.live_bytes)]
        width = max(1.0, STEP * before) if phase == "step" else 1.0
        for instant in members:
            steps.append(Step(instant, phase, start, width))
            start += width
    return steps


def _state_finding(data: Sequence[Report]) -> str:
    """Return a headline: the largest part of the peak, or the network with the highest peak."""
    peaks = [max(report.timeline, key=lambda instant: instant.live_bytes) for report in data]
    if len(data) == 1:
        return f"Memory alive while the network runs: the peak is {_spell_parts(peaks[0]).partition(',')[0]}"
    most = max(range(len(data)), key=lambda i: peaks[i].live_bytes)
    name, peak = data[most].network.name.partition(", ")[0], units.short(peaks[most].live_bytes, "B")
    return f"Memory alive while the networks run: {name} has the highest peak, {peak}"


def _draw_panel(canvas: Canvas, axes: Axes, report: Report, *, panels: int, largest: int) -> None:
    """Draw the live bytes at each operator, by kind, and the peak with its name and its parts.

    `largest` is the peak of all networks, whose panels share their axis.
    """
    font, steps = canvas.size.font, list_steps(report.timeline)
    live = [step.instant.live_bytes for step in steps]
    scale = units.scale([largest])
    end = steps[-1].start + steps[-1].width
    _stack_parts(canvas, axes, steps, scale)
    _name_phases(canvas, axes, steps)
    most = max(range(len(live)), key=live.__getitem__)
    step = steps[most]
    letters = int(0.5 * 72 * canvas.size.width / (LETTER * font))
    text = f"peak {units.short(live[most], 'B')}: {_spell_place(step.instant)}"
    text += "\n" + wrap_evenly(_spell_parts(step.instant), letters)
    room = (1.3 * (1 + text.count("\n")) + 0.8) * font / (PANELS * 72 * canvas.size.height / panels)
    top = largest / scale.divisor / (1 - min(room, 0.6))
    axes.set(xlim=(0, end), ylim=(0, top), ylabel=f"live ({scale.prefix}B)")
    middle = step.start + step.width / 2
    _mark_peak(canvas, axes, (middle, live[most] / scale.divisor), text, left=middle > end / 2)


def _stack_parts(canvas: Canvas, axes: Axes, steps: Sequence[Step], scale: units.Scale) -> None:
    """Fill the area of each part with its hue and hatch, the parameters at the bottom."""
    edges = [*(step.start for step in steps), steps[-1].start + steps[-1].width]
    below = [0.0] * len(edges)
    for i, name in enumerate(LIVE):
        values = [(step.instant.parts or (0,) * len(LIVE))[i] / scale.divisor for step in steps]
        above = [low + value for low, value in zip(below, [*values, values[-1]], strict=True)]
        if any(values):
            axes.fill_between(
                edges, below, above, step="post", color=canvas.find_hue(i), alpha=0.85, hatch=HATCHES[i],
                edgecolor=canvas.theme.background, linewidth=0, label=name,
            )  # fmt: skip
        below = above


def _name_phases(canvas: Canvas, axes: Axes, steps: Sequence[Step]) -> None:
    """Write the phases below the axis, with a line at each start; a phase too short for its name has only the line."""
    width = 0.7 * 72 * canvas.size.width / (steps[-1].start + steps[-1].width)  # points of a unit, about
    ticks, names, reached = [], [], 0.0
    for phase, run in groupby(steps, key=lambda step: step.phase):
        members = list(run)
        start, end = members[0].start, members[-1].start + members[-1].width
        if start:
            axes.axvline(start, color=canvas.theme.muted, linewidth=0.8, label="_phase")
        middle, half = width * (start + end) / 2, 0.33 * canvas.size.font * len(phase)
        if middle - half >= reached:
            ticks.append((start + end) / 2)
            names.append(phase)
            reached = middle + half + 0.5 * canvas.size.font
    axes.set_xticks(ticks, names, fontsize=canvas.size.font)
    axes.tick_params(axis="x", length=0)
    axes.grid(visible=False, axis="x")


def _mark_peak(canvas: Canvas, axes: Axes, peak: tuple[float, float], text: str, *, left: bool) -> None:
    """Mark the peak, with its text on the side that has more room."""
    font = canvas.size.font
    axes.plot([peak[0]], [peak[1]], marker="v", markersize=0.8 * font, color=canvas.theme.text, label="_peak")
    axes.annotate(
        text, peak, (-font if left else font, 5),
        textcoords="offset points", ha="right" if left else "left", va="bottom", fontsize=font, bbox=canvas.plate,
    )  # fmt: skip


def _spell_place(instant: Instant) -> str:
    """Return the layer in which an operator ran; without one, its phase and the operator."""
    return instant.layer or f"{instant.phase}, {instant.op.removeprefix('aten.')}"


def _spell_parts(instant: Instant) -> str:
    """Return the live parts, the largest first, as shares of the whole."""
    parts = sorted(zip(instant.parts or (), LIVE, strict=False), reverse=True)
    return ", ".join(f"{units.share(nbytes, instant.live_bytes)} % {name}" for nbytes, name in parts if nbytes)


def _spell_heading(report: Report, remark: str) -> str:
    """Return a panel's heading: "LeNet-5, batch 1, inference"."""
    batch = units.number(report.network.inputs[0].shape[0]) if report.network.inputs else "1"
    return ", ".join(filter(None, (report.network.name, f"batch {batch}", remark)))
