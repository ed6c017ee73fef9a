"""The CPU's clock: the host does the work itself, so its time is the device's time."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, TypeVar

from archcost.errors import ClockError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

T = TypeVar("T")


class WallClock:
    """`time.perf_counter_ns`, which is monotonic and as fine as the machine allows."""

    name = "wall clock"
    queues = False
    resolution_ns: int | None = None
    now = staticmethod(time.perf_counter_ns)
    cpu = staticmethod(time.thread_time_ns)
    mark = staticmethod(time.perf_counter_ns)

    def passed(self, mark: Any) -> bool:
        """Return True: all ordered work is done."""
        del mark
        return True

    def drain(self) -> None:
        """Wait for nothing."""

    def finish(self) -> None:
        """Wait for nothing."""

    def offsets(self, marks: Sequence[int]) -> list[int]:
        """Return the times since the first mark."""
        return [mark - marks[0] for mark in marks]

    def hold(self, ns: float) -> None:
        """Do nothing: there is no queue to fill."""
        del ns

    def rest(self, ns: int) -> None:
        """Sleep."""
        time.sleep(ns / 1e9)

    def capture(self, run: Callable[[], T]) -> Callable[[], T]:
        """Refuse.

        Raises:
            ClockError: always.
        """
        del run
        raise ClockError("only CUDA devices have graphs")

    def peak_memory(self, run: Callable[[], object]) -> None:
        """Return None: torch does not count what it allocates on the CPU."""
        del run
