"""find_groups(changes): group the changed layers by cause, as a person would describe them.

Each finder takes the changes that it can explain together and leaves the rest to the next finder, so a change is in one
group at most. A change that no finder explains stands alone.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Literal

from archcost.page.names import make_pattern

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence

    from archcost.records import Change, Row

    Finder = Callable[[Sequence[Change], Sequence[Change]], "Iterable[Group]"]

GroupKind = Literal["added", "removed", "renamed", "split", "merged", "scaled", "resized", "alike"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Changes of several layers with one cause.

    `before` and `after` are names or name patterns, in which "*" stands for the number of a block. Their meaning
    depends on `kind`:

    added, removed: `after`, or `before`, names the block's container; `places` are the blocks' own names.
    renamed: the part of the path that differs, on both sides; equal where only a number differs.
    split, merged: the one layer on one side, its parts on the other.
    scaled: the paths that hold the layers; every one has as many times the channels as `factors` say, from the
        smallest to the largest, or reads them. `whole` says that the paths hold no other layer with parameters, but for
        a head that reads the last wider one.
    resized: the path that holds the layers; with the same parameters each hands on as many times the values.
    alike: the layer that changed equally in each block.

    `places` are the blocks in which it happened; empty where it happened once.
    """

    kind: GroupKind
    before: tuple[str, ...]
    after: tuple[str, ...]
    changes: tuple[Change, ...]
    places: tuple[str, ...] = ()
    factors: tuple[Fraction, ...] = ()
    whole: bool = False

    def delta(self, metric: str) -> int:
        """The growth of a quantity over all layers of the group."""
        return sum(change.delta(metric) for change in self.changes)


FEWEST = 2  # the fewest changes that make a group
FEWEST_SCALED = 3  # two layers may double their channels by chance, three hardly
MOST_PARTS = 4  # the most modules that a line names
MOST_FACTORS = 2  # more factors mean that one width was multiplied and each layer rounded it
IMAGE = 4  # axes N, C, H, W: channels are the second axis; otherwise they are the last


def find_groups(changes: Sequence[Change]) -> tuple[tuple[Group, ...], tuple[Change, ...]]:
    """Return the groups of a network's changes, and the changes that stand alone.

    Args:
        changes: every layer of both sides, unchanged ones included.
    """
    rest = [change for change in changes if change.status != "same"]
    found: list[Group] = []
    for find in FINDERS:
        for each in find(rest, changes):
            found.append(each)
            taken = set(map(id, each.changes))
            rest = [change for change in rest if id(change) not in taken]
    return tuple(found), tuple(rest)


def _find_splits(rest: Sequence[Change], _all: Sequence[Change]) -> Iterator[Group]:
    """Find a layer that several new layers of the same total cost replaced, or the reverse."""
    yield from _find_divisions(
        "split", [each for each in rest if each.after is None], [each for each in rest if not each.before]
    )
    yield from _find_divisions(
        "merged", [each for each in rest if not each.before], [each for each in rest if each.after is None]
    )


def _find_divisions(kind: GroupKind, wholes: Sequence[Change], parts: Sequence[Change]) -> Iterator[Group]:
    """Find a layer and neighbours of its kind that together have its parameters and multiply-adds."""
    beside: defaultdict[tuple[str, str], list[Change]] = defaultdict(list)
    for part in parts:
        beside[_cut_parent(part.row.name), part.row.kind].append(part)
    cases: defaultdict[tuple[str, str, tuple[str, ...]], list[list[Change]]] = defaultdict(list)
    for whole in wholes:
        parent, found = _cut_parent(whole.row.name), beside[_cut_parent(whole.row.name), whole.row.kind]
        if len(found) >= FEWEST and _add_work(whole.row) == _add_work(*(part.row for part in found)):
            leaves = tuple(_cut_leaf(part.row.name) for part in found)
            cases[make_pattern(parent), _cut_leaf(whole.row.name), leaves].append([whole, *found])
    for (_, leaf, leaves), families in cases.items():
        yield Group(
            kind=kind,
            before=(leaf,) if kind == "split" else leaves,
            after=leaves if kind == "split" else (leaf,),
            places=_list_places(_cut_parent(family[0].row.name) for family in families),
            changes=tuple(change for family in families for change in family),
        )


