"""torch's CUDA caching allocator as arithmetic: which blocks it hands out, and what it asks of the device for them.

By the allocator's source (c10/cuda/CUDACachingAllocator.cpp), on one stream and with its default options. Sizes are
rounded up to 512 bytes. What is at most 1 MiB then lies in the pool of small blocks, all else in that of large ones.
A request takes the smallest free block of its pool that holds it (at the lowest address, among equals) and leaves the
rest of it to others, if that is worth it; where no block fits, it asks the device for a new segment. A block that
is freed grows together with the free blocks beside it. Segments are never given back, unless the device has no more.
"""

from __future__ import annotations

from bisect import bisect_left, insort

KIB, MIB = 2**10, 2**20
BLOCK = 512  # kMinBlockSize
SMALL = MIB  # kSmallSize: the largest request that lies in the small pool
SMALL_SEGMENT, LARGE_SEGMENT = 2 * MIB, 20 * MIB  # kSmallBuffer, large_segment_size_mb
OWN_SEGMENT = 10 * MIB  # kMinLargeAlloc: from here on, a request gets a segment of its own size
OWN_STEP = 2 * MIB  # kRoundLarge


class DeviceFullError(Exception):
    """The device has no room for one more segment, with every unused one given back."""


class Block:
    """A part of a segment; `before` and `after` are its neighbours there, `small` says in which pool it is."""

    __slots__ = ("address", "after", "before", "free", "size", "small")

    def __init__(self, address: int, size: int, *, small: bool) -> None:
        self.address, self.size, self.small = address, size, small
        self.free = True
        self.before: Block | None = None
        self.after: Block | None = None

    def __lt__(self, other: Block) -> bool:
        return (self.size, self.address) < (other.size, other.address)


class Allocator:
    """The allocator of one device; `allocated` and `reserved` are bytes, with their peaks.

    With `expandable`, each pool has one segment, which the device lengthens by pages (`expandable_segments:True`). With
    `capacity`, the device has that many bytes: unused segments are given back when they run out.
    """

    def __init__(self, *, expandable: bool = False, capacity: int | None = None) -> None:
        self._expandable, self._capacity = expandable, capacity
        self._free: dict[bool, list[Block]] = {True: [], False: []}  # by pool, ascending
        self._last: dict[bool, Block | None] = {True: None, False: None}  # the end of a segment that expands
        self._next_address = 0
        self.allocated = self.reserved = self.peak_allocated = self.peak_reserved = 0
        self.releases = 0  # how often unused segments had to be given back for a new one

    def allocate(self, nbytes: int) -> Block | None:
        """Return a block for so many bytes; for none there is no block.

        Raises:
            DeviceFullError: it does not fit, even with every unused segment given back.
        """
        if not nbytes:
            return None
        size = round_up(nbytes, BLOCK)
        small = size <= SMALL
        block = self._take_free(size, small=small) or self._take_new(size, small=small)
        if self._is_worth_splitting(block, size):
            self._split(block, size)
        block.free = False
        self.allocated += block.size
        self.peak_allocated = max(self.peak_allocated, self.allocated)
        return block

    def release(self, block: Block | None) -> None:
        """Take a block back; it grows together with the free blocks beside it."""
        if block is None:
            return
        self.allocated -= block.size
        block.free = True
        free = self._free[block.small]
        if block.before is not None and block.before.free:
            block = block.before
            free.remove(block)
            self._join(block, block.after)
        if block.after is not None and block.after.free:
            free.remove(block.after)
            self._join(block, block.after)
        insort(free, block)

    def _take_free(self, size: int, *, small: bool) -> Block | None:
        """Take the smallest free block that holds a size; the end of a segment that expands comes last."""
        free, last = self._free[small], self._last[small]
        for place in range(bisect_left(free, size, key=lambda block: block.size), len(free)):
            if free[place] is not last or place == len(free) - 1:
                return free.pop(place)
        return None

    def _take_new(self, size: int, *, small: bool) -> Block:
        if self._expandable:
            return self._lengthen(size, small=small)
        needed = segment_size(size)
        self._reserve(needed)
        block = Block(self._next_address, needed, small=small)
        self._next_address += needed
        return block

    def _lengthen(self, size: int, *, small: bool) -> Block:
        """Add pages to a pool's segment, so that its free end holds a size; return that end."""
        last = self._last[small]
        end = last if last is not None and last.free else None
        pages = round_up(size - (end.size if end else 0), SMALL_SEGMENT if small else LARGE_SEGMENT)
        self._reserve(pages)
        if end is not None:
            self._free[small].remove(end)
            end.size += pages
            return end
        block = Block(0 if last is None else last.address + last.size, pages, small=small)
        block.before = last
        if last is not None:
            last.after = block
        self._last[small] = block
        return block

    def _reserve(self, nbytes: int) -> None:
        if self._capacity is not None and self.reserved + nbytes > self._capacity:
            self._give_back()
            if self.reserved + nbytes > self._capacity:
                raise DeviceFullError
        self.reserved += nbytes
        self.peak_reserved = max(self.peak_reserved, self.reserved)

    def _give_back(self) -> None:
        """Give the device the segments that lie unused, of which no part is in use."""
        self.releases += 1
        for free in self._free.values():
            for block in [block for block in free if block.before is None and block.after is None]:
                free.remove(block)
                self.reserved -= block.size

    def _is_worth_splitting(self, block: Block, size: int) -> bool:
        rest = block.size - size
        return rest >= BLOCK if block.small or self._expandable else rest > SMALL

    def _split(self, block: Block, size: int) -> None:
        """Leave a block its first bytes, and the rest to others."""
        rest = Block(block.address + size, block.size - size, small=block.small)
        rest.before, rest.after, block.size = block, block.after, size
        if rest.after is not None:
            rest.after.before = rest
        block.after = rest
        if self._last[block.small] is block:
            self._last[block.small] = rest
        insort(self._free[block.small], rest)

    def _join(self, block: Block, swallowed: Block | None) -> None:
        """Have a block take over the one behind it, in its segment."""
        if swallowed is None:
            return
        block.size += swallowed.size
        block.after = swallowed.after
        if block.after is not None:
            block.after.before = block
        if self._last[block.small] is swallowed:
            self._last[block.small] = block


def round_up(nbytes: int, step: int) -> int:
    """Return the next multiple of a step."""
    return -(-nbytes // step) * step


def segment_size(size: int) -> int:
    """Return the size of the segment that the device is asked for, where no free block holds a size."""
    if size <= SMALL:
        return SMALL_SEGMENT
    return LARGE_SEGMENT if size < OWN_SEGMENT else round_up(size, OWN_STEP)
