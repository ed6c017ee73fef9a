"""Compute the places of boxes and lines from their arrangement and sizes.

Lengths are points; x grows to the right and y downwards. The layout runs from the top down; a drawing from left to
right exchanges x and y.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from archcost.diagrams.arrangement import Arranger, Bend, Row, Single, Stack
from archcost.diagrams.bending import bend
from archcost.diagrams.routing import Box, mirror, route, slant, turn_up
from archcost.diagrams.spreading import find_places

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from archcost.diagrams.arrangement import Ends, Key, Layers, Part, Reads
    from archcost.diagrams.routing import Point

STRETCH = 1.03  # growth of a column's length, until the columns hold everything


@dataclass(frozen=True, slots=True)
class Layout:
    """The boxes by key, and the corners of each line by its ends; lines enter `rising` boxes from below."""

    boxes: Mapping[Key, Box]
    lines: Mapping[Ends, tuple[Point, ...]]
    width: float
    height: float
    rising: frozenset[Key] = frozenset()

    def turn(self) -> Layout:
        """Exchange x and y, so that the drawing runs from left to right."""
        boxes = {key: Box(box.y, box.x, box.height, box.width) for key, box in self.boxes.items()}
        lines = {ends: tuple((y, x) for x, y in points) for ends, points in self.lines.items()}
        return Layout(boxes, lines, self.height, self.width, self.rising)


@dataclass(frozen=True, slots=True, kw_only=True)
class Spaces:
    """Room between boxes: `across` between branches, `along` from a box to the next, `lane` for a line that passes.

    `column` is the room from a column to the line that leads to the next.
    """

    across: float
    along: float
    lane: float
    column: float


def lay_out(
    keys: Sequence[Key],
    reads: Reads,
    sizes: Callable[[Key], tuple[float, float]],
    spaces: Spaces,
    height: float = math.inf,
    *,
    loose: bool = False,
) -> Layout:
    """Return the layout of an acyclic graph, from the top down.

    Args:
        keys: the boxes, each after the boxes that it reads.
        reads: the boxes that each box reads.
        sizes: the width and the height of a box.
        spaces: the room between them.
        height: a longer drawing continues in another column, at a place with a single line.
        loose: also continue in another column before branches.
    """
    arranger = Arranger(reads)
    whole = bend(arranger.arrange_all(tuple(keys)))
    block = _Placer(reads, sizes, spaces).place_columns(whole, height, loose=loose)
    block.shift(-block.left, 0.0)
    boxes = {key: Box(x, y, *sizes(key)) for key, (x, y) in block.places.items()}
    lines = {}
    for ends in [(source, key) for key in keys for source in reads[key]]:
        early = len(arranger.readers[ends[0]]) > 1
        lines[ends] = _draw_line(ends, boxes, block, spaces.along, early=early)
    return Layout(boxes, lines, block.right, block.height, frozenset(block.rising))


def _draw_line(ends: Ends, boxes: Mapping[Key, Box], block: _Block, space: float, *, early: bool) -> tuple[Point, ...]:
    start, end, lane = *map(boxes.__getitem__, ends), block.lanes.get(ends, ())
    rises = ends[0] in block.rising
    if ends[1] in block.rising and not rises:
        return turn_up(start, end, space)
    if rises:
        start, end, lane = start.mirror(), end.mirror(), mirror(lane)
    line = slant(start, end, lane, space) if ends in block.slanted else route(start, end, lane, space, early=early)
    return mirror(line) if rises else line


@dataclass(slots=True)
class _Block:
    """A part with its layout: places of boxes and lanes around x = 0, from y = 0 down.

    A `slanted` line runs straight from point to point, because readers cannot follow many crossing right angles. Lines
    enter `rising` boxes from below.
    """

    places: dict[Key, Point]
    lanes: dict[Ends, tuple[Point, ...]]
    left: float
    right: float
    height: float
    slanted: set[Ends] = field(default_factory=set)
    rising: set[Key] = field(default_factory=set)

    def shift(self, x: float, y: float) -> None:
        self.places = {key: (px + x, py + y) for key, (px, py) in self.places.items()}
        self.lanes = {ends: tuple((px + x, py + y) for px, py in points) for ends, points in self.lanes.items()}
        self.left, self.right = self.left + x, self.right + x

    def mirror(self) -> None:
        """Exchange up and down."""
        self.places = dict(zip(self.places, mirror([*self.places.values()]), strict=True))
        self.lanes = {ends: mirror(points) for ends, points in self.lanes.items()}
        self.rising |= self.places.keys()
        self.shift(0.0, self.height)

    def take(self, other: _Block) -> None:
        self.places |= other.places
        self.lanes |= other.lanes
        self.slanted |= other.slanted
        self.rising |= other.rising


class _Placer:
    def __init__(self, reads: Reads, sizes: Callable[[Key], tuple[float, float]], spaces: Spaces) -> None:
        self.reads, self.sizes, self.spaces = reads, sizes, spaces

    def place(self, part: Part | Bend) -> _Block:
        if isinstance(part, Single):
            width, height = self.sizes(part.key)
            return _Block({part.key: (0.0, height / 2)}, {}, -width / 2, width / 2, height)
        if isinstance(part, Stack):
            return self.stack_up([self.place(each) for each in part.parts])
        if isinstance(part, Bend):
            return self.place_bend(part)
        return self.place_row(part) if isinstance(part, Row) else self.place_layers(part)

    def place_bend(self, part: Bend) -> _Block:
        """Place the levels of the way down below each other, at their right the way up, and the bottom between both."""
        downs, ups, bottom = [*map(self.place, part.down)], [*map(self.place, part.up)], self.place(part.bottom)
        across = self.spaces.across
        between = max(block.right for block in downs) + 2 * across - min(block.left for block in ups)
        apart = max(between, bottom.right - bottom.left + 2 * across)
        whole = _Block({}, {}, math.inf, -math.inf, 0.0)
        for down, up in zip(downs, ups, strict=True):
            up.mirror()
            height = whole.height + max(down.height, up.height)
            for block, x in ((down, 0.0), (up, apart)):
                block.shift(x, height - block.height)
            whole.height = height + self.spaces.along
        bottom.shift(apart / 2, whole.height)
        whole.height += bottom.height + self.spaces.along  # below the bottom, a line turns to the way up
        for block in (*downs, *ups, bottom):
            whole.left, whole.right = min(whole.left, block.left), max(whole.right, block.right)
            whole.take(block)
        return whole

    def place_row(self, row: Row) -> _Block:
        """Place branches side by side, centred; then the lanes of passing lines at the right, then side branches.

        Without branches, the line runs straight down.
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

    def place_columns(self, part: Part | Bend, height: float, *, loose: bool) -> _Block:
        """Lay out everything in as few columns as the height allows, of about equal length."""
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
        """Break before the blocks with these numbers, if the next possible break is too far down."""
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
        """Place columns side by side; the connecting line runs up between them."""
        whole = _Block({}, {}, 0.0, 0.0, max(stack.height for stack in stacks))
        edge = 0.0
        for n, stack in enumerate(stacks):
            upwards: tuple[Point, ...] = ()
            if n:
                edge += self.spaces.column
                upwards = (edge, stacks[n - 1].height), (edge, 0.0)
                edge += self.spaces.column
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
        """Place layers below each other, with each layer's boxes near their neighbours."""
        sizes = {
            id(place): (self.spaces.lane, 0.0) if place.key is None else self.sizes(place.key)
            for layer in part.layers
            for place in layer
        }
        xs = find_places(part.layers, {at: size[0] for at, size in sizes.items()}, self.spaces.across)
        whole, y = _Block({}, {}, math.inf, -math.inf, -self.spaces.along), 0.0
        for layer in part.layers:
            height = max(sizes[id(place)][1] for place in layer)
            for place in layer:
                x, half = xs[id(place)], sizes[id(place)][0] / 2
                whole.left, whole.right = min(whole.left, x - half), max(whole.right, x + half)
                if place.key is not None:
                    whole.places[place.key] = (x, y + height / 2)
                # a line passes a layer vertically and is slanted only between two layers
                above, below = (x, y), (x, y + height)
                for ends in place.lines:
                    passed = (above, below) if place.key is None else (below,) if place.key == ends[0] else (above,)
                    whole.lanes[ends] = (*whole.lanes.get(ends, ()), *passed)
                    whole.slanted.add(ends)
            y += height + self.spaces.along
            whole.height += height + self.spaces.along
        return whole


def _may_break(before: Part, part: Part, block: _Block, *, loose: bool) -> bool:
    """Whether a column may end between two parts: it ends with one box, and the next part reads only that box."""
    if not isinstance(before, Single):
        return False
    return isinstance(part, Single) or (loose and isinstance(part, Row) and not part.side and not block.slanted)
