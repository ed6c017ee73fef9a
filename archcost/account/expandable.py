"""torch's CUDA allocator with `expandable_segments:True`: a segment for each pool, lengthened by pages.

By the allocator's source, as `allocator` is. A segment has more addresses than the device has memory; a page (20 MiB,
in the small pool 2) gets memory when a block needs it. Where the device is full, every page that lies free as a whole
loses its memory again, in the middle of a segment, too; a later block may then get memory for such a hole.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from typing import TYPE_CHECKING

from archcost.account.allocator import (
    BLOCK,
    LARGE_SEGMENT,
    SMALL_SEGMENT,
    Allocator,
    Block,
    round_up,
    split,
    swallow_next,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

ADDRESSES = 2**50  # more than any device has memory


class ExpandableAllocator(Allocator):
    """The allocator of one device whose segments expand."""

    def __init__(self, *, capacity: int | None = None) -> None:
        super().__init__(capacity=capacity)
        self._first = {small: Block(0, ADDRESSES, small=small, mapped=False) for small in (True, False)}

    def _take_free(self, size: int, *, small: bool) -> Block | None:
        """Take the smallest free block that holds a size; one that can expand is as large as it can become."""
        free = self._free[small]
        place = bisect_left(free, size, key=lambda block: block.size)
        if place == len(free):
            return None
        while place + 1 < len(free) and _find_room(free[place + 1]) < _find_room(free[place]):
            place += 1
        return free.pop(place)

    def _take_new(self, size: int, *, small: bool) -> Block | None:
        """Get memory for the first addresses that a size fits into; None where the device has too little."""
        found: Block | None = next(block for block in self._yield_unused(small) if _fits(block, size))
        if found is not None and not found.mapped:
            found = self._map(found, size)
        while found is not None and found.size < size:
            found = self._map(found.after, size - found.size)
        if found is not None:
            self._free[small].remove(found)
        return found

    def _give_back(self) -> None:
        """Take the memory from every page that lies free as a whole."""
        for free in self._free.values():
            for block in list(free):
                self._unmap(block)

    def _is_worth_splitting(self, block: Block, size: int) -> bool:
        return block.size - size >= BLOCK

    def _yield_unused(self, small: bool) -> Iterator[Block]:
        """Yield addresses without memory by their place, or the free block before them."""
        block: Block | None = self._first[small]
        while block is not None:
            if not block.mapped:
                yield block.before if block.before is not None and block.before.free else block
            block = block.after

    def _map(self, block: Block | None, size: int) -> Block | None:
        """Get memory for pages of addresses that have none; return them, with what lies free beside them, or None."""
        assert block is not None  # noqa: S101 - what fits has a next one
        mapped = round_up(min(size, block.size), _page(small=block.small))
        if not self._reserve(mapped):
            return None
        if mapped < block.size:
            split(block, mapped)
        block.mapped = True
        return self._add_free(block)

    def _unmap(self, block: Block) -> None:
        """Take the memory from the pages that lie within a free block."""
        page = _page(small=block.small)
        begin, end = round_up(block.address, page), (block.address + block.size) // page * page
        if begin >= end:
            return
        free = self._free[block.small]
        free.remove(block)
        if begin > block.address:
            rest = split(block, begin - block.address)
            insort(free, block)
            block = rest
        if end < block.address + block.size:
            insort(free, split(block, end - begin))
        block.mapped = False
        self.reserved -= block.size
        if block.after is not None and not block.after.mapped:
            swallow_next(block)
        if block.before is not None and not block.before.mapped:
            swallow_next(block.before)


def _page(*, small: bool) -> int:
    return SMALL_SEGMENT if small else LARGE_SEGMENT


def _find_room(block: Block) -> int:
    """Return the bytes that a block holds, or can hold once the addresses behind it have memory."""
    return block.size + (block.after.size if block.after is not None and not block.after.mapped else 0)


def _fits(block: Block | None, size: int) -> bool:
    """Whether the free addresses from a block on hold a size, with memory or without."""
    room = 0
    while block is not None and block.free and room < size:
        room, block = room + block.size, block.after
    return room >= size
