"""Where boxes and lines lie. The layout is made for networks that fork and join, which is nearly all of them.

A network is a chain of boxes that every path passes; between two of them lie branches, side by side and each laid out
the same way. A part that cannot be taken apart like that (a dense block, a cell of a searched network) is laid out in
layers, after Sugiyama, Tagawa and Toda (1981): each box below those that it reads, a lane for each long line, the order
in a layer by the mean place of the neighbours. Libraries for graphs do only the latter: they place the branches of a
module where the lines cross least, not as the papers draw them.

Lengths are points; y grows downwards. A line has only horizontal and vertical parts.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

Key: TypeAlias = int
Reads: TypeAlias = "Mapping[Key, Sequence[Key]]"
CLOSE = 0.01  # points: one line
TURN = 0.7  # of the space between two boxes, below the upper one: above it there is room for a text
ROUNDS = 8  # of ordering the layers; more change nothing in the networks of the zoo


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
    lines: Mapping[tuple[Key, Key], tuple[tuple[float, float], ...]]
    width: float
    height: float


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
) -> Layout:
    """Return the layout of a graph without circles, from the top down.

    Args:
        keys: the boxes, each behind those that it reads.
        reads: for each the boxes that it reads.
        sizes: the width and the height of a box.
        spaces: the room between them.
        height: a longer drawing goes on at the top of another column, where one line alone leads on.
    """
    builder = _Builder(reads, sizes, spaces)
    block = builder.build_columns(tuple(keys), height)
    boxes = {key: Box(x - block.left, y, *sizes(key)) for key, (x, y) in block.places.items()}
    lanes = {ends: tuple((x - block.left, y) for x, y in points) for ends, points in block.lanes.items()}
    lines = {}
    for key in keys:
        for source in reads[key]:
            ends, lane = (source, key), lanes.get((source, key), ())
            start, end = boxes[source], boxes[key]
            if ends in block.slanted:
                lines[ends] = ((start.x, start.bottom), *lane, (end.x, end.top))
            else:
                early = len(builder.readers[source]) > 1
                lines[ends] = _route(start, end, lane, spaces.along, early=early)
    return Layout(boxes, lines, block.right - block.left, block.height)


@dataclass(slots=True)
class _Block:
    """A part that is laid out: places of boxes and of lanes around x = 0, from y = 0 down.

    A line that is `slanted` goes straight from point to point: where many cross, right angles cannot be followed.
    """

    places: dict[Key, tuple[float, float]]
    lanes: dict[tuple[Key, Key], tuple[tuple[float, float], ...]]
    left: float
    right: float
    height: float
    slanted: set[tuple[Key, Key]] = field(default_factory=set)

    def shift(self, x: float, y: float) -> None:
        self.places = {key: (px + x, py + y) for key, (px, py) in self.places.items()}
        self.lanes = {ends: tuple((px + x, py + y) for px, py in points) for ends, points in self.lanes.items()}
        self.left, self.right = self.left + x, self.right + x


class _Builder:
    def __init__(self, reads: Reads, sizes: Callable[[Key], tuple[float, float]], spaces: Spaces) -> None:
        self.reads, self.sizes, self.spaces = reads, sizes, spaces
        self.readers: dict[Key, list[Key]] = {key: [] for key in reads}
        for key, sources in reads.items():
            for source in sources:
                self.readers[source].append(key)

    def build(self, keys: tuple[Key, ...]) -> _Block:
        """Lay out boxes: those that every path passes below each other, what lies between them side by side."""
        blocks = self.build_stack(keys)
        return self.stack_up(blocks) if blocks else self.build_rest(keys)

    def build_stack(self, keys: tuple[Key, ...]) -> list[_Block]:
        """Return what lies below each other, nothing where no box is passed by every path."""
        stack: list[_Block] = []
        spine, at = self.find_spine(keys), {key: i for i, key in enumerate(keys)}
        bounds = [-1, *(at[key] for key in spine), len(keys)] if spine else []
        for n, (start, end) in enumerate(itertools.pairwise(bounds)):
            between = keys[start + 1 : end]
            ends = (spine[n - 1], spine[n]) if 0 < n < len(spine) else None
            if between:
                passing = [ends] if ends and ends[0] in self.reads[ends[1]] else []
                join = self.reads[ends[1]] if ends else ()
                stack.append(self.lay_beside(self.split(between, join), passing))
            if n < len(spine):
                stack.append(self.lay_one(spine[n]))
        return stack

    def build_rest(self, keys: tuple[Key, ...]) -> _Block:
        parts = self.split(keys, ())
        return self.lay_beside(parts, ()) if len(parts) > 1 else self.lay_in_layers(keys)

    def find_spine(self, keys: tuple[Key, ...]) -> list[Key]:
        """Return the boxes that every path through `keys` passes: no line leads past them."""
        at = {key: i for i, key in enumerate(keys)}
        entering = [any(source not in at for source in self.reads[key]) or not self.reads[key] for key in keys]
        last_entry = max((i for i, enters in enumerate(entering) if enters), default=0)
        reach, left, spine = -1, False, []  # the furthest box that a line from before leads to; whether one leads out
        for i, key in enumerate(keys):
            if reach <= i and last_entry <= i and not left:
                spine.append(key)
            ends = [at.get(reader) for reader in self.readers[key]]
            reach = max([reach, *(end for end in ends if end is not None)])
            left = left or None in ends or not ends
        return spine

    def split(self, keys: tuple[Key, ...], join: Sequence[Key]) -> list[tuple[Key, ...]]:
        """Return the parts that no line connects, in the order in which `join` reads them, or of the boxes."""
        inside, part = {*keys}, {key: key for key in keys}

        def root(key: Key) -> Key:
            while part[key] != key:
                key = part[key]
            return key

        for key in keys:
            for source in self.reads[key]:
                if source in inside:
                    part[root(key)] = root(source)
        found: dict[Key, list[Key]] = {}
        for key in keys:
            found.setdefault(root(key), []).append(key)
        order = {root(key): i for i, key in reversed([*enumerate(join)]) if key in inside}
        return [tuple(found[each]) for each in sorted(found, key=lambda each: order.get(each, len(join)))]

    def lay_one(self, key: Key) -> _Block:
        width, height = self.sizes(key)
        return _Block({key: (0.0, height / 2)}, {}, -width / 2, width / 2, height)

    def lay_beside(self, parts: Sequence[tuple[Key, ...]], passing: Sequence[tuple[Key, Key]]) -> _Block:
        """Lay branches side by side, centred; a line that passes them has a lane at the right."""
        blocks = [self.build(part) for part in parts]
        height = max(block.height for block in blocks)
        blocks += [_Block({}, {ends: ((0.0, 0.0), (0.0, height))}, 0.0, self.spaces.lane, height) for ends in passing]
        width = sum(block.right - block.left for block in blocks) + self.spaces.across * (len(blocks) - 1)
        alone = len(parts) == 1 and passing
        left = -(blocks[0].right - blocks[0].left) / 2 if alone else -width / 2
        whole = _Block({}, {}, left, left + width, height)
        for block in blocks:
            block.shift(left - block.left, (height - block.height) / 2)
            whole.places |= block.places
            whole.lanes |= block.lanes
            whole.slanted |= block.slanted
            left += block.right - block.left + self.spaces.across
        return whole

    def stack_up(self, blocks: Sequence[_Block]) -> _Block:
        whole = _Block({}, {}, 0.0, 0.0, -self.spaces.along)
        for block in blocks:
            block.shift(0.0, whole.height + self.spaces.along)
            whole.height += self.spaces.along + block.height
            whole.left, whole.right = min(whole.left, block.left), max(whole.right, block.right)
            whole.places |= block.places
            whole.lanes |= block.lanes
            whole.slanted |= block.slanted
        return whole

    def build_columns(self, keys: tuple[Key, ...], height: float) -> _Block:
        """Lay out everything, in as few columns as the height allows, all about as long."""
        blocks = self.build_stack(keys)
        if not blocks:
            return self.build_rest(keys)
        whole = sum(block.height + self.spaces.along for block in blocks) - self.spaces.along
        columns = [blocks]
        for count in range(2, len(blocks) + 1):
            if max(self.measure_column(column) for column in columns) <= height:
                break
            columns = self.break_up(blocks, whole / count)
        return self.lay_columns([self.stack_up(column) for column in columns], columns)

    def measure_column(self, blocks: Sequence[_Block]) -> float:
        return sum(block.height + self.spaces.along for block in blocks) - self.spaces.along

    def break_up(self, blocks: Sequence[_Block], height: float) -> list[list[_Block]]:
        """Break where one box follows another and the column is full."""
        columns: list[list[_Block]] = [[]]
        for before, block in itertools.pairwise([None, *blocks]):
            single = before is not None and len(before.places) == len(block.places) == 1  # type: ignore[union-attr]
            if single and self.measure_column([*columns[-1], block]) > height:  # type: ignore[list-item]
                columns.append([])
            columns[-1].append(block)  # type: ignore[arg-type]
        return columns

    def lay_columns(self, stacks: Sequence[_Block], columns: Sequence[Sequence[_Block]]) -> _Block:
        """Lay columns side by side; the line that leads on goes up between them."""
        whole = _Block({}, {}, 0.0, 0.0, max(stack.height for stack in stacks))
        edge = 0.0
        for n, (stack, column) in enumerate(zip(stacks, columns, strict=True)):
            if n:
                (last,), (first,) = columns[n - 1][-1].places, column[0].places
                edge += self.spaces.across
                whole.lanes[last, first] = ((edge, stacks[n - 1].height), (edge, 0.0))
                edge += self.spaces.across
            stack.shift(edge - stack.left, 0.0)
            whole.places |= stack.places
            whole.lanes |= stack.lanes
            whole.slanted |= stack.slanted
            edge = whole.right = stack.right
        return whole

    def lay_in_layers(self, keys: tuple[Key, ...]) -> _Block:
        """Lay out what cannot be taken apart: each box in the layer below those that it reads."""
        inside = {*keys}
        rank: dict[Key, int] = {}
        for key in keys:
            rank[key] = 1 + max((rank[source] for source in self.reads[key] if source in inside), default=-1)
        for key in reversed(keys):  # a box without sources here moves down to its reader
            ends = [rank[reader] for reader in self.readers[key] if reader in inside]
            if ends and not any(source in inside for source in self.reads[key]):
                rank[key] = min(ends) - 1
        layers: list[list[_Item]] = [[] for _ in range(1 + max(rank.values()))]
        items = {key: _Item(key, *self.sizes(key)) for key in keys}
        for key in keys:
            layers[rank[key]].append(items[key])
        pairs = [(source, key) for key in keys for source in self.reads[key]]
        pairs += [(key, reader) for key in keys for reader in self.readers[key] if reader not in inside]
        lanes: dict[tuple[Key, Key], list[_Item]] = {}
        for source, key in pairs:
            levels = range(rank.get(source, -1) + 1, rank.get(key, len(layers)))
            chain = lanes[source, key] = [_Item(None, self.spaces.lane, 0.0) for _ in levels]
            for level, item in zip(levels, chain, strict=True):
                layers[level].append(item)
            passed = [*([items[source]] if source in inside else []), *chain, *([items[key]] if key in inside else [])]
            for above, below in itertools.pairwise(passed):
                above.below.append(below)
                below.above.append(above)
        _order(layers)
        _place(layers, self.spaces.across)
        y = 0.0
        for layer in layers:
            height = max(item.height for item in layer)
            for item in layer:
                item.y = y + height / 2
            y += height + self.spaces.along
        edge = [end for layer in layers for item in layer for end in (item.x - item.width / 2, item.x + item.width / 2)]
        return _Block(
            {key: (item.x, item.y) for key, item in items.items()},
            {ends: tuple((item.x, item.y) for item in chain) for ends, chain in lanes.items()},
            min(edge),
            max(edge),
            y - self.spaces.along,
            slanted={*lanes},
        )


class _Item:
    """A box, or a place where a long line passes, in one layer."""

    __slots__ = ("above", "below", "height", "key", "width", "x", "y")

    def __init__(self, key: Key | None, width: float, height: float) -> None:
        self.key, self.width, self.height = key, width, height
        self.x = self.y = 0.0
        self.above: list[_Item] = []
        self.below: list[_Item] = []


def _order(layers: list[list[_Item]]) -> None:
    """Order each layer by the mean place of its neighbours, down and up in turn."""
    for n in range(ROUNDS):
        for layer in layers if n % 2 == 0 else reversed(layers):
            place = {id(item): i for each in layers for i, item in enumerate(each)}
            mean = {}
            for i, item in enumerate(layer):
                near = item.above if n % 2 == 0 else item.below
                mean[id(item)] = sum(place[id(other)] for other in near) / len(near) if near else float(i)
            layer.sort(key=lambda item: mean[id(item)])


def _place(layers: list[list[_Item]], across: float) -> None:
    """Place the boxes of each layer near their neighbours' mean, as far apart as they have to be."""
    for layer in layers:
        _spread(layer, [0.0] * len(layer), across)
    for n in range(2 * ROUNDS):
        for layer in layers if n % 2 == 0 else reversed(layers):
            wanted = []
            for item in layer:
                near = item.above if n % 2 == 0 else item.below
                wanted.append(sum(other.x for other in near) / len(near) if near else item.x)
            _spread(layer, wanted, across)


