"""Names beside points, none over another. Behind one function, so that the library that places them can be changed."""

from __future__ import annotations

import io
import math
from contextlib import redirect_stdout
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes

    from archcost.charts.theme import Canvas

    Name: TypeAlias = tuple[str, float, float]
    Line: TypeAlias = tuple[Sequence[float], Sequence[float]]
    Place: TypeAlias = tuple[Any, Any]  # letters, and the line to their point, None where they stand beside it

MARK = 0.65  # of the font: the shape at a point
TRIES = 3  # places of a name: the first, and others where that was another point's
CLEAR = 0.6  # of the way to its own point: no other point is that near to a name


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

    The limits of the axes must be final. Earlier names choose first. A name never stands where a reader would take it
    for another point's, which is nearer or on the way to its own; it tries another place instead.

    Args:
        canvas: what is drawn on.
        axes: where.
        names: text, x and y of each, in the order of importance.
        balls: the scatter whose areas are kept free where that is possible.
        points: x and y of the centres, which are kept free.
        lines: x and y of the corners of lines that are kept free.
    """
    canvas.figure.draw_without_rendering()  # settles the layout: places are found in pixels
    canvas.figure.set_layout_engine("none")
    if not names:
        return ()
    board = _Board(canvas, axes, balls, points, list(lines))
    left = list(names)
    for _ in range(TRIES):
        if left:
            places = zip(left, board.place(left), strict=True)
            left = [name for name, place in places if place is None or not board.keeps(name, place)]
    return tuple(name[0] for name in left)


class _Board:
    """What names are placed on, and what has its place already."""

    def __init__(
        self, canvas: Canvas, axes: Axes, balls: Any, points: Sequence[tuple[float, float]], lines: list[Line]
    ) -> None:
        self.canvas, self.axes, self.balls, self.points, self.lines = canvas, axes, balls, points, lines
        self.pixels = canvas.size.font * canvas.figure.dpi / 72  # of the font
        self.taken: list[Line] = []
        self.kept: list[tuple[Any, Any]] = []  # boxes of names, and the lines to their points, in pixels

    def place(self, names: Sequence[Name]) -> list[Place | None]:
        """Write names where textalloc finds room for them."""
        from textalloc import allocate

        lines = [*self.lines, *self.taken]
        texts, xs, ys = (list(column) for column in zip(*names, strict=True))
        with redirect_stdout(io.StringIO()):  # it prints where it finds no place
            drawn: Any = allocate(
                self.axes,
                xs,
                ys,
                texts,
                x_scatter=[x for x, _ in self.points],
                y_scatter=[y for _, y in self.points],
                scatter_plot=self.balls,
                x_lines=[list(x) for x, _ in lines],
                y_lines=[list(y) for _, y in lines],
                textsize=self.canvas.size.font,
                textcolor=self.canvas.theme.text,
                linecolor=self.canvas.theme.muted,
                linewidth=0.8,
                draw_all=False,
                avoid_label_lines_overlap=True,
                nbr_candidates=400,
                max_distance=0.1,
                min_distance=0.012,
                margin=0.004,
            )
        return [None if text is None else (text, leader) for text, leader in zip(*drawn[2:], strict=True)]

    def keeps(self, name: Name, place: Place) -> bool:
        """Take a place for a name if nobody reads it as another point's, and wipe it out if anybody does."""
        text, leader = place
        box = text.get_window_extent()
        self.taken.append(self.outline(box))  # a place that is rejected here must not be found again
        own = self.axes.transData.transform(name[1:])
        others = [mark for mark in self.axes.transData.transform(self.points) if math.dist(mark, own) >= 1]
        way = None if leader is None else self.axes.transData.transform(leader.get_xydata())
        if (
            any(_measure_gap(box, mark) < CLEAR * _measure_gap(box, own) for mark in others)
            or (way is not None and _passes(way, others, MARK * self.pixels))
            or self.crosses(box, way)
        ):
            text.remove()
            if leader is not None:
                leader.remove()
            return False
        self.kept.append((box, way))
        if leader is not None:
            _shorten(self.axes, leader, 0.15 * self.pixels)
            self.taken.append(_split_line(leader.get_xydata()))
        return True

    def crosses(self, box: Any, way: Any) -> bool:
        """Say whether a name or the line to its point lies over another's: textalloc is not strict about lines."""
        from matplotlib.path import Path

        return any(
            box.overlaps(other)
            or (its is not None and Path(its).intersects_bbox(box))
            or (way is not None and Path(way).intersects_bbox(other))
            for other, its in self.kept
        )

    def outline(self, box: Any) -> Line:
        """Return a box as a line that whatever reaches into it crosses."""
        corners = [(box.x0, box.y0), (box.x1, box.y1), (box.x0, box.y1), (box.x1, box.y0), (box.x0, box.y0)]
        return _split_line(self.axes.transData.inverted().transform(corners))


def _split_line(corners: Any) -> Line:
    """Return x and y of an array's rows."""
    return corners[:, 0].tolist(), corners[:, 1].tolist()


def _measure_gap(box: Any, point: Any) -> float:
    """Return the distance of a point from a box; 0 inside."""
    return math.hypot(max(box.x0 - point[0], 0, point[0] - box.x1), max(box.y0 - point[1], 0, point[1] - box.y1))


def _shorten(axes: Axes, leader: Any, gap: float) -> None:
    """Let a line end so many pixels before the name that it starts at, so that it does not touch the letters."""
    (x0, y0), (x1, y1) = axes.transData.transform(leader.get_xydata())
    part = min(gap / math.hypot(x1 - x0, y1 - y0), 0.5)
    start = axes.transData.inverted().transform((x0 + part * (x1 - x0), y0 + part * (y1 - y0)))
    leader.set_data(*zip(start, leader.get_xydata()[1], strict=True))


def _passes(way: Any, marks: Any, nearest: float) -> bool:
    """Say whether the way from a name to its point passes a mark, so that the name may seem to be that one's."""
    (x0, y0), (x1, y1) = way
    length = math.hypot(x1 - x0, y1 - y0)
    for x, y in marks:
        along = ((x - x0) * (x1 - x0) + (y - y0) * (y1 - y0)) / length
        across = abs((x - x0) * (y1 - y0) - (y - y0) * (x1 - x0)) / length
        if across < nearest and 0 < along < length:
            return True
    return False
