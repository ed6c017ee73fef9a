"""Rules for stopping: warm up until the times have settled, sample until the median is precise enough."""

from __future__ import annotations

import math
import statistics
from typing import TYPE_CHECKING, TypeVar

from archcost import units
from archcost.clock.telling import tell
from archcost.clock.windows import Windows
from archcost.records import Series, Warmup

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from archcost.clock.protocol import Clock
    from archcost.clock.windows import Interval
    from archcost.records import TimingPlan

T = TypeVar("T")
BLOCK = 3  # iterations per median of the warm-up
AGREEING = 5
LEAST_BLOCK_NS = 5_000_000  # a median of microseconds is unreliable
MOST_AT_ONCE = 10
ROUND_NS = 10_000_000
STUCK = 0.7  # of the width at an eighth of the samples
LEAST_STUCK_NS = 10**9
GROWTH = 1.1  # the factor of samples between two looks at the confidence interval


class Rounds:
    """Iterations in rounds: the host orders several, with a mark after each, and waits once.

    `divided` runs an iteration and lets windows end inside it; None if that is impossible. `full` says whether the host
    always stayed ahead of the device; None without a queue. `cpu_ns` is this thread's CPU time for each iteration.
    """

    def __init__(
        self, run: Callable[[], object], clock: Clock, divided: Callable[[Windows], object] | None = None
    ) -> None:
        self._run, self._clock, self._divided = run, clock, divided
        self._windows = Windows(clock)
        self.size = 1
        self.full: bool | None = None
        self.cpu_ns: list[int] = []

    def take(self) -> list[int]:
        """Run one round; return the time of each iteration."""
        before = self._clock.cpu()
        intervals = self._order()
        self.cpu_ns += [(self._clock.cpu() - before) // self.size] * self.size
        ns = [0] * self.size
        for interval in intervals:
            assert isinstance(interval.owner, int)  # noqa: S101 - the number of an iteration
            ns[interval.owner] += interval.ns
        if self._clock.queues:
            self.full = self.full is not False and all(interval.ahead for interval in intervals)
        return ns

    def fill(self, median_ns: float) -> None:
        """Choose the number of iterations per round, down to one if the queue cannot hold more."""
        if self._clock.queues:
            self.size = max(1, min(MOST_AT_ONCE, int(ROUND_NS / max(median_ns, 1))))
        while not self._windows.fit(self._order, divisible=False) and self.size > 1:
            self.size //= 2
        if self.size == 1 and self._divided is not None:
            self._windows.fit(self._order, divisible=True)
        self.full, self.cpu_ns = None, []

    def wait(self) -> list[int]:
        """Run one round on an idle device; return the host's wait for each iteration."""
        return [self._wait_for(self.size) // self.size]

    def wait_for_one(self) -> list[int]:
        """Run one iteration on an idle device; return the host's wait for it."""
        return [self._wait_for(1)]

    def look(self, read: Callable[[], T]) -> T:
        """Read a state while the device works; on the CPU, between two iterations."""
        if not self._clock.queues:
            return read()
        self._order()  # an idle device has lower clocks
        ordered = self._windows.record(self._run_round, 0)
        found = read()
        self._windows.read(ordered)
        return found

    def _wait_for(self, iterations: int) -> int:
        begun = self._clock.now()
        for _ in range(iterations):
            self._run()
        self._clock.finish()
        return self._clock.now() - begun

    def _order(self) -> list[Interval]:
        return self._windows.order(self._run_round, 0)

    def _run_round(self) -> None:
        for number in range(self.size):
            if number:
                self._windows.mark(number)
            if self._windows.size is None or self._divided is None:
                self._run()
            else:
                self._divided(self._windows)


def warm_up(take: Callable[[], list[int]], plan: TimingPlan, clock: Clock) -> tuple[Warmup, float]:
    """Run until the last five medians agree or stop falling; return the warm-up, and the last time.

    On a busy machine, medians never agree, but they stop falling. The limit starts after the first iteration, which
    compiles, allocates and loads.
    """
    begun = clock.now()
    block = take()
    ready = clock.now()
    medians: list[float] = []
    iterations = 0
    while True:
        while len(block) < BLOCK or sum(block) < LEAST_BLOCK_NS:
            block += take()
        iterations += len(block)
        medians.append(statistics.median(block))
        last = medians[-AGREEING:]
        settled = len(last) == AGREEING and (
            max(last) - min(last) <= plan.agreement * min(last)
            or min(last) >= (1 - plan.agreement) * min(medians[:-AGREEING][-AGREEING:], default=math.inf)
        )
        tell(f"warming up: {units.number(iterations)} iterations")
        now = clock.now()
        if settled or now - ready >= plan.max_warmup_ns:
            return Warmup(iterations=iterations, ns=now - begun, settled=settled), medians[-1]
        block = []


def sample(take: Callable[[], list[int]], plan: TimingPlan, clock: Clock, what: str) -> tuple[Series, tuple[str, ...]]:
    """Take samples until they are enough or more would not help; return them, and the unmet conditions."""
    begun, worked = clock.now(), clock.cpu()
    ns: list[int] = []
    widths: dict[int, float] = {}
    next_look = plan.min_samples
    while True:
        ns += take()
        elapsed = clock.now() - begun
        lost = 0 if clock.queues else max(0, elapsed - (clock.cpu() - worked))
        over = (
            elapsed + lost >= plan.max_ns
        )  # time that goes to other processes counts twice, because more samples would show it again
        if len(ns) < next_look and not over:
            continue
        next_look = math.ceil(len(ns) * GROWTH)
        series = Series(tuple(ns))
        widths[series.n] = series.half_width
        tell(f"{what}: {units.number(series.n)} samples, the median known to ±{_percent(series.half_width)}")
        stuck = (
            elapsed >= max(plan.min_ns, LEAST_STUCK_NS) and series.n >= plan.min_samples and _no_longer_shrinks(widths)
        )
        missing = _missing(series, elapsed, plan)
        if not missing or stuck or over:
            return series, tuple(f"{what}: {text}" for text in missing)


def _no_longer_shrinks(widths: Mapping[int, float]) -> bool:
    """Whether the interval is as wide as at an eighth of the samples; for uniform noise it would be a third as wide.

    A comparison with half of the samples would compare two widths, each with an error of a fifth.
    """
    last = max(widths)
    early = max((n for n in widths if 8 * n <= last), default=None)
    return early is not None and widths[last] > STUCK * widths[early]


def _percent(part: float) -> str:
    return "?" if math.isinf(part) else units.percent(part)


def _missing(series: Series, elapsed: int, plan: TimingPlan) -> list[str]:
    after = f"after {units.duration(elapsed)}"
    missing = []
    if series.n < plan.min_samples:
        missing.append(f"{series.n} sample{'' if series.n == 1 else 's'} {after}, not {plan.min_samples}")
    if elapsed < plan.min_ns:
        missing.append(f"{units.duration(elapsed)} of samples, not {units.duration(plan.min_ns)}")
    if math.isinf(series.half_width):
        missing.append("too few samples to say how well the median is known")
    elif series.half_width > plan.half_width:
        found, wanted = units.percent(series.half_width), units.percent(plan.half_width)
        missing.append(f"the median is known to ±{found} {after}, not to ±{wanted}")
    return missing
