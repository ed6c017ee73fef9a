"""How much memory a network needs at which batch, and the largest batch that a memory holds."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, TypeAlias

from archcost.records.display import Displayed

if TYPE_CHECKING:
    from archcost.records.allocation import Allocation, Workspace

Fitting: TypeAlias = Literal["fits", "tight", "does not fit"]


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchMemory:
    """The peak, in exact bytes, of one walk at one batch size.

    For a named GPU, `allocation` is what torch's allocator takes for it, and `squeezes` whether that fits once unused
    segments are given back.
    """

    batch: int
    peak_bytes: int
    phase: str
    allocation: Allocation | None = None
    squeezes: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """What training computes again, rather than keeps, so that a batch fits: as few operations as possible.

    `modules` are the paths of what `torch.utils.checkpoint` has to run, `saved_bytes` what autograd keeps then, of
    `all_saved_bytes`. `extra_operations` are what that costs on top of the `operations` of a step, two for each
    multiply-add; `all_needed_bytes` what the batch needs where nothing is computed again.
    """

    modules: tuple[str, ...]
    saved_bytes: int
    all_saved_bytes: int
    extra_operations: int
    operations: int
    all_needed_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit(Displayed):
    """The largest batch that fits into `memory_bytes`; None where not even the smallest does.

    `fixed_bytes` are what no batch changes: parameters and buffers and, in training, gradients and optimizer state.
    `points` are all batches that were walked, ascending: the answer and the next larger batch are among them.
    `device` is the GPU that was named, `overheads` what its memory holds besides tensors: at least, and at most;
    `workspace` is what libraries were measured to take there, None where nobody has timed the network on it.
    `checkpoint` is what has to be computed again for the batch, where that was asked for.
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
        """Return the bytes that a batch needs: those of its tensors, or of a GPU's allocator and the most on top."""
        return self._need(point) + sum(most for _, most in self.overheads.values())

    def least_need_of(self, point: BatchMemory) -> int:
        """Return what a batch needs where what is on top of a GPU's allocator is as small as it can be."""
        return self._need(point) + sum(least for least, _ in self.overheads.values())

    @staticmethod
    def _need(point: BatchMemory) -> int:
        return point.peak_bytes if point.allocation is None else point.allocation.reserved_bytes

    def judge(self, point: BatchMemory) -> Fitting:
        """Say whether a batch fits.

        It is "tight" where it depends on how much lies on top, or where the allocator has to give unused segments back.
        """
        if self.need_of(point) <= self.memory_bytes:
            return "fits"
        return "tight" if point.squeezes or self.least_need_of(point) <= self.memory_bytes else "does not fit"
