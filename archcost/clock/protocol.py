"""The interface of a measurable device, with one implementation for each kind of device and a fake one in the tests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from archcost.records import MemoryUse

T = TypeVar("T")


class Clock(Protocol):
    """Two clocks: the host's, and the device's, whose marks follow the order of its work.

    On a device that `queues`, the host only orders work and can be ahead. All times are in nanoseconds; `resolution_ns`
    is the step of coarse marks.
    """

    name: str
    queues: bool
    resolution_ns: int | None

    def now(self) -> int:
        """Return the host's time."""

    def cpu(self) -> int:
        """Return this thread's total CPU time, without its waiting time."""

    def mark(self) -> Any:
        """Set a mark behind all work ordered so far."""

    def passed(self, mark: Any) -> bool:
        """Whether the device has passed a mark."""

    def drain(self) -> None:
        """Wait until all work is done; keep the marks."""

    def finish(self) -> None:
        """Wait until all work is done; the marks so far are read next, or never."""

    def offsets(self, marks: Sequence[Any]) -> list[int]:
        """Return the time of each mark since the first one; call it after `finish`."""

    def hold(self, ns: float) -> None:
        """Keep the device busy for about this long, so that the host gets ahead of it."""

    def rest(self, ns: int) -> None:
        """Leave the host and the device idle for this long."""

    def capture(self, run: Callable[[], T]) -> Callable[[], T]:
        """Return a function that repeats the work of `run` without the host's work, and returns the same result.

        Raises:
            ClockError: this device or this work cannot be captured.
        """

    def peak_memory(self, run: Callable[[], object]) -> MemoryUse | None:
        """Return the peak memory while a function ran; None if unknown."""
