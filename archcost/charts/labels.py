"""Names beside points without overlaps, and names at the ends of lines."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any, TypeAlias

from archcost.charts.geometry import (
    find_crossings,
    find_hit,
    find_overlapping,
    measure_distances,
    measure_gaps,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes

    from archcost.charts.canvas import Canvas

    Name: TypeAlias = tuple[str, float, float]

STEP = 1.3  # times the font, from line to line
MARK = 0.65  # of the font: the shape at a point
CLEAR = 0.6  # times the distance to a name's own point: no other point is nearer to the name
FIRST, REACH = 0.45, 9.0  # times the font: the least and greatest distance of a name from its point
ANGLES, RINGS = 36, 24  # places to try
BESIDE = 0.8  # times the font: a nearer name needs no line to its point


def place_labels(
    canvas: Canvas,
    axes: Axes,
    names: Sequence[Name],
    *,
    balls: Any,
    points: Sequence[tuple[float, float]],
    lines: Sequence[tuple[Sequence[float], Sequence[float]]] = (),
) -> tuple[Name, ...]:
    """Write names beside their points, clear of each other, of points and of lines; return the names without a place.

    The limits of the axes must be final. Earlier names choose first: they take the nearest place at which no other
    point is nearer to the name or on the way to its own point, so that readers do not confuse points. A number, which
    has a key elsewhere, may be farther away and nearer to other points, because a line joins it to its point.

    Args:
        canvas: the canvas to draw on.
        axes: the axes to write on.
        names: text, x and y of each, in the order of importance.
        balls: the scatter whose areas are kept free if possible.
        points: x and y of the centres, which are kept free.
        lines: x and y of the corners of lines that are kept free.
    """
    canvas.figure.draw_without_rendering()  # fixes the layout: places are computed in pixels
    canvas.figure.set_layout_engine("none")
    if not names:
        return ()
    board = _Board(canvas, axes, balls, points, lines)
    return tuple(name for name in names if not board.place(name))


class _Board:
    """The board for placing names, in pixels: marks with their balls, lines, and names already placed."""

    def __init__(
        self,
        canvas: Canvas,
        axes: Axes,
        balls: Any,
        points: Sequence[tuple[float, float]],
        lines: Sequence[tuple[Sequence[float], Sequence[float]]],
    ) -> None:
        import numpy as np

        self.canvas, self.axes = canvas, axes
        self.font = canvas.size.font * canvas.figure.dpi / 72
        self.marks = axes.transData.transform(np.array(points, float).reshape(-1, 2))
        self.centres = axes.transData.transform(balls.get_offsets())
        self.radii = np.sqrt(balls.get_sizes()) / 2 * canvas.figure.dpi / 72
        traced = [axes.transData.transform(np.column_stack(line)) for line in lines]
        self.walls = np.array([pair for line in traced for pair in pairwise(line)]).reshape(-1, 2, 2)
        self.boxes = np.empty((0, 4))
        self.leaders = np.empty((0, 2, 2))

    def place(self, name: Name) -> bool:
        """Write a name at the best free place; return whether there is one."""
        import numpy as np

        text, x, y = name
        letters = self.axes.text(x, y, text, fontsize=self.canvas.size.font, va="center", ha="center", zorder=4)
        own = self.axes.transData.transform((x, y))
        extent = letters.get_window_extent()
        far = text.isdecimal()
        boxes = self.list_places(own, extent.width, extent.height, far=far)
        gaps = measure_gaps(boxes, own[None])[:, 0]
        free = self.find_empty(boxes, gaps, own, strict=not far)
        boxes, gaps = boxes[free], gaps[free]
        nearest = np.clip(own, boxes[:, :2], boxes[:, 2:])
        ways = np.stack([nearest, np.broadcast_to(own, nearest.shape)], 1)
        free = ~(gaps > BESIDE * self.font) | ~self.find_astray(ways, own, strict=not far)
        if not free.any():
            letters.remove()
            return False
        best = int(np.argmin(np.where(free, self.weigh(boxes, ways, gaps, own), np.inf)))
        box, way = boxes[best], ways[best]
        x, y = self.axes.transData.inverted().transform(((box[0] + box[2]) / 2, (box[1] + box[3]) / 2))
        letters.set_position((float(x), float(y)))
        self.boxes = np.concatenate([self.boxes, box[None]])
        if gaps[best] > BESIDE * self.font:
            self.leaders = np.concatenate([self.leaders, way[None]])
            start = way[0] + (own - way[0]) * min(0.15 * self.font / gaps[best], 0.5)  # does not touch the letters
            ends = self.axes.transData.inverted().transform([start, own])
            self.axes.plot(ends[:, 0], ends[:, 1], color=self.canvas.theme.muted, linewidth=0.8, zorder=2.2)
        return True

    def list_places(self, own: Any, width: float, height: float, *, far: bool) -> Any:
        """Return the boxes around a point, within the axes, that a name may occupy."""
        import numpy as np

        angles = np.linspace(0, 2 * np.pi, ANGLES, endpoint=False)
        radii = np.geomspace(FIRST, (2.5 if far else 1) * REACH, (2 if far else 1) * RINGS) * self.font
        radius, angle = (grid.ravel() for grid in np.meshgrid(radii, angles, indexing="ij"))
        x = own[0] + np.cos(angle) * (radius + width / 2)
        y = own[1] + np.sin(angle) * (radius + height / 2)
        boxes = np.column_stack([x - width / 2, y - height / 2, x + width / 2, y + height / 2])
        edge = self.axes.get_window_extent()
        inside = (
            (boxes[:, 0] >= edge.x0) & (boxes[:, 1] >= edge.y0) & (boxes[:, 2] <= edge.x1) & (boxes[:, 3] <= edge.y1)
        )
        return boxes[inside]

    def find_empty(self, boxes: Any, gaps: Any, own: Any, *, strict: bool) -> Any:
        """Return which places cover nothing and are clear of other points; numbers need less distance."""
        import numpy as np

        to_marks = measure_gaps(boxes, self.marks)
        others = np.linalg.norm(self.marks - own, axis=1) >= 1
        clear = CLEAR * gaps if strict else np.minimum(CLEAR * gaps, 0.8 * self.font)
        empty = (to_marks > 1.15 * MARK / 2 * self.font).all(1) & (to_marks[:, others] >= clear[:, None]).all(1)
        empty &= ~find_overlapping(boxes, self.boxes, 0.15 * self.font)
        empty[empty] = ~find_hit(boxes[empty], np.concatenate([self.walls, self.leaders])).any(1)
        return empty

    def find_astray(self, ways: Any, own: Any, *, strict: bool) -> Any:
        """Return which lines to the point pass another mark or a name.

        If `strict`, they may not cross other such lines either; otherwise they may pass marks that almost cover the
        point's.
        """
        import numpy as np

        mark = MARK / 2 * self.font
        others = self.marks[np.linalg.norm(self.marks - own, axis=1) >= (1 if strict else 2.5 * mark)]
        astray = (measure_distances(ways, others) < 1.15 * mark).any(1) | find_hit(self.boxes, ways).any(0)
        return astray | find_crossings(ways, self.leaders).any(1) if strict else astray

    def weigh(self, boxes: Any, ways: Any, gaps: Any, own: Any) -> Any:
        """Return the penalty of each place: its distance, and the balls and lines that it covers or crosses."""
        import numpy as np

        others = np.linalg.norm(self.centres - own, axis=1) >= 1
        covered = (measure_gaps(boxes, self.centres[others]) < self.radii[others]).sum(1)
        crossed = find_crossings(ways, self.walls).sum(1) + 2 * find_crossings(ways, self.leaders).sum(1)
        return gaps + self.font * (0.7 * covered + 0.8 * crossed)


def label_ends(canvas: Canvas, axes: Axes, ends: Sequence[Name]) -> None:
    """Write a name at the right end of each line, in the margin, one below the other; others become unplaced."""
    canvas.figure.draw_without_rendering()  # fixes the height of the axes
    height = axes.get_window_extent().height
    step = STEP * canvas.size.font * canvas.figure.dpi / 72 / height
    room = max(int(1 / step), 1)
    canvas.unplaced.extend(text for text, _, _ in ends[room:])
    ordered = sorted(ends[:room], key=lambda end: axes.transData.transform(end[1:])[1])
    levels = [axes.transAxes.inverted().transform(axes.transData.transform(end[1:]))[1] for end in ordered]
    for (text, x, y), level in zip(ordered, spread(levels, step, (0, 1)), strict=True):
        axes.annotate(
            text, (x, y), (1.02, level), textcoords="axes fraction", va="center", ha="left",
            fontsize=canvas.size.font, annotation_clip=False,
            arrowprops={"arrowstyle": "-", "color": canvas.theme.muted, "linewidth": 0.8, "shrinkA": 1, "shrinkB": 5},
        )  # fmt: skip


def spread(levels: Sequence[float], step: float, limits: tuple[float, float]) -> list[float]:
    """Return rising levels within limits and at least a step apart, each as near to its wish as possible."""
    low, high = limits
    placed: list[float] = []
    for level in levels:
        placed.append(max(level, placed[-1] + step if placed else low))
    for i in range(len(placed) - 1, -1, -1):
        placed[i] = min(placed[i], high - (len(placed) - 1 - i) * step)
    return placed
