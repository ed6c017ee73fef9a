"""What is alive while a network runs: bytes against operators, with the peak marked."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from archcost import units
from archcost.errors import ArgumentError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from archcost.charts.theme import Canvas
    from archcost.records import Report

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
    theme, font = canvas.theme, canvas.size.font
    for place, report in enumerate(data):
        if not report.timeline:
            raise ArgumentError(f"the report of {report.network.spec} has no timeline; profile with timeline=True")
        axes = canvas.axes(len(data), 1, place + 1)
        live = [instant.live_bytes for instant in report.timeline]
        scale = units.scale([max(live)])
        values = [nbytes / scale.divisor for nbytes in live]
        start = 0
        for i, (phase, run) in enumerate(groupby(report.timeline, key=lambda instant: instant.phase)):
            end = start + len(list(run))
            axes.fill_between(
                range(start, end + 1), [*values[start:end], values[end - 1]], step="post",
                color=theme.hues[i % len(theme.hues)], alpha=0.85, hatch=HATCHES[i % 4], edgecolor=theme.background,
                linewidth=0, label=phase,
            )  # fmt: skip
            start = end
        axes.axhline(
            report.totals.param_bytes / scale.divisor, color=theme.text, linewidth=2, linestyle="--", label="parameters"
        )
        most = max(range(len(live)), key=live.__getitem__)
        instant = report.timeline[most]
        where = instant.layer or f"{instant.phase}, {instant.op.removeprefix('aten.')}"
        axes.plot([most + 0.5], [values[most]], marker="v", markersize=0.8 * font, color=theme.text, label="_peak")
        left = most > len(live) / 2
        axes.annotate(
            f"peak {units.short(live[most], 'B')}: {where}", (most + 0.5, values[most]), (-font if left else font, 5),
            textcoords="offset points", ha="right" if left else "left", va="bottom", fontsize=font, bbox=canvas.plate,
        )  # fmt: skip
        axes.set_xlim(0, len(live))
        axes.set_ylim(0, max(values) / (1 - 2.4 * font / (PANELS * 72 * canvas.size.height / len(data))))
        axes.set_ylabel(f"live ({scale.prefix}B)")
        batch = units.number(report.network.inputs[0].shape[0]) if report.network.inputs else "1"
        heading = ", ".join(filter(None, (report.network.name, f"batch {batch}", remark)))
        axes.set_title(heading, fontsize=1.1 * font, fontweight="bold")
        if place == len(data) - 1:
            axes.set_xlabel("operators, in the order in which they run")
    handles, names = canvas.figure.axes[0].get_legend_handles_labels()
    canvas.figure.legend(handles, names, loc="outside right upper")
    canvas.title(
        "Memory alive while the network runs",
        "Exact bytes of the tensors, parameters included, counted by archcost; an allocator's rounding comes on top",
    )
