"""Names beside points, none over another. Behind one function, so that the library that places them can be changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes

    from archcost.render.plots.theme import Canvas


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

    The limits of the axes must be final. Earlier names choose first.

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
    texts, xs, ys = (list(column) for column in zip(*names, strict=True))
    before = set(axes.texts)
    allocate(
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
        max_distance=0.16,
        min_distance=0.012,
        margin=0.004,
    )
    placed = {text.get_text() for text in axes.texts if text not in before}
    return tuple(text for text in texts if text not in placed)
