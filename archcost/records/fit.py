"""The memory that a network needs at each batch size, and the largest batch that fits into a memory."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, TypeAlias

from archcost.display import Displayed

if TYPE_CHECKING:
    from archcost.records.allocation import Allocation, Workspace

Fitting: TypeAlias = Literal["fits", "tight", "does not fit"]


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchMemory:
    """The peak, in exact bytes, of one walk at one batch size.

    For a named GPU, `allocation` is the memory of torch's allocator, and `squeezes` says whether it fits after the
    allocator returns unused segments.
    """

    batch: int
    peak_bytes: int
    phase: str
    allocation: Allocation | None = None
    squeezes: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """The modules that training checkpoints so that a batch fits, with as little recomputation as possible.

    `modules` are the paths of the modules that `torch.utils.checkpoint` has to run; autograd then keeps `saved_bytes`
    of `all_saved_bytes`. The recomputation adds `extra_operations` to the `operations` of a step, two for each
    multiply-add. `all_needed_bytes` is the memory of the batch without checkpointing.
    """

    modules: tuple[str, ...]
    saved_bytes: int
    all_saved_bytes: int
    extra_operations: int
    operations: int
    all_needed_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit(Displayed):
    """The largest batch that fits into `memory_bytes`; None if even the smallest does not fit.

    `fixed_bytes` do not depend on the batch: parameters, buffers and, in training, gradients and optimizer state.
    `points` are all walked batch sizes, ascending, including the answer and the next larger one. `device` is the named
    GPU, `overheads` the least and the most of its memory that holds no tensors. `workspace` is the measured workspace
    of libraries, None if nobody has timed the network on that GPU. `checkpoint` is the choice of modules to checkpoint,
    if requested.
    """

    network: str
    mode: str
    optimizer: str | None
    memory_bytes: int
    param_bytes: int
    fixed_bytes: int
    batch: int | None
    points: tuple[BatchMemory, ...]
    device: str | None = None
    overheads: dict[str, tuple[int, int]] = field(default_factory=dict)
    checkpoint: Checkpoint | None = None
    workspace: Workspace | None = None

    def need_of(self, point: BatchMemory) -> int:
        """Return the bytes that a batch needs; on a GPU, the allocator's memory plus the largest overhead."""
        return self._need(point) + sum(most for _, most in self.overheads.values())

    def least_need_of(self, point: BatchMemory) -> int:
        """Return the bytes that a batch needs with the smallest overhead."""
        return self._need(point) + sum(least for least, _ in self.overheads.values())

    @staticmethod
    def _need(point: BatchMemory) -> int:
        return point.peak_bytes if point.allocation is None else point.allocation.reserved_bytes

    def judge(self, point: BatchMemory) -> Fitting:
        """Say whether a batch fits.

        It is "tight" if the answer depends on the overhead, or if the allocator has to return unused segments.
        """
        if self.need_of(point) <= self.memory_bytes:
            return "fits"
        return "tight" if point.squeezes or self.least_need_of(point) <= self.memory_bytes else "does not fit"
