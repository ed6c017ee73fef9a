"""Names beside points, none over another. Behind one function, so that the library that places them can be changed."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes

    from archcost.render.plots.theme import Canvas

MARK = 0.65  # of the font: the shape at a point


def place_labels(
    canvas: Canvas,
    axes: Axes,
    names: Sequence[tuple[str, float, float]],
    *,
    balls: Any,
    points: Sequence[tuple[float, float]],
    lines: Sequence[tuple[Sequence[float], Sequence[float]]] = (),
) -> tuple[str, ...]:
    """Write names beside their points, clear of each other, of all points and of lines; return those without a place.

    The limits of the axes must be final. Earlier names choose first. A name whose line would pass another point has no
    place: it would be read as that point's.

    Args:
        canvas: what is drawn on.
        axes: where.
        names: text, x and y of each, in the order of importance.
        balls: the scatter whose areas are kept free where that is possible.
        points: x and y of the centres, which are kept free.
        lines: x and y of the corners of lines that are kept free.
    """
    from textalloc import allocate

    canvas.figure.draw_without_rendering()  # settles the layout: places are found in pixels
    canvas.figure.set_layout_engine("none")
    if not names:
        return ()
    marks = axes.transData.transform(points)
    texts, xs, ys = (list(column) for column in zip(*names, strict=True))
    drawn: Any = allocate(
        axes,
        xs,
        ys,
        texts,
        x_scatter=[x for x, _ in points],
        y_scatter=[y for _, y in points],
        scatter_plot=balls,
        x_lines=[list(x) for x, _ in lines],
        y_lines=[list(y) for _, y in lines],
        textsize=canvas.size.font,
        textcolor=canvas.theme.text,
        linecolor=canvas.theme.muted,
        linewidth=0.8,
        draw_all=False,
        avoid_label_lines_overlap=True,
        nbr_candidates=400,
        max_distance=0.1,
        min_distance=0.012,
        margin=0.004,
    )
    nearest = MARK * canvas.size.font / 2 * canvas.figure.dpi / 72
    for text, leader in zip(*drawn[2:], strict=True):  # letters, and the lines to their points
        if leader is not None and _passes(axes.transData.transform(leader.get_xydata()), marks, nearest):
            text.remove()
            leader.remove()
    kept = {text.get_text() for text in axes.texts}
    return tuple(text for text in texts if text not in kept)


def _passes(leader: Any, marks: Any, nearest: float) -> bool:
    """Say whether a line between a name and its point passes another point, so that the name may seem to be its."""
    (x0, y0), (x1, y1) = leader
    length = math.hypot(x1 - x0, y1 - y0)
    for x, y in marks:
        along = ((x - x0) * (x1 - x0) + (y - y0) * (y1 - y0)) / length
        across = abs((x - x0) * (y1 - y0) - (y - y0) * (x1 - x0)) / length
        own = min(math.hypot(x - x0, y - y0), math.hypot(x - x1, y - y1)) < 1
        if across < nearest and 0 < along < length and not own:
            return True
    return False
