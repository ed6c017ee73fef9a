"""draw(kind, data) -> Figure: charts by their kinds."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from archcost.charts.canvas import Canvas, Words
from archcost.charts.kinds import find_kind
from archcost.charts.theme import find_size, find_theme, use_settings

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def draw(kind: str, data: Any, **look: Any) -> Figure:
    """Draw a chart; like `draw_chart`, but without the names that did not fit."""
    return draw_chart(kind, data, **look)[0]


def draw_chart(
    kind: str,
    data: Any,
    *,
    theme: str = "light",
    size: str = "16:9",
    font: str | None = None,
    words: Words | None = None,
    **options: Any,
) -> tuple[Figure, tuple[str, ...]]:
    """Draw a chart; return it and the names that did not fit.

    Args:
        kind: a name of `KINDS`.
        data: the data of that kind; see `KINDS[kind].data`.
        theme: "light" or "dark".
        size: "16:9", "4:3", "slide" or "paper".
        font: of the letters: "20" (points), "Arial", "Arial 20".
        words: the user's headline, the line below it, and the networks to highlight.
        options: further arguments of the kind's function, such as `labels` of a ball chart.

    Raises:
        ArgumentError: the kind, theme, size or font is unknown, or the data does not suit the chart.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    from archcost.charts.figure import ChartFigure

    chosen, look, shape = find_kind(kind), find_theme(theme), find_size(size, font)
    file = importlib.import_module(f"archcost.charts.{chosen.file}")
    with use_settings(look, shape):
        figure = ChartFigure(layout="constrained")
        FigureCanvasAgg(figure)  # to measure letters
        canvas = Canvas(figure, look, shape, words or Words())
        file.draw(canvas, data, **chosen.fixed, **options)
    return figure, tuple(canvas.unplaced)
