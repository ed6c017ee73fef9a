"""What a device can do at best, measured, and how near a row comes to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """The fastest copy of a size: `nbytes` are read and written together."""

    nbytes: int
    bytes_per_second: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Roof:
    """A device's ceilings as they were measured: copies of several sizes, and matrix products by dtype.

    A floating-point operation is a multiplication or an addition, so a multiply-add is two. `disturbed` says what may
    have made it too low: such a roof is not kept.
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
        """The ceiling of what no cache holds: the largest copy."""
        return max(self.copies, key=lambda copy: copy.nbytes).bytes_per_second

    def bytes_per_second(self, nbytes: float) -> float:
        """Return the ceiling for that many bytes: the fastest copy of at least that size; caches are faster."""
        largest = max(copy.nbytes for copy in self.copies)
        return max(copy.bytes_per_second for copy in self.copies if copy.nbytes >= min(nbytes, largest))


@dataclass(frozen=True, slots=True, kw_only=True)
class Ceiling:
    """The roof of one device, its clocks when it had been measured, and the file where it is kept; None where not."""

    roof: Roof
    kept: str | None
    clock_hz: int | None
    memory_clock_hz: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Peaks:
    """What the maker's datasheet promises of a device: its memory, and dense products by dtype."""

    device: str
    source: str
    bytes_per_second: float
    flops_per_second: dict[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Achieved:
    """What a row does for each second, and how that compares with a roof; None where nothing is known.

    `intensity` is in operations for each byte. `share` is the time that the roof would allow as a part of the time
    that the row took, `bound` is which of the two ceilings sets it.
    """

    flops_per_second: float
    bytes_per_second: float | None
    intensity: float | None
    share: float | None
    bound: Literal["memory", "arithmetic"] | None


def compute_achieved(
    macs: int, moved_bytes: int | None, seconds: float, roof: Roof | None, dtype: str
) -> Achieved | None:
    """Return what was done in a time; None for a row that took none or did nothing."""
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
