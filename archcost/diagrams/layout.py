"""Compute the places of boxes and lines from their arrangement and sizes.

Lengths are points; x grows to the right and y downwards. Everything is laid out from the top down; a drawing from left
to right is the same with x and y exchanged.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from archcost.diagrams.arrangement import Arranger, Row, Single, Stack

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from archcost.diagrams.arrangement import Ends, Key, Layers, Part, Place, Reads

Point: TypeAlias = tuple[float, float]
CLOSE = 0.01  # points: one line
STRETCH = 1.03  # of a column's length, until it holds what it has to
TURN = 0.5  # of the space between two boxes, where a line turns
ROUNDS = 16  # of placing the layers; more move nothing that an eye sees


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


@dataclass(frozen=True, slots=True)
class Layout:
    """The boxes by key, and the corners of each line by its ends."""

    boxes: Mapping[Key, Box]
    lines: Mapping[Ends, tuple[Point, ...]]
    width: float
    height: float

    def turn(self) -> Layout:
        """Exchange x and y: what went from the top down goes from left to right."""
        boxes = {key: Box(box.y, box.x, box.height, box.width) for key, box in self.boxes.items()}
        lines = {ends: tuple((y, x) for x, y in points) for ends, points in self.lines.items()}
        return Layout(boxes, lines, self.height, self.width)


@dataclass(frozen=True, slots=True, kw_only=True)
class Spaces:
    """Room between boxes: `across` between branches, `along` from a box to the next, `lane` for a line that passes."""

    across: float
    along: float
    lane: float


def lay_out(
    keys: Sequence[Key],
    reads: Reads,
    sizes: Callable[[Key], tuple[float, float]],
    spaces: Spaces,
    height: float = math.inf,
    *,
    loose: bool = False,
) -> Layout:
    """Return the layout of a graph without circles, from the top down.

    Args:
        keys: the boxes, each behind those that it reads.
        reads: for each the boxes that it reads.
        sizes: the width and the height of a box.
        spaces: the room between them.
        height: a longer drawing goes on at the top of another column, where one line alone leads on.
        loose: it also goes on there before branches.
    """
    arranger = Arranger(reads)
    block = _Placer(reads, sizes, spaces).place_columns(arranger.arrange_all(tuple(keys)), height, loose=loose)
    boxes = {key: Box(x - block.left, y, *sizes(key)) for key, (x, y) in block.places.items()}
    lanes = {ends: tuple((x - block.left, y) for x, y in points) for ends, points in block.lanes.items()}
    lines = {}
    for key in keys:
        for source in reads[key]:
            ends, lane = (source, key), lanes.get((source, key), ())
            start, end = boxes[source], boxes[key]
            if ends in block.slanted:
                lines[ends] = _drop_repeats([(start.x, start.bottom), *lane, (end.x, end.top)])
            else:
                early = len(arranger.readers[source]) > 1
                lines[ends] = _route(start, end, lane, spaces.along, early=early)
    return Layout(boxes, lines, block.right - block.left, block.height)


@dataclass(slots=True)
class _Block:
    """A part that is laid out: places of boxes and of lanes around x = 0, from y = 0 down.

    A line that is `slanted` goes straight from point to point: where many cross, right angles cannot be followed.
    """

    places: dict[Key, Point]
    lanes: dict[Ends, tuple[Point, ...]]
    left: float
    right: float
    height: float
    slanted: set[Ends] = field(default_factory=set)

    def shift(self, x: float, y: float) -> None:
        self.places = {key: (px + x, py + y) for key, (px, py) in self.places.items()}
        self.lanes = {ends: tuple((px + x, py + y) for px, py in points) for ends, points in self.lanes.items()}
        self.left, self.right = self.left + x, self.right + x

    def take(self, other: _Block) -> None:
        self.places |= other.places
        self.lanes |= other.lanes
        self.slanted |= other.slanted


class _Placer:
    def __init__(self, reads: Reads, sizes: Callable[[Key], tuple[float, float]], spaces: Spaces) -> None:
        self.reads, self.sizes, self.spaces = reads, sizes, spaces

    def place(self, part: Part) -> _Block:
        if isinstance(part, Single):
            width, height = self.sizes(part.key)
            return _Block({part.key: (0.0, height / 2)}, {}, -width / 2, width / 2, height)
        if isinstance(part, Stack):
            return self.stack_up([self.place(each) for each in part.parts])
        return self.place_row(part) if isinstance(part, Row) else self.place_layers(part)

    def place_row(self, row: Row) -> _Block:
        """Lay branches side by side, centred; a line that passes them has a lane at the right, then come side branches.

        Without branches the line goes straight down.
        """
        blocks = [self.place(part) for part in row.parts]
        side = [self.place(part) for part in row.side]
        height = max(block.height for block in (*blocks, *side))
        lane = self.spaces.lane
        blocks += [_Block({}, {ends: ((0.0, 0.0), (0.0, height))}, 0.0, lane, height) for ends in row.passing]
        blocks = blocks or [_Block({}, {}, -lane / 2, lane / 2, height)]
        width = sum(block.right - block.left for block in blocks) + self.spaces.across * (len(blocks) - 1)
        alone = len(row.parts) == 1 and row.passing
        left = -(blocks[0].right - blocks[0].left) / 2 if alone else -width / 2
        whole = _Block({}, {}, left, left, height)
        for block in (*blocks, *side):
            block.shift(left - block.left, (height - block.height) / 2)
            whole.take(block)
            whole.right = block.right
            left += block.right - block.left + self.spaces.across
        return whole

    def stack_up(self, blocks: Sequence[_Block]) -> _Block:
        whole = _Block({}, {}, 0.0, 0.0, -self.spaces.along)
        for block in blocks:
            block.shift(0.0, whole.height + self.spaces.along)
            whole.height += self.spaces.along + block.height
            whole.left, whole.right = min(whole.left, block.left), max(whole.right, block.right)
            whole.take(block)
        return whole

    def place_columns(self, part: Part, height: float, *, loose: bool) -> _Block:
        """Lay out everything, in as few columns as the height allows, all about as long."""
        if not isinstance(part, Stack):
            return self.place(part)
        blocks = [self.place(each) for each in part.parts]
        pairs = enumerate(itertools.pairwise(part.parts), start=1)
        breaks = {n for n, (before, after) in pairs if _may_break(before, after, blocks[n], loose=loose)}
        columns, whole = [blocks], self.measure_column(blocks)
        for count in range(2, len(breaks) + 2):
            if max(map(self.measure_column, columns)) <= height:
                break
            limit = whole / count
            while len(columns := self.break_up(blocks, breaks, limit)) > count:
                limit *= STRETCH
        return self.lay_columns([self.stack_up(column) for column in columns], columns)

    def measure_column(self, blocks: Sequence[_Block]) -> float:
        return sum(block.height + self.spaces.along for block in blocks) - self.spaces.along

    def break_up(self, blocks: Sequence[_Block], breaks: set[int], height: float) -> list[list[_Block]]:
        """Break before the blocks of these numbers, wherever the next break would be too far down."""
        runs: list[list[_Block]] = []
        for n, block in enumerate(blocks):
            if n == 0 or n in breaks:
                runs.append([])
            runs[-1].append(block)
        columns = [runs[0]]
        for run in runs[1:]:
            if self.measure_column([*columns[-1], *run]) > height:
                columns.append(run)
            else:
                columns[-1] = [*columns[-1], *run]
        return columns

    def lay_columns(self, stacks: Sequence[_Block], columns: Sequence[Sequence[_Block]]) -> _Block:
        """Lay columns side by side; the line that leads on goes up between them."""
        whole = _Block({}, {}, 0.0, 0.0, max(stack.height for stack in stacks))
        edge = 0.0
        for n, stack in enumerate(stacks):
            upwards: tuple[Point, ...] = ()
            if n:
                edge += self.spaces.across
                upwards = (edge, stacks[n - 1].height), (edge, 0.0)
                edge += self.spaces.across
            stack.shift(edge - stack.left, 0.0)
            if n:
                (last,) = columns[n - 1][-1].places
                for key in stack.places:
                    if last in self.reads[key]:
                        above = ((stack.places[key][0], 0.0),) * 2  # across above all branches, then down
                        stack.lanes[last, key] = (*upwards, *stack.lanes.get((last, key), above))
            whole.take(stack)
            edge = whole.right = stack.right
        return whole

    def place_layers(self, part: Layers) -> _Block:
        """Lay layers below each other, the boxes of each near their neighbours."""
        sizes = {
            id(place): (self.spaces.lane, 0.0) if place.key is None else self.sizes(place.key)
            for layer in part.layers
            for place in layer
        }
        xs = _find_places(part.layers, {at: size[0] for at, size in sizes.items()}, self.spaces.across)
        whole, y = _Block({}, {}, math.inf, -math.inf, -self.spaces.along), 0.0
        for layer in part.layers:
            height = max(sizes[id(place)][1] for place in layer)
            for place in layer:
                x, half = xs[id(place)], sizes[id(place)][0] / 2
                whole.left, whole.right = min(whole.left, x - half), max(whole.right, x + half)
                if place.key is not None:
                    whole.places[place.key] = (x, y + height / 2)
                # a line crosses a layer upright, past its boxes, and is slanted only between two layers
                above, below = (x, y), (x, y + height)
                for ends in place.lines:
                    passed = (above, below) if place.key is None else (below,) if place.key == ends[0] else (above,)
                    whole.lanes[ends] = (*whole.lanes.get(ends, ()), *passed)
                    whole.slanted.add(ends)
            y += height + self.spaces.along
            whole.height += height + self.spaces.along
        return whole


def _may_break(before: Part, part: Part, block: _Block, *, loose: bool) -> bool:
    """Whether a column may end between two parts: one box ends it, and what follows reads only that box."""
    if not isinstance(before, Single):
        return False
    return isinstance(part, Single) or (loose and isinstance(part, Row) and not part.side and not block.slanted)


def _find_places(layers: Sequence[Sequence[Place]], widths: Mapping[int, float], across: float) -> dict[int, float]:
    """Return the x of each place: near its neighbours' mean, as far from the next as they have to be."""
    xs: dict[int, float] = {}
    for layer in layers:
        xs |= _spread(layer, [0.0] * len(layer), widths, across)
    for n in range(ROUNDS):
        for layer in layers if n % 2 == 0 else reversed(layers):
            wanted = []
            for place in layer:
                near = place.above if n % 2 == 0 else place.below
                wanted.append(sum(xs[id(other)] for other in near) / len(near) if near else xs[id(place)])
            xs |= _spread(layer, wanted, widths, across)
    return xs


