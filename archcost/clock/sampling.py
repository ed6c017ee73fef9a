"""When to stop: warming up until the times have settled, sampling until the median is known well enough."""

from __future__ import annotations

import math
import statistics
from itertools import pairwise
from typing import TYPE_CHECKING, Any, TypeVar

from archcost import units
from archcost.records import Series, Warmup

if TYPE_CHECKING:
    from collections.abc import Callable

    from archcost.clock.protocol import Clock
    from archcost.records import TimingPlan

T = TypeVar("T")
BLOCK = 3  # iterations whose median is one of those that have to agree
AGREEING = 5
LEAST_BLOCK_NS = 5_000_000  # a median of microseconds says little
MOST_AT_ONCE = 10
ROUND_NS = 10_000_000
SAFETY = 1.5
GROWTH = 1.1  # the confidence interval is looked at again after so many times the samples


class Queue:
    """Orders work so that the device never waits for the host, and notes whether that succeeded.

    The device is held for longer than the host needs to order everything; that it has not come past the first mark by
    then shows that the queue was full all along. Where the host does the work itself there is nothing to hold.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._hold_ns = 0.0
        self._ordered_ns = 0
        self.full: bool | None = None

    def order(self, run: Callable[[], tuple[list[Any], T]]) -> tuple[list[Any], T]:
        """Order what `run` runs, which returns its marks first; wait for it to be done."""
        clock = self._clock
        clock.hold(self._hold_ns)
        begun = clock.now()
        marks, rest = run()
        self._ordered_ns = clock.now() - begun
        if clock.queues:
            ahead = not clock.passed(marks[0])
            self.full = ahead if self.full is None else self.full and ahead
        clock.finish()
        return marks, rest

    def fill(self, run: Callable[[], tuple[list[Any], T]]) -> bool:
        """Find out how long to hold the device for; return whether the host then stays ahead of it."""
        self._hold_ns = 0.0
        if self._clock.queues:
            self.order(run)
            self._hold_ns = SAFETY * self._ordered_ns
            self.full = None
            self.order(run)
        ahead, self.full = self.full is not False, None
        return ahead


class Rounds:
    """Iterations in rounds: several are ordered with a mark after each, and waited for once."""

    def __init__(self, run: Callable[[], object], clock: Clock) -> None:
        self._run, self._clock = run, clock
        self.queue = Queue(clock)
        self.size = 1

    def take(self) -> list[int]:
        """Run one round; return the time of each iteration."""
        marks, _ = self.queue.order(self.ordered)
        offsets = self._clock.offsets(marks)
        return [after - before for before, after in pairwise(offsets)]

    def fill(self, median_ns: float) -> None:
        """Choose how many iterations are ordered at once: fewer, down to one, where the queue does not hold them."""
        if self._clock.queues:
            self.size = max(1, min(MOST_AT_ONCE, int(ROUND_NS / max(median_ns, 1))))
        while not self.queue.fill(self.ordered) and self.size > 1:
            self.size //= 2

    def wait(self) -> list[int]:
        """Run one round on an idle device; return what the host waited for each iteration."""
        begun = self._clock.now()
        for _ in range(self.size):
            self._run()
        self._clock.finish()
        return [(self._clock.now() - begun) // self.size]

    def ordered(self) -> tuple[list[Any], None]:
        """Order one round; return its marks."""
        marks = [self._clock.mark()]
        for _ in range(self.size):
            self._run()
            marks.append(self._clock.mark())
        return marks, None


def warm_up(take: Callable[[], list[int]], plan: TimingPlan, clock: Clock) -> tuple[Warmup, float]:
    """Run until the last five medians agree, or the limit; return what it took, and the last median.

    The first iteration, which compiles, allocates and loads, takes as long as it takes: the limit begins behind it.
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
        settled = len(last) == AGREEING and max(last) - min(last) <= plan.agreement * min(last)
        now = clock.now()
        if settled or now - ready >= plan.max_warmup_ns:
            return Warmup(iterations=iterations, ns=now - begun, settled=settled), medians[-1]
        block = []


def sample(take: Callable[[], list[int]], plan: TimingPlan, clock: Clock, what: str) -> tuple[Series, tuple[str, ...]]:
    """Take samples until there are enough of them; return them, and what is missing where the time ran out."""
    begun = clock.now()
    ns: list[int] = []
    next_look = plan.min_samples
    while True:
        ns += take()
        elapsed = clock.now() - begun
        if len(ns) < next_look and elapsed < plan.max_ns:
            continue
        next_look = math.ceil(len(ns) * GROWTH)
        missing = _missing(Series(tuple(ns)), elapsed, plan)
        if not missing or elapsed >= plan.max_ns:
            return Series(tuple(ns)), tuple(f"{what}: {text}" for text in missing)


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