def _find_blocks(rest: Sequence[Change], _all: Sequence[Change]) -> Iterator[Group]:
    """Find equal numbered blocks ("blocks.12") whose layers are all new or all removed."""
    kinds: tuple[tuple[GroupKind, str], ...] = (("added", "new"), ("removed", "removed"))
    for kind, status in kinds:
        others = {part for change in _all if change.status != status for part in _list_prefixes(change.row.name)}
        blocks: defaultdict[str, list[Change]] = defaultdict(list)
        for change in rest:
            around = (
                part for part in _list_prefixes(change.row.name) if _cut_leaf(part).isdecimal() and _cut_parent(part)
            )
            block = next((part for part in around if part not in others), None)
            if block is not None and change.status == status:
                blocks[block].append(change)
        equal: defaultdict[Hashable, list[str]] = defaultdict(list)
        for block, members in blocks.items():
            equal[_cut_parent(block), tuple(_build_signature(change.row, block) for change in members)].append(block)
        for alike in equal.values():
            changes = tuple(change for block in alike for change in blocks[block])
            if len(changes) >= FEWEST:
                stem = (_cut_parent(alike[0]),)
                yield Group(
                    kind=kind,
                    before=stem if kind == "removed" else (),
                    after=stem if kind == "added" else (),
                    places=tuple(alike),
                    changes=changes,
                )


def _find_renames(rest: Sequence[Change], _all: Sequence[Change]) -> Iterator[Group]:
    """Find layers whose paths differ in the same part: "stages" became "body", "fc1" became "up"."""
    found: defaultdict[tuple[str, str], list[Change]] = defaultdict(list)
    for change in rest:
        if change.status == "renamed" and change.before is not None and change.after is not None:
            old, new = _cut_shared(change.before.name, change.after.name)
            found[make_pattern(old), make_pattern(new)].append(change)
    for (old, new), changes in found.items():
        if len(changes) >= FEWEST:
            in_blocks = old != new and "*" in f"{old}{new}"
            places = _list_places(_cut_parent(change.row.name) for change in changes) if in_blocks else ()
            yield Group(kind="renamed", before=(old,), after=(new,), places=places, changes=tuple(changes))


def _find_scalings(rest: Sequence[Change], everything: Sequence[Change]) -> Iterator[Group]:
    """Find layers that all became wider or narrower by one factor, with the layers that only read wider inputs.

    If a width was multiplied and every layer rounded it, the factors differ, but the layers still form one group.
    """
    learning = [change for change in rest if _learns(change.row) and _compute_factor(change) not in {None, Fraction(1)}]
    counts = Counter(factor for change in learning if (factor := _compute_factor(change)) is not None)
    for sign in (1, -1):
        factors = [factor for factor, _ in counts.most_common() if (factor > 1) == (sign > 0)]
        together = [factors] if len(factors) > MOST_FACTORS else [[factor] for factor in factors]
        for each in together:
            changes = [change for change in rest if {_compute_factor(change), _compute_ratio(change)} & {*each}]
            wider = [change for change in learning if _compute_factor(change) in each]
            alike = sum(_compute_factor(change) in each for change in changes)
            if alike >= FEWEST_SCALED:
                stems, whole = _find_wider(wider, everything, each)
                yield Group(
                    kind="scaled",
                    before=stems,
                    after=stems,
                    factors=tuple(sorted(each)),
                    whole=whole,
                    changes=tuple(changes),
                )


def _find_wider(
    wider: Sequence[Change], everything: Sequence[Change], factors: Sequence[Fraction]
) -> tuple[tuple[str, ...], bool]:
    """Return the paths that hold the wider layers, and whether all layers in them are wider."""
    stem = _find_common_path([change.row.name for change in wider])
    depth = len(stem.split(".")) if stem else 0
    parts = tuple(dict.fromkeys(_cut_after(change.row.name, depth) for change in wider))
    blocks = (f"{stem}.*",) if stem and all(_cut_leaf(part).isdecimal() for part in parts) else (stem,)
    few = len(parts) <= MOST_PARTS
    for stems in ((stem,), blocks, *([parts] if few else [])):
        if all(_is_whole(each, everything, factors) for each in stems):
            return stems, True
    return parts if few and not stem else (stem,), False


