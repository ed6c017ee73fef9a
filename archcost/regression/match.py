"""match(before, after): pair the layers of two networks."""

from __future__ import annotations

from collections import defaultdict, deque
from typing import TYPE_CHECKING

from archcost.page.names import make_pattern
from archcost.records import Change

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Sequence

    from archcost.records import Row

    Key = Callable[[Row], Hashable]


def match(before: Sequence[Row], after: Sequence[Row]) -> tuple[Change, ...]:
    """Pair the layers of two networks; a layer without a partner is new or removed.

    The order: equal layers; layers whose numbers moved because a layer was inserted before them; layers with the same
    path, call and kind; layers with the same kind and shapes (renamed layers); layers with the same path and call (a
    layer was replaced). Layers with the same key are paired in order, so the time is linear, and swapping the two
    networks only swaps the sides of each pair.
    """
    partners: dict[int, int] = {}  # place after -> place before
    shared = _find_shared_metrics(before, after)

    def costs(row: Row) -> Hashable:
        return row.call, row.kind, row.outputs, tuple(row.values[name] for name in shared)

    def free() -> tuple[list[int], list[int]]:
        taken = set(partners.values())
        return [i for i in range(len(before)) if i not in taken], [i for i in range(len(after)) if i not in partners]

    partners |= _pair(before, after, *free(), lambda row: (row.name, costs(row)))
    partners |= _pair_last(before, after, *free(), lambda row: (make_pattern(row.name), costs(row)))
    for key in _keys(shared):
        partners |= _pair(before, after, *free(), key)
    return _in_order(before, after, partners)


def _keys(shared: tuple[str, ...]) -> tuple[Key, ...]:
    """Return the keys by which layers are paired, the strictest first."""

    def values(row: Row) -> Hashable:
        return tuple(row.values[name] for name in shared)

    return (
        lambda row: (row.name, row.call, row.kind),
        lambda row: (row.kind, row.outputs, values(row), row.name.rpartition(".")[2]),
        lambda row: (row.kind, row.outputs, values(row)),
        lambda row: (row.kind, row.outputs),
        lambda row: (row.name, row.call),
    )


def _find_shared_metrics(*sides: Iterable[Row]) -> tuple[str, ...]:
    """Return the quantities that every layer of both networks has."""
    rows = [row for side in sides for row in side]
    return tuple(sorted(set(rows[0].values).intersection(*(row.values for row in rows)))) if rows else ()


def _pair(
    before: Sequence[Row], after: Sequence[Row], free_before: Sequence[int], free_after: Sequence[int], key: Key
) -> dict[int, int]:
    """Pair layers with equal keys in order."""
    waiting: defaultdict[Hashable, deque[int]] = defaultdict(deque)
    for i in free_before:
        waiting[key(before[i])].append(i)
    return {i: waiting[found].popleft() for i in free_after if waiting.get(found := key(after[i]))}


def _pair_last(
    before: Sequence[Row], after: Sequence[Row], free_before: Sequence[int], free_after: Sequence[int], key: Key
) -> dict[int, int]:
    """Pair layers from the end of both networks, as long as their keys agree.

    A layer inserted into a Sequential renumbers the layers behind it and changes nothing else about them.
    """
    pairs: dict[int, int] = {}
    for i, j in zip(reversed(free_before), reversed(free_after), strict=False):
        if key(before[i]) != key(after[j]):
            break
        pairs[j] = i
    return pairs


def _in_order(before: Sequence[Row], after: Sequence[Row], partners: dict[int, int]) -> tuple[Change, ...]:
    """Return the pairs in the order of the new network; a removed layer comes behind the layer that it followed."""
    places = {i: j for j, i in partners.items()}
    order: list[tuple[int, int, Change]] = []
    last = -1
    for i, row in enumerate(before):
        if i in places:
            last = places[i]
        else:
            order.append((last, i + 1, Change(before=row, after=None)))
    for j, row in enumerate(after):
        order.append((j, 0, Change(before=before[partners[j]] if j in partners else None, after=row)))
    return tuple(change for _, _, change in sorted(order, key=lambda item: item[:2]))
