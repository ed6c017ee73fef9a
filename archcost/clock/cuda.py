"""The clock of a CUDA device: events on the current stream. Not run on a GPU yet."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, TypeVar

import torch

from archcost.errors import ClockError
from archcost.records import MemoryUse

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

T = TypeVar("T")
TRIAL_CYCLES = 10_000_000  # some milliseconds: long beside an event's half microsecond
SETTLING_RUNS = 3  # what torch asks for on a side stream before a capture


class CudaClock:
    """CUDA events. Their pool is filled ahead of a pass, so that recording is all that a pass does."""

    name = "CUDA events"
    queues = True
    now = staticmethod(time.perf_counter_ns)

    def __init__(self, device: torch.device) -> None:
        self.device = device
        self._events: list[Any] = []
        self._used = 0
        self._capturing = False
        self._cycles_per_ns: float | None = None

    def mark(self) -> Any:
        """Record an event on the current stream."""
        if self._capturing:
            # an ordinary event would only order the graph's branches; an external one is recorded at every replay
            event = _event(external=True)
        else:
            if self._used == len(self._events):
                self._events += [_event() for _ in range(max(64, len(self._events)))]
            event = self._events[self._used]
            self._used += 1
        event.record()
        return event

    def passed(self, mark: Any) -> bool:
        """Whether the device has come past an event."""
        return bool(mark.query())

    def finish(self) -> None:
        """Wait for the device; the events of before can be used again."""
        torch.cuda.synchronize(self.device)
        self._used = 0

    def offsets(self, marks: Sequence[Any]) -> list[int]:
        """Return the times from the first event on: torch gives milliseconds."""
        return [0, *(round(marks[0].elapsed_time(mark) * 1e6) for mark in marks[1:])]

    def hold(self, ns: float) -> None:
        """Let the device count cycles, by a function of torch that is not public; without it, do nothing."""
        sleep = getattr(torch.cuda, "_sleep", None)
        if sleep is None or ns <= 0:
            return
        if self._cycles_per_ns is None:
            start, end = (_event() for _ in range(2))
            sleep(TRIAL_CYCLES)  # the first launch of a kernel loads it
            start.record()
            sleep(TRIAL_CYCLES)
            end.record()
            torch.cuda.synchronize(self.device)
            self._cycles_per_ns = TRIAL_CYCLES / (start.elapsed_time(end) * 1e6)
        sleep(int(ns * self._cycles_per_ns))

    def capture(self, run: Callable[[], T]) -> Callable[[], T]:
        """Capture what a function launches as a CUDA graph.

        Raises:
            ClockError: with torch's reason.
        """
        graph = torch.cuda.CUDAGraph()
        try:
            side = torch.cuda.Stream(self.device)  # type: ignore[no-untyped-call]
            side.wait_stream(torch.cuda.current_stream(self.device))
            with torch.cuda.stream(side):
                for _ in range(SETTLING_RUNS):
                    run()
            torch.cuda.current_stream(self.device).wait_stream(side)
            self.finish()
            self._capturing = True
            with torch.cuda.graph(graph):
                made = run()
        except Exception as error:
            torch.cuda.synchronize(self.device)
            reason = str(error).strip().split("\n", maxsplit=1)[0]
            raise ClockError(f"the network cannot be captured as a CUDA graph: {reason}") from error
        finally:
            self._capturing = False

        def replay() -> T:
            graph.replay()
            return made

        return replay

    def peak_memory(self, run: Callable[[], object]) -> MemoryUse:
        """Return torch's own counters of its allocator."""
        self.finish()
        torch.cuda.reset_peak_memory_stats(self.device)
        run()
        self.finish()
        return MemoryUse(
            allocated_bytes=torch.cuda.max_memory_allocated(self.device),
            reserved_bytes=torch.cuda.max_memory_reserved(self.device),
        )


def _event(**rest: bool) -> Any:
    return torch.cuda.Event(enable_timing=True, **rest)  # type: ignore[no-untyped-call]
