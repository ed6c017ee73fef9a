"""What is alive while a network runs: bytes against operators, with the peak marked."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from archcost import units
from archcost.errors import ArgumentError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes

    from archcost.charts.canvas import Canvas
    from archcost.records import Instant, Report

MOST = 3
PANELS = 0.62  # of the chart's height: the axes; two lines of text stand above what they show
HATCHES = ("", "///", "...", "xxx")


def draw(canvas: Canvas, data: Sequence[Report], *, remark: str = "") -> None:
    """Draw a panel for each network.

    Args:
        canvas: what is drawn on.
        data: reports with timelines.
        remark: what was done: "inference", "training with adam".

    Raises:
        ArgumentError: no network, too many, or a report without a timeline.
    """
    if not 1 <= len(data) <= MOST:
        raise ArgumentError(f"a chart of memory over time shows one to {MOST} networks, not {len(data)}")
    for place, report in enumerate(data):
        if not report.timeline:
            raise ArgumentError(f"the report of {report.network.spec} has no timeline; profile with timeline=True")
        axes = canvas.add_axes(len(data), 1, place + 1)
        _draw_panel(canvas, axes, report, panels=len(data))
        axes.set_title(_spell_heading(report, remark), fontsize=1.1 * canvas.size.font, fontweight="bold")
    canvas.figure.axes[-1].set_xlabel("operators, in the order in which they run")
    handles, names = canvas.figure.axes[0].get_legend_handles_labels()
    canvas.figure.legend(handles, names, loc="outside right upper")
    canvas.write_title(
        "Memory alive while the network runs",
        "Exact bytes of the tensors, parameters included, counted by archcost; an allocator's rounding comes on top",
    )


def _draw_panel(canvas: Canvas, axes: Axes, report: Report, *, panels: int) -> None:
    """Draw what is alive at each operator, the parameters as a line, and the peak with its name."""
    live = [instant.live_bytes for instant in report.timeline]
    scale = units.scale([max(live)])
    values = [nbytes / scale.divisor for nbytes in live]
    _fill_phases(canvas, axes, [instant.phase for instant in report.timeline], values)
    axes.axhline(
        report.totals.param_bytes / scale.divisor,
        color=canvas.theme.text, linewidth=2, linestyle="--", label="parameters",
    )  # fmt: skip
    most = max(range(len(live)), key=live.__getitem__)
    text = f"peak {units.short(live[most], 'B')}: {_spell_place(report.timeline[most])}"
    _mark_peak(canvas, axes, (most + 0.5, values[most]), text, left=most > len(live) / 2)
    axes.set_xlim(0, len(live))
    axes.set_ylim(0, max(values) / (1 - 2.4 * canvas.size.font / (PANELS * 72 * canvas.size.height / panels)))
    axes.set_ylabel(f"live ({scale.prefix}B)")


def _fill_phases(canvas: Canvas, axes: Axes, phases: Sequence[str], values: Sequence[float]) -> None:
    """Fill the area below the values; each stretch of one phase has its hue and hatch."""
    theme, start = canvas.theme, 0
    for i, (phase, run) in enumerate(groupby(phases)):
        end = start + len(list(run))
        axes.fill_between(
            range(start, end + 1), [*values[start:end], values[end - 1]], step="post",
            color=theme.hues[i % len(theme.hues)], alpha=0.85, hatch=HATCHES[i % len(HATCHES)],
            edgecolor=theme.background, linewidth=0, label=phase,
        )  # fmt: skip
        start = end


def _mark_peak(canvas: Canvas, axes: Axes, peak: tuple[float, float], text: str, *, left: bool) -> None:
    """Mark the peak; its text stands on the side where there is more room."""
    font = canvas.size.font
    axes.plot([peak[0]], [peak[1]], marker="v", markersize=0.8 * font, color=canvas.theme.text, label="_peak")
    axes.annotate(
        text, peak, (-font if left else font, 5),
        textcoords="offset points", ha="right" if left else "left", va="bottom", fontsize=font, bbox=canvas.plate,
    )  # fmt: skip


def _spell_place(instant: Instant) -> str:
    """Return the layer in which an operator ran, or else its phase and the operator."""
    return instant.layer or f"{instant.phase}, {instant.op.removeprefix('aten.')}"


def _spell_heading(report: Report, remark: str) -> str:
    """Return a panel's heading: "LeNet-5, batch 1, inference"."""
    batch = units.number(report.network.inputs[0].shape[0]) if report.network.inputs else "1"
    return ", ".join(filter(None, (report.network.name, f"batch {batch}", remark)))
