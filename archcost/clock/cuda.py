"""The clock of a CUDA device, which can be held and can capture its work as a graph. Not run on a GPU yet."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeVar

import torch

from archcost.clock.events import EventClock
from archcost.errors import ClockError, find_root, first_line

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")
TRIAL_CYCLES = 10_000_000  # some milliseconds, long compared with an event's half microsecond
SETTLING_RUNS = 3  # the warm-up runs that torch requires on a side stream before a capture


class CudaClock(EventClock):
    """CUDA events; ROCm has them under the same names."""

    def __init__(self, device: torch.device) -> None:
        super().__init__(device, "CUDA events", torch.cuda)
        self._capturing = False
        self._cycles_per_ns: float | None = None

    def mark(self) -> Any:
        """Record an event on the current stream."""
        if not self._capturing:
            return super().mark()
        # an ordinary event would only order the graph's branches; an external one is recorded at every replay
        event = self.new_event(external=True)
        event.record()
        return event

    def hold(self, ns: float) -> None:
        """Let the device count cycles by a private function of torch; without that function, do nothing."""
        sleep = getattr(torch.cuda, "_sleep", None)
        if sleep is None or ns <= 0:
            return
        if self._cycles_per_ns is None:
            start, end = (self.new_event() for _ in range(2))
            sleep(TRIAL_CYCLES)  # the first launch of a kernel loads its code
            start.record()
            sleep(TRIAL_CYCLES)
            end.record()
            self.drain()
            self._cycles_per_ns = TRIAL_CYCLES / (start.elapsed_time(end) * 1e6)
        sleep(int(ns * self._cycles_per_ns))

    def capture(self, run: Callable[[], T]) -> Callable[[], T]:
        """Capture the launches of a function as a CUDA graph; a failed capture leaves no trace.

        Raises:
            ClockError: the capture failed; names the first cause.
        """
        graph, pool = torch.cuda.CUDAGraph(), torch.cuda.graph_pool_handle()
        outside = torch.cuda.current_stream(self.device)
        side = torch.cuda.Stream(self.device)  # type: ignore[no-untyped-call]
        try:
            side.wait_stream(outside)
            with torch.cuda.stream(side):
                for _ in range(SETTLING_RUNS):
                    run()
            outside.wait_stream(side)
            self.finish()
            self._capturing = True
            with torch.cuda.graph(graph, pool=pool, stream=side):
                made = run()
        except BaseException as error:
            torch.cuda.set_stream(
                outside
            )  # torch before 2.12 leaves its own stream current, and its allocator in the capture
            _end_allocating(self.device, pool)
            self.finish()
            root = find_root(error)
            if not isinstance(root, Exception):  # Ctrl-C, or a network that ends the program
                raise root from None
            raise ClockError(f"the network cannot be captured as a CUDA graph: {first_line(root)}") from error
        finally:
            self._capturing = False
            torch.cuda.set_stream(outside)

        def replay() -> T:
            graph.replay()
            return made

        return replay


def _end_allocating(device: torch.device, pool: Any) -> None:
    """Take the allocator out of a failed capture by a private function of torch."""
    end = getattr(torch._C, "_cuda_endAllocateToPool", None)  # noqa: SLF001 - there is no public one
    if end is not None:
        with suppress(RuntimeError):  # the allocator has left the capture already
            end(device.index, pool)
