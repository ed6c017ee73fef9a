"""A loop of steps, replayed through torch's CUDA allocator: the GPU memory that a walk's storages take."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archcost.account.allocator import Allocator, DeviceFullError
from archcost.account.expandable import ExpandableAllocator
from archcost.account.memory import MADE
from archcost.records import Allocation

if TYPE_CHECKING:
    from archcost.account.allocator import Block
    from archcost.records import StorageSpec, Trace

STEPS = 2  # the first step allocates the optimizer's state; all later steps repeat the second


def replay(trace: Trace, *, expandable: bool = False, capacity: int | None = None) -> Allocation | None:
    """Return the GPU memory of a loop over the walked step; None if it does not fit into `capacity`.

    Parameters, buffers, inputs and labels are allocated first. Every other storage is allocated when its operator runs,
    and freed before the first operator after its death. Not counted: storages in the host's memory, such as an
    optimizer's step counts.
    """
    loop = _Loop(trace, (ExpandableAllocator if expandable else Allocator)(capacity=capacity))
    try:
        loop.run()
    except DeviceFullError:
        return None
    return Allocation(
        tensor_bytes=loop.peak,
        allocated_bytes=loop.allocator.peak_allocated,
        reserved_bytes=loop.allocator.peak_reserved,
        expandable=expandable,
    )


class _Loop:
    """The steps of a loop; `peak` is the largest sum of live bytes, not rounded."""

    def __init__(self, trace: Trace, allocator: Allocator) -> None:
        self.allocator = allocator
        self._operators = len(trace.ops)
        self._there: list[StorageSpec] = []
        self._born: dict[int, list[tuple[int, StorageSpec]]] = {}
        self._died: dict[int, list[int]] = {}
        for number, storage in enumerate(trace.storages):
            if storage.host and not trace.device.startswith("cpu"):
                continue
            if storage.born < 0:
                self._there.append(storage)
                continue
            self._born.setdefault(storage.born, []).append((number, storage))
            if storage.kind in MADE and storage.died is not None:
                self._died.setdefault(storage.died, []).append(number)
        self._live = self.peak = 0

    def run(self) -> None:
        """Run all steps."""
        for storage in self._there:
            self._allocate(storage)
        for step in range(STEPS):
            self._run_step(first=step == 0)

    def _run_step(self, *, first: bool) -> None:
        """Run one step, and free at its end the storages that the next step allocates again."""
        blocks: dict[int, tuple[Block | None, int]] = {}
        for index in range(self._operators):
            for number in self._died.get(index, ()):
                self._free(*blocks.pop(number))
            for number, storage in self._born.get(index, ()):
                if storage.kind in MADE:
                    blocks[number] = (self._allocate(storage), storage.nbytes)
                elif first:
                    self._allocate(storage)
        for block, nbytes in blocks.values():
            self._free(block, nbytes)

    def _allocate(self, storage: StorageSpec) -> Block | None:
        self._live += storage.nbytes
        self.peak = max(self.peak, self._live)
        return self.allocator.allocate(storage.nbytes)

    def _free(self, block: Block | None, nbytes: int) -> None:
        self._live -= nbytes
        self.allocator.release(block)