def _is_whole(stem: str, everything: Sequence[Change], factors: Sequence[Fraction]) -> bool:
    """Whether every layer with parameters below a path is wider, apart from a head that ends the network.

    A path with "*" must hold for each block. A wider layer that reads a narrow one shows that the layers before it were
    not a head but a narrow part in between.
    """
    depth = len(stem.split(".")) if stem else 0
    blocks: defaultdict[str, list[Change]] = defaultdict(list)
    for change in everything:
        if _learns(change.row) and not change.row.call and _is_inside(change.row.name, stem):
            blocks[".".join(change.row.name.split(".")[:depth])].append(change)
    return all(_is_wide_but_for_a_head(block, factors) for block in blocks.values())


def _is_wide_but_for_a_head(block: Sequence[Change], factors: Sequence[Fraction]) -> bool:
    wide = read = False
    for change in block:
        factor, ratio = _compute_factor(change), _compute_ratio(change)
        if factor in factors:
            if read and ratio == factor:
                return False
            wide = True
        elif factor == 1 and ratio in factors:
            read = True
        else:
            return False
    return wide


def _find_resizes(rest: Sequence[Change], _all: Sequence[Change]) -> Iterator[Group]:
    """Find layers that do the same on more or less data: larger images, more tokens, a larger batch."""
    same = [change for change in rest if change.before and change.after and not change.delta("params")]
    same = [change for change in same if change.status in {"changed", "reshaped"}]
    for more in (True, False):
        found = [change for change in same if (size := _compute_size(change)) != 1 and (size > 1) == more]
        sizes = {_compute_size(change) for change in found if _learns(change.row) and _compute_factor(change) == 1}
        if sizes and len(found) >= FEWEST_SCALED:
            names = [change.row.name for change in found]
            stem = (
                _find_common_path([name for name in names if name != "input"]),
            )  # a network's input is in no module
            readers = [change for change in same if _reads_more(change, more=more)]
            changes = (*found, *readers)
            yield Group(kind="resized", before=stem, after=stem, factors=tuple(sorted(sizes)), changes=changes)


def _find_repeats(rest: Sequence[Change], _all: Sequence[Change]) -> Iterator[Group]:
    """Find the same change of the same layer in several blocks."""
    found: defaultdict[Hashable, list[Change]] = defaultdict(list)
    for change in rest:
        if "*" in make_pattern(change.row.name):
            found[make_pattern(change.row.name), change.status, _list_deltas(change)].append(change)
    for changes in found.values():
        if len(changes) >= FEWEST:
            name = (make_pattern(changes[0].row.name),)
            yield Group(
                kind="alike",
                before=name,
                after=name,
                places=_list_places(_find_block(change.row.name) or "" for change in changes),
                changes=tuple(changes),
            )


FINDERS: tuple[Finder, ...] = (
    _find_splits, _find_blocks, _find_renames, _find_scalings, _find_resizes, _find_repeats,
)  # fmt: skip


def _cut_parent(name: str) -> str:
    return name.rpartition(".")[0]


def _cut_leaf(name: str) -> str:
    return name.rpartition(".")[2]


def _find_block(name: str) -> str | None:
    """Return the outermost numbered block around a layer; None if no part of its path is a number."""
    parts = name.split(".")
    places = [i for i, part in enumerate(parts) if part.isdecimal()]
    return ".".join(parts[: places[0] + 1]) if places and places[0] else None


def _list_prefixes(name: str) -> Iterator[str]:
    """Yield the paths of all modules around a layer, the outermost first, and its own path."""
    parts = name.split(".")
    yield from (".".join(parts[:end]) for end in range(1, len(parts) + 1))


