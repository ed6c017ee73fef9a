"""torch's CUDA caching allocator: each pattern with its arithmetic by hand.

The rules come from c10/cuda/CUDACachingAllocator.cpp and from "CUDA semantics: memory management" in torch's manual.
"""

import itertools
import random

import pytest

from archcost.account.allocator import Allocator, DeviceFullError, segment_size
from archcost.account.expandable import ExpandableAllocator

KIB, MIB = 2**10, 2**20


def figures(allocator):
    return allocator.allocated, allocator.reserved


def test_one_byte_takes_a_block_of_512_in_a_segment_of_2_mib():
    allocator = Allocator()
    assert allocator.allocate(1).size == 512
    assert allocator.allocate(513).size == 1024
    assert figures(allocator) == (512 + 1024, 2 * MIB)


def test_nothing_takes_no_block():
    allocator = Allocator()
    assert allocator.allocate(0) is None
    allocator.release(None)
    assert figures(allocator) == (0, 0)


def test_two_times_1_mib_fill_a_small_segment_and_a_third_opens_another():
    """1 MiB is the largest small request, and 2 MiB hold two."""
    allocator = Allocator()
    for _ in range(2):
        allocator.allocate(MIB)
    assert figures(allocator) == (2 * MIB, 2 * MIB)
    allocator.allocate(MIB)
    assert figures(allocator) == (3 * MIB, 4 * MIB)


def test_one_byte_more_than_1_mib_is_large():
    """1 MiB + 512 lies in a segment of 20 MiB, whose rest, more than 1 MiB, is free for other large blocks."""
    allocator = Allocator()
    allocator.allocate(MIB + 1)
    assert figures(allocator) == (MIB + 512, 20 * MIB)
    allocator.allocate(MIB)  # small: the pools do not lend to each other
    assert figures(allocator) == (2 * MIB + 512, 22 * MIB)


@pytest.mark.parametrize(
    ("size", "segment"),
    [
        (512, 2 * MIB), (MIB, 2 * MIB), (MIB + 512, 20 * MIB), (10 * MIB - 512, 20 * MIB),
        (10 * MIB, 10 * MIB), (10 * MIB + 512, 12 * MIB), (33 * MIB, 34 * MIB), (64 * MIB, 64 * MIB),
    ],
)  # fmt: skip
def test_what_the_device_is_asked_for(size, segment):
    assert segment_size(size) == segment


def test_a_rest_of_at_most_1_mib_stays_with_its_large_block():
    """11.5 MiB in a segment of 12: the rest of 0.5 MiB is useless for the large pool, so 12 MiB count as allocated.

    10 MiB + 512 in a segment of 12 leave 2 MiB - 512, which exceeds 1 MiB and is split off.
    """
    allocator = Allocator()
    allocator.allocate(11 * MIB + 512 * KIB)
    assert figures(allocator) == (12 * MIB, 12 * MIB)
    split = Allocator()
    split.allocate(10 * MIB + 1)
    assert figures(split) == (10 * MIB + 512, 12 * MIB)


def test_four_of_6_mib_take_two_segments():
    """Three fill 18 of 20 MiB; the fourth does not fit into the remaining 2."""
    allocator = Allocator()
    for _ in range(4):
        allocator.allocate(6 * MIB)
    assert figures(allocator) == (24 * MIB, 40 * MIB)


def test_a_freed_block_is_taken_again():
    """A loop that allocates and frees 30 MiB asks the device once."""
    allocator = Allocator()
    for _ in range(5):
        allocator.release(allocator.allocate(30 * MIB))
    assert figures(allocator) == (0, 30 * MIB)
    assert (allocator.peak_allocated, allocator.peak_reserved) == (30 * MIB, 30 * MIB)


def test_the_smallest_free_block_that_holds_it_is_taken():
    """40 and 14 MiB are free; 13 MiB take the 14, whose rest of 1 MiB stays unsplit, and 38 MiB take the 40 (split)."""
    allocator = Allocator()
    large, small = allocator.allocate(40 * MIB), allocator.allocate(14 * MIB)
    allocator.release(large)
    allocator.release(small)
    assert allocator.allocate(13 * MIB).size == 14 * MIB
    assert allocator.allocate(38 * MIB).size == 38 * MIB
    assert figures(allocator) == (52 * MIB, 54 * MIB)


def test_neighbours_that_are_free_become_one():
    """Three blocks of 6 MiB in 20: the first two, now free, hold 12 MiB; without a merge these need a new segment."""
    allocator = Allocator()
    first, second, _third = [allocator.allocate(6 * MIB) for _ in range(3)]
    allocator.release(first)
    allocator.release(second)
    allocator.allocate(12 * MIB)
    assert figures(allocator) == (18 * MIB, 20 * MIB)


