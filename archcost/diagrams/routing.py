"""Route the lines between boxes."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Sequence

Point: TypeAlias = tuple[float, float]
CLOSE = 0.01  # points: one line
LEAD = 0.4  # share of that space through which a slanted line enters a box, so that its arrow points down
TURN = 0.5  # share of the space between two boxes at which a line turns


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle by its centre."""

    x: float
    y: float
    width: float
    height: float

    @property
    def top(self) -> float:
        """The upper edge."""
        return self.y - self.height / 2

    @property
    def bottom(self) -> float:
        """The lower edge."""
        return self.y + self.height / 2

    def mirror(self) -> Box:
        """Exchange up and down."""
        return Box(self.x, -self.y, self.width, self.height)


def route(start: Box, end: Box, lane: Sequence[Point], space: float, *, early: bool) -> tuple[Point, ...]:
    """Return the corners of a line: out of the lower edge, through its lane, into the upper edge.

    It turns below its first box or above its last box; with a lane, at both.
    """
    low, high = start.bottom + TURN * space, end.top - (1 - TURN) * space
    points = [(start.x, start.bottom)]
    if lane:
        ys = [low, *(y - (1 - TURN) * space for _, y in lane[2::2]), high]  # changes of lane
        xs = [start.x, *(x for x, _ in lane[::2]), end.x]
        points += [corner for y, x, other in zip(ys, xs, xs[1:], strict=False) for corner in ((x, y), (other, y))]
    elif abs(start.x - end.x) > CLOSE:
        y = low if early else high
        points += [(start.x, y), (end.x, y)]
    return (*points, (end.x, end.top))


def slant(start: Box, end: Box, lane: Sequence[Point], space: float) -> tuple[Point, ...]:
    """Return the corners of a line that runs straight from point to point of its lane, and at last straight down."""
    lane = [(start.x, start.bottom), *lane]
    lead = end.top - LEAD * space
    if abs(lane[-1][0] - end.x) <= CLOSE:
        lane[-1] = (end.x, min(lane[-1][1], lead))
    else:
        lane.append((end.x, lead))
    points = [lane[0]]
    for point in (*lane[1:], (end.x, end.top)):
        if math.dist(point, points[-1]) > CLOSE:
            points.append(point)
    return tuple(points)


def turn_up(start: Box, end: Box, space: float) -> tuple[Point, ...]:
    """Return the corners of a line out of the lower edge of a box and up into the lower edge of another."""
    low = start.bottom + TURN * space
    return ((start.x, start.bottom), (start.x, low), (end.x, low), (end.x, end.bottom))


def mirror(points: Sequence[Point]) -> tuple[Point, ...]:
    """Exchange up and down."""
    return tuple((x, -y) for x, y in points)
