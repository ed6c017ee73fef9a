"""torch's CUDA allocator with `expandable_segments:True`: each pool has one segment that grows by pages.

The rules follow the allocator's source, as in `allocator`. A segment has more addresses than the device has memory. A
page (20 MiB, 2 MiB in the small pool) is mapped when a block needs it. When the device is full, every page that is free
as a whole is unmapped, even in the middle of a segment; a later block may map such a hole again.
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

ADDRESSES = 2**50  # more bytes than the memory of any device


class ExpandableAllocator(Allocator):
    """The allocator of one device with expandable segments."""

    def __init__(self, *, capacity: int | None = None) -> None:
        super().__init__(capacity=capacity)
        self._first = {small: Block(0, ADDRESSES, small=small, mapped=False) for small in (True, False)}

    def _take_free(self, size: int, *, small: bool) -> Block | None:
        """Take the smallest free block of at least `size` bytes; expandable blocks compare by their possible size."""
        free = self._free[small]
        place = bisect_left(free, size, key=lambda block: block.size)
        if place == len(free):
            return None
        while place + 1 < len(free) and _find_room(free[place + 1]) < _find_room(free[place]):
            place += 1
        return free.pop(place)

    def _take_new(self, size: int, *, small: bool) -> Block | None:
        """Map the first addresses with room for `size` bytes; None if the device has too little memory."""
        found: Block | None = next(block for block in self._yield_unused(small) if _fits(block, size))
        if found is not None and not found.mapped:
            found = self._map(found, size)
        while found is not None and found.size < size:
            found = self._map(found.after, size - found.size)
        if found is not None:
            self._free[small].remove(found)
        return found

    def _give_back(self) -> None:
        """Unmap every page that is free as a whole."""
        for free in self._free.values():
            for block in list(free):
                self._unmap(block)

    def _is_worth_splitting(self, block: Block, size: int) -> bool:
        return block.size - size >= BLOCK

    def _yield_unused(self, small: bool) -> Iterator[Block]:
        """Yield the unmapped blocks by address; a free block before one is yielded in its place."""
        block: Block | None = self._first[small]
        while block is not None:
            if not block.mapped:
                yield block.before if block.before is not None and block.before.free else block
            block = block.after

    def _map(self, block: Block | None, size: int) -> Block | None:
        """Map pages of an unmapped block; return them merged with free neighbours, or None if the device is full."""
        assert block is not None  # noqa: S101 - a block that fits has a next one
        mapped = round_up(min(size, block.size), _page(small=block.small))
        if not self._reserve(mapped):
            return None
        if mapped < block.size:
            split(block, mapped)
        block.mapped = True
        return self._add_free(block)

    def _unmap(self, block: Block) -> None:
        """Unmap the pages that lie within a free block."""
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
    """Return the bytes of a block, including the unmapped addresses behind it."""
    return block.size + (block.after.size if block.after is not None and not block.after.mapped else 0)


def _fits(block: Block | None, size: int) -> bool:
    """Whether the free addresses from a block on have room for `size` bytes, mapped or not."""
    room = 0
    while block is not None and block.free and room < size:
        room, block = room + block.size, block.after
    return room >= size