def _list_places(names: Iterable[str]) -> tuple[str, ...]:
    """Return the distinct places; empty if there is only one."""
    places = tuple(dict.fromkeys(names))
    return places if len(places) > 1 else ()


def _build_signature(row: Row, block: str) -> Hashable:
    return row.name.removeprefix(block), row.kind, tuple(sorted(row.values.items()))


def _add_work(*rows: Row) -> tuple[int, int]:
    """Return the sums that a layer and its parts must share: parameters and multiply-adds."""
    return sum(row.values.get("params", 0) for row in rows), sum(row.values.get("macs", 0) for row in rows)


def _cut_shared(before: str, after: str) -> tuple[str, str]:
    """Return two paths without their common parts at the end.

    "stages.0.conv" and "body.0.conv" differ in "stages" and "body", "blocks.0.fc1" and "blocks.0.up" in all of it,
    "stem" and "backbone.stem" in nothing and "backbone".
    """
    old, new = before.split("."), after.split(".")
    while old and new and old[-1] == new[-1]:
        old, new = old[:-1], new[:-1]
    return ".".join(old), ".".join(new)


def _read_channels(row: Row) -> int | None:
    """Return the number of output channels of a layer; None if no output has channels."""
    shape = row.outputs[0] if row.outputs else ()
    if len(shape) < FEWEST:
        return None
    return shape[1] if len(shape) >= IMAGE else shape[-1]


def _compute_factor(change: Change) -> Fraction | None:
    """Return the growth factor of a layer's channels; None if a side has no channels."""
    if change.before is None or change.after is None:
        return None
    before, after = _read_channels(change.before), _read_channels(change.after)
    return Fraction(after, before) if before and after else None


def _compute_size(change: Change) -> Fraction:
    """Return the growth factor of a layer's output elements; 1 if a side has no outputs."""
    before, after = (
        0 if row is None else sum(math.prod(shape) for shape in row.outputs) for row in (change.before, change.after)
    )
    return Fraction(after, before) if before and after else Fraction(1)


def _reads_more(change: Change, *, more: bool) -> bool:
    """Whether a layer without parameters has an equal output but other work, such as the mean of a larger image."""
    deltas = [delta for _, delta in _list_deltas(change) if delta]
    alike = all((delta > 0) == more for delta in deltas)
    return bool(deltas) and alike and not _learns(change.row) and _compute_size(change) == 1


def _learns(row: Row) -> bool:
    return bool(row.values.get("params"))


def _compute_ratio(change: Change) -> Fraction | None:
    """Return the growth factor of the multiply-adds, for a layer with the same channels that reads wider inputs."""
    if change.before is None or change.after is None:
        return None
    before, after = change.before.values.get("macs", 0), change.after.values.get("macs", 0)
    return Fraction(after, before) if before and after else None


def _find_common_path(names: Sequence[str]) -> str:
    """Return the common path of these layers, with "*" for block numbers; "" for the whole network."""
    paths = [make_pattern(name).split(".")[:-1] for name in names]
    shared: list[str] = []
    for parts in zip(*paths, strict=False):
        if len(set(parts)) > 1:
            break
        shared.append(parts[0])
    while shared and shared[-1] == "*":
        shared.pop()
    return ".".join(shared)


def _cut_after(name: str, depth: int) -> str:
    """Return a path up to one part below a depth; the parts above are a pattern."""
    parts = name.split(".")
    return ".".join([*make_pattern(name).split(".")[:depth], *parts[depth : depth + 1]])


def _is_inside(name: str, stem: str) -> bool:
    """Whether a layer is at a path or below it; "*" in the path matches every block number."""
    parts = stem.split(".") if stem else []
    return len(name.split(".")) >= len(parts) and all(
        part == wanted or (wanted == "*" and part.isdecimal())
        for part, wanted in zip(name.split("."), parts, strict=False)
    )


def _list_deltas(change: Change) -> tuple[tuple[str, int], ...]:
    names = {name for row in (change.before, change.after) if row is not None for name in row.values}
    return tuple(sorted((name, change.delta(name)) for name in names))
