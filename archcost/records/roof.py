"""The measured peaks of a device, and how near a row comes to them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """The fastest copy of one size; `nbytes` counts reads and writes together."""

    nbytes: int
    bytes_per_second: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Roof:
    """A device's measured ceilings: copies of several sizes, and matrix products by dtype.

    A multiply-add is two floating-point operations. `disturbed` says what may have made the roof too low; such a roof
    is not kept.
    """

    device: str
    driver: str | None
    torch: str
    threads: int | None
    copies: tuple[Copy, ...]
    flops_per_second: dict[str, float]
    disturbed: str | None = None

    @property
    def memory_bytes_per_second(self) -> float:
        """The ceiling of memory beyond all caches: the largest copy."""
        return max(self.copies, key=lambda copy: copy.nbytes).bytes_per_second

    def bytes_per_second(self, nbytes: float) -> float:
        """Return the ceiling for a number of bytes: the fastest copy of at least that size."""
        largest = max(copy.nbytes for copy in self.copies)
        return max(copy.bytes_per_second for copy in self.copies if copy.nbytes >= min(nbytes, largest))


@dataclass(frozen=True, slots=True, kw_only=True)
class Ceiling:
    """The roof of one device, its clocks after the measurement, and the file that keeps it; None if it was not kept."""

    roof: Roof
    kept: str | None
    clock_hz: int | None
    memory_clock_hz: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Peaks:
    """The datasheet figures of a device: its memory, and its dense products by dtype."""

    device: str
    source: str
    bytes_per_second: float
    flops_per_second: dict[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Achieved:
    """The rates of a row per second, and their shares of a roof; None if unknown.

    `intensity` is in operations per byte. `share` is the roof's least time divided by the row's time, and `bound` names
    the ceiling that sets it.
    """

    flops_per_second: float
    bytes_per_second: float | None
    intensity: float | None
    share: float | None
    bound: Literal["memory", "arithmetic"] | None


def compute_achieved(
    macs: int, moved_bytes: int | None, seconds: float, roof: Roof | None, dtype: str
) -> Achieved | None:
    """Return the rates of some work in a time; None for a row without time or without work."""
    if not seconds or not (macs or moved_bytes):
        return None
    share: float | None = None
    bound: Literal["memory", "arithmetic"] | None = None
    peak = None if roof is None else roof.flops_per_second.get(dtype)
    if roof is not None and peak is not None and moved_bytes is not None:
        arithmetic, memory = 2 * macs / peak, moved_bytes / roof.bytes_per_second(moved_bytes)
        bound = "arithmetic" if arithmetic > memory else "memory"
        share = max(arithmetic, memory) / seconds
    return Achieved(
        flops_per_second=2 * macs / seconds,
        bytes_per_second=None if moved_bytes is None else moved_bytes / seconds,
        intensity=2 * macs / moved_bytes if moved_bytes else None,
        share=share,
        bound=bound,
    )
