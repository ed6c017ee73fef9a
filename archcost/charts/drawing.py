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
    """Draw a chart; `draw_chart` without the names that found no room."""
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
    """Draw a chart; return it, and the names that found no room in it.

    Args:
        kind: a name of `KINDS`.
        data: what that kind is drawn from: `KINDS[kind].data`.
        theme: "light" or "dark".
        size: "16:9", "4:3", "slide" or "paper".
        font: of the letters: "20" (points), "Arial", "Arial 20".
        words: a user's headline and line below it, and the networks to look at.
        options: what the kind's own function takes besides, `labels` of a ball chart for example.

    Raises:
        ArgumentError: an unknown kind, theme, size or font, or data that no such chart can be drawn from.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    from archcost.charts.figure import ChartFigure

    chosen, look, shape = find_kind(kind), find_theme(theme), find_size(size, font)
    file = importlib.import_module(f"archcost.charts.{chosen.file}")
    with use_settings(look, shape):
        figure = ChartFigure(layout="constrained")
        FigureCanvasAgg(figure)  # measures letters
        canvas = Canvas(figure, look, shape, words or Words())
        file.draw(canvas, data, **chosen.fixed, **options)
    return figure, tuple(canvas.unplaced)
