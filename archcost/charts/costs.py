"""Costs of networks from commit to commit: a panel for each network, a line for each quantity."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from archcost.charts.canvas import Canvas
from archcost.charts.families import SHAPES
from archcost.charts.theme import find_size, find_theme, use_settings
from archcost.errors import ArgumentError
from archcost.metrics import METRICS
from archcost.page.names import make_printable, write_plain

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from archcost.records import History, HistoryPoint

LETTERS = 90  # that fit on a line below the axis
NARROWEST = 8
MOST_LINES = 3  # letters of a commit's subject
MOST_NAMED = 10  # commits that are named below the axis
PANEL = 3.8  # inches: the height of a network's panel


def draw_history(history: History, metrics: Sequence[str], *, theme: str = "light", size: str = "16:9") -> Figure:
    """Draw each quantity as a share of its value at the network's first commit.

    Raises:
        ArgumentError: no network has a point, or the theme or size is unknown.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    shown = {name: points for name, points in history.networks.items() if any(point.totals for point in points)}
    if not shown:
        raise ArgumentError("no commit tells what a network costs")
    look, shape = find_theme(theme), find_size(size)
    with use_settings(look, shape):
        figure = Figure(layout="constrained", figsize=(shape.width, max(shape.height, PANEL * len(shown))))
        FigureCanvasAgg(figure)
        canvas = Canvas(figure, look, shape)
        for place, (name, points) in enumerate(shown.items(), 1):
            axes = canvas.add_axes(len(shown), 1, place)
            _draw_panel(canvas, axes, points, metrics)
            axes.set_title(write_plain(name))
        first = figure.axes[0]
        figure.legend(*first.get_legend_handles_labels(), loc="outside right upper")
        canvas.write_title(
            "Cost from commit to commit", f"Each quantity beside its first value; {write_plain(history.source)}"
        )
    return figure


def _draw_panel(canvas: Canvas, axes: Axes, points: Sequence[HistoryPoint], metrics: Sequence[str]) -> None:
    for i, name in enumerate(metrics):
        values = [None if point.totals is None else point.totals.get(name) for point in points]
        first = next((value for value in values if value), None)
        if first is None:
            continue
        axes.plot(
            range(len(values)),
            [float("nan") if value is None else 100 * value / first for value in values],
            color=canvas.find_hue(i),
            marker=SHAPES[i % len(SHAPES)],
            linewidth=2,
            label=METRICS[name].label,
        )
    step = -(-len(points) // MOST_NAMED)
    named = range(0, len(points), step)
    room = LETTERS // len(named)
    axes.set_xticks(list(named), [_name_point(points[i], room) for i in named])
    axes.set_ylabel("% of the first")
    axes.margins(x=0.03, y=0.15)


def _name_point(point: HistoryPoint, room: int) -> str:
    """Return a commit's number, and below it as much of its subject as fits."""
    lines = textwrap.wrap(make_printable(point.subject), max(room, NARROWEST), max_lines=MOST_LINES, placeholder="…")
    return "\n".join([point.commit[:7], *lines])
