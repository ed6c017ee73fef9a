"""torch's CUDA caching allocator as arithmetic: the blocks that it returns, and the segments that it requests.

The rules follow the allocator's source (c10/cuda/CUDACachingAllocator.cpp), for one stream and the default options; see
`expandable` for expandable segments. Sizes are rounded up to 512 bytes. Requests of at most 1 MiB then use the pool of
small blocks, all others the pool of large blocks. A request takes the smallest free block of its pool that is large
enough (among equals the one at the lowest address). The block is split if the rest is large enough to be useful. If no
block fits, the allocator requests a new segment from the device. A freed block merges with the free blocks beside it.
Segments are returned to the device only when it is full.
"""

from __future__ import annotations

from bisect import bisect_left, insort

KIB, MIB = 2**10, 2**20
BLOCK = 512  # kMinBlockSize
SMALL = MIB  # kSmallSize: the largest request that uses the small pool
SMALL_SEGMENT, LARGE_SEGMENT = 2 * MIB, 20 * MIB  # kSmallBuffer, large_segment_size_mb
OWN_SEGMENT = 10 * MIB  # kMinLargeAlloc: a request of at least this size gets a segment of its own
OWN_STEP = 2 * MIB  # kRoundLarge


class DeviceFullError(Exception):
    """A request does not fit into the device, even after all unused segments were returned."""


class Block:
    """A part of a segment; `before` and `after` are its neighbours, `small` is true in the pool of small blocks.

    `mapped`: the device backs the block with memory. Only an expandable segment has blocks without memory.
    """

    __slots__ = ("address", "after", "before", "free", "mapped", "size", "small")

    def __init__(self, address: int, size: int, *, small: bool, mapped: bool = True) -> None:
        self.address, self.size, self.small, self.mapped = address, size, small, mapped
        self.free = True
        self.before: Block | None = None
        self.after: Block | None = None

    def __lt__(self, other: Block) -> bool:
        return (self.size, self.address) < (other.size, other.address)


class Allocator:
    """The allocator of one device; `allocated` and `reserved` are bytes, with their peaks.

    With `capacity`, the device has that many bytes: unused segments are returned to it when it is full.
    """

    def __init__(self, *, capacity: int | None = None) -> None:
        self._capacity = capacity
        self._free: dict[bool, list[Block]] = {True: [], False: []}  # by pool, ascending
        self._next_address = 0
        self.allocated = self.reserved = self.peak_allocated = self.peak_reserved = 0
        self.releases = 0  # how often unused segments were returned to a full device

    def allocate(self, nbytes: int) -> Block | None:
        """Return a block of at least `nbytes`; None for zero bytes.

        Raises:
            DeviceFullError: the request does not fit, even after all unused segments were returned.
        """
        if not nbytes:
            return None
        size = round_up(nbytes, BLOCK)
        small = size <= SMALL
        block = self._take_free(size, small=small) or self._take_new(size, small=small)
        if block is None:
            self.releases += 1
            self._give_back()
            block = self._take_new(size, small=small)
        if block is None:
            raise DeviceFullError
        if self._is_worth_splitting(block, size):
            insort(self._free[small], split(block, size))
        block.free = False
        self.allocated += block.size
        self.peak_allocated = max(self.peak_allocated, self.allocated)
        return block

    def release(self, block: Block | None) -> None:
        """Free a block and merge it with the free blocks beside it."""
        if block is None:
            return
        self.allocated -= block.size
        block.free = True
        self._add_free(block)

    def _add_free(self, block: Block) -> Block:
        """Add a block to the free blocks of its pool, merged with its free neighbours; return the merged block."""
        free = self._free[block.small]
        if block.before is not None and block.before.free and block.before.mapped:
            block = block.before
            free.remove(block)
            swallow_next(block)
        if block.after is not None and block.after.free and block.after.mapped:
            free.remove(block.after)
            swallow_next(block)
        insort(free, block)
        return block

    def _take_free(self, size: int, *, small: bool) -> Block | None:
        """Take the smallest free block of at least `size` bytes; None if no block is large enough."""
        free = self._free[small]
        place = bisect_left(free, size, key=lambda block: block.size)
        return free.pop(place) if place < len(free) else None

    def _take_new(self, size: int, *, small: bool) -> Block | None:
        """Take a new segment; None if it does not fit into the device."""
        needed = segment_size(size)
        if not self._reserve(needed):
            return None
        block = Block(self._next_address, needed, small=small)
        self._next_address += needed
        return block

    def _reserve(self, nbytes: int) -> bool:
        if self._capacity is not None and self.reserved + nbytes > self._capacity:
            return False
        self.reserved += nbytes
        self.peak_reserved = max(self.peak_reserved, self.reserved)
        return True

    def _give_back(self) -> None:
        """Return all segments without a used block to the device."""
        for free in self._free.values():
            for block in [block for block in free if block.before is None and block.after is None]:
                free.remove(block)
                self.reserved -= block.size

    def _is_worth_splitting(self, block: Block, size: int) -> bool:
        rest = block.size - size
        return rest >= BLOCK if block.small else rest > SMALL


def split(block: Block, size: int) -> Block:
    """Cut a block after its first `size` bytes; return the rest as the next block."""
    rest = Block(block.address + size, block.size - size, small=block.small, mapped=block.mapped)
    rest.before, rest.after, block.size = block, block.after, size
    if rest.after is not None:
        rest.after.before = rest
    block.after = rest
    return rest


def swallow_next(block: Block) -> None:
    """Extend a block by the next block of its segment."""
    swallowed = block.after
    if swallowed is None:
        return
    block.size += swallowed.size
    block.after = swallowed.after
    if block.after is not None:
        block.after.before = block


def round_up(nbytes: int, step: int) -> int:
    """Return the next multiple of a step."""
    return -(-nbytes // step) * step


def segment_size(size: int) -> int:
    """Return the size of the segment to request when no free block has room for `size` bytes."""
    if size <= SMALL:
        return SMALL_SEGMENT
    return LARGE_SEGMENT if size < OWN_SEGMENT else round_up(size, OWN_STEP)
