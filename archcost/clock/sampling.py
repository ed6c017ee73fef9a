"""When to stop: warming up until the times have settled, sampling until the median is known well enough."""

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
BLOCK = 3  # iterations whose median is one of those that have to agree
AGREEING = 5
LEAST_BLOCK_NS = 5_000_000  # a median of microseconds says little
MOST_AT_ONCE = 10
ROUND_NS = 10_000_000
STUCK = 0.7  # of the width with an eighth of the samples
LEAST_STUCK_NS = 10**9
GROWTH = 1.1  # the confidence interval is looked at again after so many times the samples


class Rounds:
    """Iterations in rounds: several are ordered with a mark after each, and waited for once.

    `divided` runs an iteration and lets windows end inside it; None where that cannot be. `full` says whether the host
    stayed ahead of the device throughout, None where there is no queue. `cpu_ns` is for each iteration what this thread
    has worked, beside the time of the clock.
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
        """Choose how many iterations are ordered at once: fewer, down to one, where the queue does not hold them."""
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
        """Read something while the device works; on the CPU, which works itself, between two iterations."""
        if not self._clock.queues:
            return read()
        self._order()  # an idle device has other clocks
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
    """Run until the last five medians agree, or are no faster than those before; return what it took, and the last.

    On a busy machine medians never agree, but they stop falling. The first iteration, which compiles, allocates and
    loads, takes as long as it takes: the limit begins behind it.
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
    """Take samples until there are enough of them, or more would not help; return them, and what is missing."""
    begun, worked = clock.now(), clock.cpu()
    ns: list[int] = []
    widths: dict[int, float] = {}
    next_look = plan.min_samples
    while True:
        ns += take()
        elapsed = clock.now() - begun
        lost = 0 if clock.queues else max(0, elapsed - (clock.cpu() - worked))
        over = elapsed + lost >= plan.max_ns  # what goes to others counts twice: more samples would show them again
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
    """Whether the interval is as wide as with an eighth of the samples; where they are all alike it has a third of it.

    With a half of them the comparison would be that of two widths of which each is itself known to a fifth.
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
