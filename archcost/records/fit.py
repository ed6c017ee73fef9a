"""How much memory a network needs at which batch, and the largest batch that a memory holds."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchMemory:
    """The peak, in exact bytes, of one walk at one batch size."""

    batch: int
    peak_bytes: int
    phase: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """The largest batch whose peak is at most `memory_bytes`; None where not even the smallest is.

    `fixed_bytes` are what no batch changes: parameters and buffers and, in training, gradients and optimizer state.
    `points` are all batches that were walked, ascending: the answer and the next larger batch are among them.
    """

    network: str
    mode: str
    optimizer: str | None
    memory_bytes: int
    param_bytes: int
    fixed_bytes: int
    batch: int | None
    points: tuple[BatchMemory, ...]