def test_holes_between_blocks_in_use_are_fragments():
    """The first and the third of 6 MiB are free, and the third merges with the 2 MiB behind it: 6 and 8, not 12."""
    allocator = Allocator()
    first, _second, third = [allocator.allocate(6 * MIB) for _ in range(3)]
    allocator.release(first)
    allocator.release(third)
    allocator.allocate(12 * MIB)
    assert figures(allocator) == (18 * MIB, 32 * MIB)
    assert allocator.allocate(8 * MIB).size == 8 * MIB
    assert figures(allocator) == (26 * MIB, 32 * MIB)


def test_a_growing_batch_leaves_segments_behind_that_fit_nothing():
    """10, 20 and 40 MiB one after another: 70 are reserved, although never more than 40 are needed."""
    allocator = Allocator()
    for size in (10, 20, 40):
        allocator.release(allocator.allocate(size * MIB))
    assert (allocator.peak_allocated, allocator.peak_reserved) == (40 * MIB, 70 * MIB)


def test_expandable_segments_grow_by_what_is_missing():
    """The same sizes in one segment of 20 MiB pages: 20, still 20, then 40; nothing is wasted."""
    allocator = ExpandableAllocator()
    for size in (10, 20, 40):
        allocator.release(allocator.allocate(size * MIB))
    assert (allocator.peak_allocated, allocator.peak_reserved) == (40 * MIB, 40 * MIB)


def test_expandable_segments_split_large_blocks_to_512_bytes():
    """11.5 MiB leave 8.5 of a page of 20: 8 MiB take them, and 1.5 more need a new page for the missing 1 MiB only."""
    allocator = ExpandableAllocator()
    allocator.allocate(11 * MIB + 512 * KIB)
    allocator.allocate(8 * MIB)
    assert figures(allocator) == (19 * MIB + 512 * KIB, 20 * MIB)
    allocator.allocate(MIB + 512 * KIB)
    assert figures(allocator) == (21 * MIB, 40 * MIB)


def test_expandable_segments_take_a_hole_before_their_end():
    """A hole of 8 MiB and an end of 4 are free; the end counts as the largest, since it can grow.

    2 MiB + 512 take the hole; 7 MiB no longer fit there, exceed the end by 3 and need another page.
    """
    allocator = ExpandableAllocator()
    hole, _used = allocator.allocate(8 * MIB), allocator.allocate(8 * MIB)
    allocator.release(hole)
    assert (allocator.allocate(2 * MIB + 512).address, allocator.reserved) == (0, 20 * MIB)
    assert (allocator.allocate(7 * MIB).address, allocator.reserved) == (16 * MIB, 40 * MIB)


def test_a_full_device_gets_unused_segments_back():
    """70 MiB are reserved without a limit; with 50 the unused 10 and 20 go back before 40 is asked for."""
    allocator = Allocator(capacity=50 * MIB)
    for size in (10, 20, 40):
        allocator.release(allocator.allocate(size * MIB))
    assert (allocator.releases, allocator.reserved, allocator.peak_reserved) == (1, 40 * MIB, 40 * MIB)


def test_a_segment_in_use_anywhere_is_not_given_back():
    """A segment of 20 MiB stays while 6 MiB of it are in use, and 40 more do not fit into 50."""
    allocator = Allocator(capacity=50 * MIB)
    allocator.allocate(6 * MIB)
    with pytest.raises(DeviceFullError):
        allocator.allocate(40 * MIB)


def test_a_full_device_takes_pages_from_the_middle_of_a_segment_that_expands():
    """20 and 20 MiB fill 40. The first is free, and one more byte has no room: its page goes back, and 20 + 2 are left.

    A segment that cannot expand stays whole while a part of it is in use. The next 20 go into the hole first.
    """
    allocator = ExpandableAllocator(capacity=42 * MIB - 1)
    first, _second = allocator.allocate(20 * MIB), allocator.allocate(20 * MIB)
    allocator.release(first)
    allocator.allocate(1)
    assert (allocator.releases, *figures(allocator)) == (1, 20 * MIB + 512, 22 * MIB)
    with pytest.raises(DeviceFullError):
        allocator.allocate(20 * MIB)  # 42 MiB, one byte too many
    assert (allocator.releases, allocator.reserved) == (2, 22 * MIB)


