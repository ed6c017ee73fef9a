"""The clock of a device that queues work: events of its torch module on the current stream. Not run on a GPU yet."""

from __future__ import annotations

import gc
import time
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, Any, TypeVar

from archcost.errors import ClockError
from archcost.records import MemoryUse

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import torch

T = TypeVar("T")
FIRST_EVENTS = 64
RESOLUTION_NS = 500  # CUDA's manual says half a microsecond; other events are undocumented


class EventClock:
    """Events of the torch module of a device kind. A pass's events are created in advance."""

    queues = True
    resolution_ns: int | None = RESOLUTION_NS
    now = staticmethod(time.perf_counter_ns)
    cpu = staticmethod(time.thread_time_ns)

    def __init__(self, device: torch.device, name: str, torch_module: Any) -> None:
        self.device, self.name, self.torch = device, name, torch_module
        self._events: list[Any] = []
        self._used = 0

    def mark(self) -> Any:
        """Record an event on the current stream."""
        if self._used == len(self._events):
            self._events += [self.new_event() for _ in range(max(FIRST_EVENTS, len(self._events)))]
        event = self._events[self._used]
        self._used += 1
        event.record()
        return event

    def passed(self, mark: Any) -> bool:
        """Whether the device has passed an event."""
        return bool(mark.query())

    def drain(self) -> None:
        """Wait for the device; keep the events."""
        if self.device.index is None or self.device.type == "mps":
            self.torch.synchronize()
        else:
            self.torch.synchronize(self.device)

    def finish(self) -> None:
        """Wait for the device; the earlier events can then be reused."""
        self.drain()
        self._used = 0

    def offsets(self, marks: Sequence[Any]) -> list[int]:
        """Return the times from the first event on: torch gives the milliseconds between two."""
        between = (round(before.elapsed_time(after) * 1e6) for before, after in pairwise(marks))
        return list(accumulate(between, initial=0))

    def hold(self, ns: float) -> None:
        """Do nothing: torch cannot keep this kind of device busy, so late intervals are reported."""
        del ns

    def rest(self, ns: int) -> None:
        """Sleep, with nothing left in the queue."""
        self.drain()
        time.sleep(ns / 1e9)

    def capture(self, run: Callable[[], T]) -> Callable[[], T]:
        """Refuse.

        Raises:
            ClockError: always.
        """
        del run
        raise ClockError("only CUDA devices have graphs")

    def peak_memory(self, run: Callable[[], object]) -> MemoryUse | None:
        """Return torch's allocator counters, if this kind of device has them.

        Garbage is collected first, so that it counts neither as memory before the run nor as part of the peak.
        """
        if not hasattr(self.torch, "reset_peak_memory_stats"):
            return None
        gc.collect()
        self.finish()
        self.torch.empty_cache()
        before = self.torch.memory_allocated(self.device)
        self.torch.reset_peak_memory_stats(self.device)
        run()
        self.finish()
        return MemoryUse(
            allocated_bytes=self.torch.max_memory_allocated(self.device),
            reserved_bytes=self.torch.max_memory_reserved(self.device),
            before_bytes=before,
        )

    def new_event(self, **rest: bool) -> Any:
        """Return an unrecorded event."""
        return self.torch.Event(enable_timing=True, **rest)
