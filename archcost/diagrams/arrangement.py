"""Arrange boxes below each other and side by side, before sizes are known.

A network is a chain of boxes that every path passes; between two of them lie branches, side by side and each arranged
the same way. A part that does not divide this way (a dense block, a cell of a searched network) is arranged in layers,
after Sugiyama, Tagawa and Toda (1981): each box below those that it reads, a place for each long line that passes a
layer, the order in a layer by the mean place of the neighbours. Graph libraries only arrange in layers: they place the
branches of a module to minimise crossings, not as the papers draw them.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Key: TypeAlias = int
Ends: TypeAlias = tuple[Key, Key]  # the ends of a line: the box that it leaves, and the box that it enters
Reads: TypeAlias = "Mapping[Key, Sequence[Key]]"
Part: TypeAlias = "Single | Stack | Row | Layers"
ROUNDS = 8  # rounds of ordering the layers; more rounds change nothing in the zoo


@dataclass(frozen=True, slots=True)
class Single:
    """One box."""

    key: Key


@dataclass(frozen=True, slots=True)
class Stack:
    """Parts below each other."""

    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """Branches side by side, the lines that pass them, and branches that lead nowhere, such as a side classifier."""

    parts: tuple[Part, ...]
    passing: tuple[Ends, ...]
    side: tuple[Part, ...] = ()


@dataclass(frozen=True, slots=True)
class Bend:
    """The U of an encoder and a decoder: levels that go down, the bottom, and levels that go up, the outermost first.

    The line that skips everything below a level goes from the last box of its way down to the first of its way up.
    """

    down: tuple[Stack, ...]
    bottom: Part
    up: tuple[Stack, ...]


@dataclass(frozen=True, slots=True)
class Layers:
    """Boxes in layers, with a place in each layer that a long line passes."""

    layers: tuple[tuple[Place, ...], ...]


@dataclass(eq=False, slots=True)
class Place:
    """A box, or where a line passes (no key); its neighbours in the layers above and below, and the lines to them."""

    key: Key | None
    lines: list[Ends] = field(default_factory=list)
    above: list[Place] = field(default_factory=list)
    below: list[Place] = field(default_factory=list)


class Arranger:
    """Arranges boxes by what they read, in the order in which they are given."""

    def __init__(self, reads: Reads) -> None:
        self.reads = reads
        self.readers = _find_readers(reads)
        self.hung: set[Key] = set()  # boxes beside the main path

    def arrange_all(self, keys: tuple[Key, ...]) -> Part:
        """Return the arrangement of a whole drawing: side branches hang at the boxes that they read."""
        hanging = self._find_hanging(keys)
        stack = self._stack(tuple(key for key in keys if key not in self.hung), hanging)
        return Stack(tuple(stack)) if hanging else self.arrange(keys)

    def arrange(self, keys: tuple[Key, ...]) -> Part:
        """Return the arrangement of boxes, each after the boxes that it reads."""
        parts = self._stack(keys, {}) or [self._arrange_rest(keys)]
        return parts[0] if len(parts) == 1 else Stack(tuple(parts))

    def _find_hanging(self, keys: tuple[Key, ...]) -> dict[Key, list[tuple[Key, ...]]]:
        """Return by a box on the main path the branches that leave there and never come back."""
        main = {keys[-1]}
        for key in reversed(keys):
            if not main.isdisjoint(self.readers[key]):
                main.add(key)
        self.hung = {*keys} - main
        spine = {*self._find_spine(tuple(key for key in keys if key in main))}
        hanging: dict[Key, list[tuple[Key, ...]]] = {}
        for part in self._split(tuple(key for key in keys if key in self.hung), ()):
            sources = {source for key in part for source in self.reads[key]} & main
            if len(sources) != 1 or not sources <= spine:
                self.hung = set()
                return {}
            hanging.setdefault(sources.pop(), []).append(part)
        return hanging

    def _stack(self, keys: tuple[Key, ...], hanging: Mapping[Key, Sequence[tuple[Key, ...]]]) -> list[Part]:
        """Return the stacked parts; empty if no box lies on every path."""
        stack: list[Part] = []
        spine, at = self._find_spine(keys), {key: i for i, key in enumerate(keys)}
        bounds = [-1, *(at[key] for key in spine), len(keys)] if spine else []
        for n, (start, end) in enumerate(itertools.pairwise(bounds)):
            between = keys[start + 1 : end]
            ends = (spine[n - 1], spine[n]) if 0 < n < len(spine) else None
            side = tuple(self.arrange(part) for part in hanging.get(ends[0], ())) if ends else ()
            if between or side:
                passing = (ends,) if ends and between and ends[0] in self.reads[ends[1]] else ()
                join = self.reads[ends[1]] if ends else ()
                parts = tuple(map(self.arrange, self._split(between, join))) if between else ()
                stack.append(Row(parts, passing, side))
            if n < len(spine):
                stack.append(Single(spine[n]))
        return stack

    def _arrange_rest(self, keys: tuple[Key, ...]) -> Part:
        parts = self._split(keys, ())
        return Row(tuple(map(self.arrange, parts)), ()) if len(parts) > 1 else self._arrange_layers(keys)

    def _find_spine(self, keys: tuple[Key, ...]) -> list[Key]:
        """Return the boxes that every path through `keys` passes."""
        at = {key: i for i, key in enumerate(keys)}
        entering = [any(source not in at for source in self.reads[key]) or not self.reads[key] for key in keys]
        last_entry = max((i for i, enters in enumerate(entering) if enters), default=0)
        reach, left, spine = -1, False, []  # the furthest box that an earlier line enters; whether a line leads out
        for i, key in enumerate(keys):
            if reach <= i and last_entry <= i and not left:
                spine.append(key)
            ends = [at.get(reader) for reader in self.readers[key] if reader not in self.hung]
            reach = max([reach, *(end for end in ends if end is not None)])
            left = left or None in ends or not ends
        return spine

    def _split(self, keys: tuple[Key, ...], join: Sequence[Key]) -> list[tuple[Key, ...]]:
        """Return the unconnected parts, in the order in which `join` reads them, or in the order of the boxes."""
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

    def _arrange_layers(self, keys: tuple[Key, ...]) -> Layers:
        """Arrange an indivisible part: each box in the layer below the boxes that it reads."""
        rank = self._rank(keys)
        layers: list[list[Place]] = [[] for _ in range(1 + max(rank.values()))]
        places = {key: Place(key) for key in keys}
        for key in keys:
            layers[rank[key]].append(places[key])
        pairs = [(source, key) for key in keys for source in self.reads[key]]
        pairs += [(key, reader) for key in keys for reader in self.readers[key] if reader not in rank]
        for ends in pairs:
            levels = range(rank.get(ends[0], -1) + 1, rank.get(ends[1], len(layers)))
            chain = [Place(None) for _ in levels]
            for level, place in zip(levels, chain, strict=True):
                layers[level].append(place)
            first, last = ([places[end]] if end in places else [] for end in ends)
            for above, below in itertools.pairwise([*first, *chain, *last]):
                above.below.append(below)
                below.above.append(above)
                for place in (above, below):
                    place.lines += [] if ends in place.lines else [ends]
        _order(layers)
        return Layers(tuple(map(tuple, layers)))

    def _rank(self, keys: tuple[Key, ...]) -> dict[Key, int]:
        rank: dict[Key, int] = {}
        for key in keys:
            rank[key] = 1 + max((rank[source] for source in self.reads[key] if source in rank), default=-1)
        for key in reversed(keys):  # a box without sources in this part moves down to its reader
            ends = [rank[reader] for reader in self.readers[key] if reader in rank]
            if ends and not any(source in rank for source in self.reads[key]):
                rank[key] = min(ends) - 1
        return rank


def _find_readers(reads: Reads) -> dict[Key, list[Key]]:
    readers: dict[Key, list[Key]] = {key: [] for key in reads}
    for key, sources in reads.items():
        for source in sources:
            readers[source].append(key)
    return readers


def _order(layers: list[list[Place]]) -> None:
    """Order each layer by the mean place of its neighbours, down and up in turn."""
    for n in range(ROUNDS):
        for layer in layers if n % 2 == 0 else reversed(layers):
            at = {id(place): i for each in layers for i, place in enumerate(each)}
            mean = {}
            for i, place in enumerate(layer):
                near = place.above if n % 2 == 0 else place.below
                mean[id(place)] = sum(at[id(other)] for other in near) / len(near) if near else float(i)
            layer.sort(key=lambda place: mean[id(place)])
