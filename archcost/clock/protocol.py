"""What a measurement needs of a device. One implementation for each kind of device, and a fake one in the tests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from archcost.records import MemoryUse

T = TypeVar("T")


class Clock(Protocol):
    """Two clocks: the host's, and the device's, whose marks are set in the order in which it works.

    On a device that `queues`, the host only orders work; it can be ahead. All times are in nanoseconds;
    `resolution_ns` is the step of the marks, where that is coarse.
    """

    name: str
    queues: bool
    resolution_ns: int | None

    def now(self) -> int:
        """Return the host's time."""

    def cpu(self) -> int:
        """Return how long this thread has worked, ever: what it waited, or others worked in its place, is left out."""

    def mark(self) -> Any:
        """Put a mark behind all work that was ordered so far."""

    def passed(self, mark: Any) -> bool:
        """Whether the device has come past a mark."""

    def drain(self) -> None:
        """Wait until all work is done; the marks stay."""

    def finish(self) -> None:
        """Wait until all work is done; the marks of before are read next, or never."""

    def offsets(self, marks: Sequence[Any]) -> list[int]:
        """Return when the device passed each mark, from the first one on; after `finish`."""

    def hold(self, ns: float) -> None:
        """Keep the device busy for about that long, so that the host gets ahead of it."""

    def rest(self, ns: int) -> None:
        """Leave the host and the device idle for this long."""

    def capture(self, run: Callable[[], T]) -> Callable[[], T]:
        """Return a function that repeats what `run` orders without the host's work, and returns what `run` did.

        Raises:
            ClockError: this device, or this work, cannot be captured.
        """

    def peak_memory(self, run: Callable[[], object]) -> MemoryUse | None:
        """Return the peak memory while a function ran; None if unknown."""
