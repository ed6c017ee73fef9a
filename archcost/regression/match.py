"""match(before, after): which layer of a network is which of another one."""

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
    """Pair the layers of two networks; those that find no partner are new or removed.

    First what is wholly equal; then layers that a new one in front of them moved to other numbers; then by path, call
    and kind; what is left by kind and shapes, which finds renamed layers; what is then left by path and call alone: a
    layer of another kind in the same place. Within a key the first is paired with the first. So the time is linear, and
    exchanging the two networks exchanges the sides of every pair and nothing else.
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
    """Return what has to agree, the strictest first."""

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
    """Return the quantities that every layer of both sides knows."""
    rows = [row for side in sides for row in side]
    return tuple(sorted(set(rows[0].values).intersection(*(row.values for row in rows)))) if rows else ()


def _pair(
    before: Sequence[Row], after: Sequence[Row], free_before: Sequence[int], free_after: Sequence[int], key: Key
) -> dict[int, int]:
    """Pair layers of one key, the first with the first."""
    waiting: defaultdict[Hashable, deque[int]] = defaultdict(deque)
    for i in free_before:
        waiting[key(before[i])].append(i)
    return {i: waiting[found].popleft() for i in free_after if waiting.get(found := key(after[i]))}


def _pair_last(
    before: Sequence[Row], after: Sequence[Row], free_before: Sequence[int], free_after: Sequence[int], key: Key
) -> dict[int, int]:
    """Pair the last layer with the last, the one before it with the one before it, as long as the keys agree.

    A layer that is new in the middle of a Sequential moves all that follow it to other numbers, and changes nothing
    else of them.
    """
    pairs: dict[int, int] = {}
    for i, j in zip(reversed(free_before), reversed(free_after), strict=False):
        if key(before[i]) != key(after[j]):
            break
        pairs[j] = i
    return pairs


def _in_order(before: Sequence[Row], after: Sequence[Row], partners: dict[int, int]) -> tuple[Change, ...]:
    """Return the pairs in the order of the network as it is now, each removed layer behind the one that it followed."""
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