def _spread(
    layer: Sequence[Place], wanted: Sequence[float], widths: Mapping[int, float], across: float
) -> dict[int, float]:
    """Return the places of a layer in their order, each as near to what it wants as the others let it."""
    groups: list[tuple[list[int], float, int]] = []  # places, the sum of what they want of the first, their number
    offset = [0.0] * len(layer)
    for i, place in enumerate(layer):
        if i:
            offset[i] = offset[i - 1] + (widths[id(layer[i - 1])] + widths[id(place)]) / 2 + across
        group = ([i], wanted[i] - offset[i], 1)
        while groups and groups[-1][1] / groups[-1][2] > group[1] / group[2]:
            before = groups.pop()
            group = ([*before[0], *group[0]], before[1] + group[1], before[2] + group[2])
        groups.append(group)
    return {id(layer[i]): total / count + offset[i] for members, total, count in groups for i in members}


def _drop_repeats(points: Sequence[Point]) -> tuple[Point, ...]:
    """Return the corners of a line without repeats of the corner before."""
    kept = [points[0]]
    for point in points[1:]:
        if math.dist(point, kept[-1]) > CLOSE:
            kept.append(point)
    return tuple(kept)


def _route(start: Box, end: Box, lane: Sequence[Point], space: float, *, early: bool) -> tuple[Point, ...]:
    """Return the corners of a line: out of the lower edge, through its lane, into the upper edge.

    It turns below the box that it leaves or above the one that it enters; with a lane at both.
    """
    low, high = start.bottom + TURN * space, end.top - (1 - TURN) * space
    points = [(start.x, start.bottom)]
    if lane:
        ys = [low, *(y - (1 - TURN) * space for _, y in lane[2::2]), high]  # where it changes from lane to lane
        xs = [start.x, *(x for x, _ in lane[::2]), end.x]
        points += [corner for y, x, other in zip(ys, xs, xs[1:], strict=False) for corner in ((x, y), (other, y))]
    elif abs(start.x - end.x) > CLOSE:
        y = low if early else high
        points += [(start.x, y), (end.x, y)]
    return (*points, (end.x, end.top))