def _spread(layer: list[_Item], wanted: list[float], across: float) -> None:
    """Place a layer's items in their order, each as near to what it wants as the others let it."""
    groups: list[tuple[list[int], float, float]] = []  # items, the sum of what they want of the first, their number
    offset = [0.0] * len(layer)
    for i, item in enumerate(layer):
        gap = 0.0 if i == 0 else (layer[i - 1].width + item.width) / 2 + across
        offset[i] = offset[i - 1] + gap if i else 0.0
        group = ([i], wanted[i] - offset[i], 1.0)
        while groups and groups[-1][1] / groups[-1][2] > group[1] / group[2]:
            before = groups.pop()
            group = ([*before[0], *group[0]], before[1] + group[1], before[2] + group[2])
        groups.append(group)
    for members, total, count in groups:
        for i in members:
            layer[i].x = total / count + offset[i]


def _route(
    start: Box, end: Box, lane: Sequence[tuple[float, float]], space: float, *, early: bool
) -> tuple[tuple[float, float], ...]:
    """Return the corners of a line: out of the lower edge, through its lane, into the upper edge.

    It turns below the box that it leaves or above the one that it enters; with a lane at both.
    """
    low, high = start.bottom + TURN * space, end.top - (1 - TURN) * space
    points = [(start.x, start.bottom)]
    if lane:
        x = lane[0][0]
        points += [(start.x, low), (x, low), (x, high), (end.x, high)]
    elif abs(start.x - end.x) > CLOSE:
        y = low if early else high
        points += [(start.x, y), (end.x, y)]
    return (*points, (end.x, end.top))