def test_a_hole_in_a_segment_that_expands_gets_memory_again():
    """The same with one more byte: the hole at 0 is filled before the segment grows at its end, at 40 MiB."""
    allocator = ExpandableAllocator(capacity=42 * MIB)
    blocks = [allocator.allocate(20 * MIB) for _ in range(2)]
    small = [allocator.allocate(MIB) for _ in range(2)]
    allocator.release(blocks[0])
    third = allocator.allocate(MIB)  # two fill a page of 2: 44 MiB are too many, so 20 go back
    assert (allocator.releases, allocator.reserved) == (1, 24 * MIB)
    for block in (*small, third):
        allocator.release(block)
    assert allocator.allocate(20 * MIB).address == 0  # 44 are too many again, and now 4 go back
    assert (allocator.releases, *figures(allocator)) == (2, 40 * MIB, 40 * MIB)


def test_only_pages_that_are_free_as_a_whole_lose_their_memory():
    """15, 15 and 8 MiB lie in two pages of 20.

    After the first two are freed, only the page from 0 to 20 goes back. 35 MiB do not fit into that hole and the 10
    behind it, 30 in all. They begin in the last 2 of the second page, and two more pages make 20 + 40 of 60. Then no
    page is left for 20 more.
    """
    allocator = ExpandableAllocator(capacity=60 * MIB)
    first, second, _third = (allocator.allocate(size * MIB) for size in (15, 15, 8))
    allocator.release(first)
    allocator.release(second)
    assert allocator.allocate(35 * MIB).address == 38 * MIB
    assert (allocator.releases, *figures(allocator)) == (1, 43 * MIB, 60 * MIB)
    with pytest.raises(DeviceFullError):
        allocator.allocate(20 * MIB)
    assert allocator.allocate(10 * MIB).address == 20 * MIB  # the rest of the second page


def test_pages_of_one_pool_make_room_for_the_other():
    """An unused page of 20 goes back for a second one of 2: 22 MiB hold 20 + 2, then 2 + 2."""
    allocator = ExpandableAllocator(capacity=22 * MIB)
    allocator.release(allocator.allocate(11 * MIB))
    for _ in range(3):
        allocator.allocate(MIB)
    assert (allocator.releases, *figures(allocator)) == (1, 3 * MIB, 4 * MIB)
    assert allocator.peak_reserved == 22 * MIB


def test_a_segment_that_lost_all_its_memory_begins_again():
    """Two free pages of 20 MiB go back for a second one of 2: 4 are left, and 20 more begin at 0."""
    allocator = ExpandableAllocator(capacity=42 * MIB)
    for block in [allocator.allocate(20 * MIB) for _ in range(2)]:
        allocator.release(block)
    for _ in range(3):
        allocator.allocate(MIB)
    assert (allocator.releases, *figures(allocator)) == (1, 3 * MIB, 4 * MIB)
    assert (allocator.allocate(20 * MIB).address, allocator.reserved) == (0, 24 * MIB)


@pytest.mark.parametrize("kind", [Allocator, ExpandableAllocator])
def test_a_full_device_never_holds_more_than_it_has(kind):
    """For any requests, the allocated bytes lie within the reserved bytes, and these within the device."""
    chance, allocator, held = random.Random(1), kind(capacity=80 * MIB), []  # noqa: S311 - no secret
    refused = 0
    for _ in range(1500):
        if held and chance.random() < 0.5:
            allocator.release(held.pop(chance.randrange(len(held))))
            continue
        try:
            held.append(allocator.allocate(int(2 ** chance.uniform(0, 25))))
        except DeviceFullError:
            refused += 1
        assert allocator.allocated == sum(block.size for block in held)
        assert allocator.allocated <= allocator.reserved <= allocator.peak_reserved <= 80 * MIB
    assert allocator.releases >= refused > 0
    for block in held:
        allocator.release(block)
    assert allocator.allocate(59 * MIB).size <= 60 * MIB  # all free memory comes back


@pytest.mark.parametrize("kind", [Allocator, ExpandableAllocator])
def test_blocks_never_overlap_and_everything_comes_back(kind):
    """For requests and frees in any order, blocks never overlap, and in the end nothing is allocated."""
    chance, allocator, held = random.Random(0), kind(), []  # noqa: S311 - no secret
    for _ in range(2000):
        if held and chance.random() < 0.5:
            allocator.release(held.pop(chance.randrange(len(held))))
        else:
            held.append(allocator.allocate(int(2 ** chance.uniform(0, 26))))
        for small in (True, False):
            places = sorted((b.address, b.size) for b in held if b.small == small)
            assert all(a + size <= b for (a, size), (b, _) in itertools.pairwise(places))
    assert allocator.allocated == sum(block.size for block in held) <= allocator.reserved
    for block in held:
        allocator.release(block)
    assert allocator.allocated == 0
    reserved = allocator.reserved
    allocator.allocate(512)  # free memory is found again
    assert allocator.reserved == reserved
