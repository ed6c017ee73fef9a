"""The ends of warm-up and sampling, and the notes if they stop too early; on a fake clock."""

import itertools
import math
import random

import pytest
from clock.fake_clock import FakeClock
from hypothesis import given, strategies

from archcost.clock.sampling import Rounds, sample, warm_up
from archcost.clock.telling import listening
from archcost.clock.windows import Windows
from archcost.records import Series, TimingPlan

MS = 10**6
PLAN = TimingPlan(max_ns=10**9, max_warmup_ns=10**9)


def taking(clock, *durations):
    """Return a function that runs iterations, each as long as the next duration."""
    left = itertools.cycle(durations)

    def take():
        ns = next(left)
        clock.host += ns
        return [ns]

    return take


def test_warm_up_ends_when_five_medians_agree():
    clock = FakeClock()
    left = itertools.chain([90, 50, 30, 20, 12], itertools.repeat(10))

    def take():
        clock.host += (ns := next(left) * MS)
        return [ns]

    warmup, median = warm_up(take, PLAN, clock)

    assert warmup.settled
    assert median == 10 * MS
    # the first block of three is 90, 50, 30; the second has the median 12; five blocks of tens follow
    assert warmup.iterations == 3 * (2 + 5)


def test_a_warm_up_that_never_settles_stops_at_its_limit():
    """Each iteration is a hundredth faster than the one before, without end."""
    clock = FakeClock()
    durations = (round(30 * MS * 0.99**n) for n in itertools.count())

    def take():
        clock.host += (ns := next(durations))
        return [ns]

    warmup, _ = warm_up(take, PLAN, clock)

    assert not warmup.settled
    assert PLAN.max_warmup_ns <= warmup.ns < 1.2 * PLAN.max_warmup_ns


def test_a_warm_up_among_other_work_ends_when_it_gets_no_faster():
    """The medians never agree within a hundredth, but from the second block on they do not fall."""
    clock = FakeClock()
    left = itertools.chain([90, 50, 60], itertools.cycle([10, 10, 10, 14, 14, 14, 12, 12, 12]))

    def take():
        clock.host += (ns := next(left) * MS)
        return [ns]

    warmup, _ = warm_up(take, PLAN, clock)

    assert warmup.settled
    assert warmup.ns < PLAN.max_warmup_ns


def test_a_slow_network_warms_up_for_three_iterations_at_least():
    clock = FakeClock()
    warmup, _ = warm_up(taking(clock, 2 * 10**9), PLAN, clock)

    assert warmup.iterations == 3


def test_the_first_iteration_which_may_compile_takes_nothing_of_the_limit():
    clock = FakeClock()
    left = itertools.chain([60 * 10**9], itertools.repeat(10 * MS))

    def take():
        clock.host += (ns := next(left))
        return [ns]

    warmup, median = warm_up(take, PLAN, clock)

    assert warmup.settled
    assert median == 10 * MS
    assert warmup.ns > 60 * 10**9


def test_sampling_ends_with_enough_samples_over_enough_time():
    clock = FakeClock()
    series, missing = sample(taking(clock, 1 * MS), PLAN, clock, "end to end")

    assert missing == ()
    assert series.n * MS >= PLAN.min_ns
    assert series.n < 1.2 * PLAN.min_ns / MS


def test_twenty_samples_are_taken_of_a_slow_network():
    clock = FakeClock()
    series, missing = sample(taking(clock, 30 * MS), PLAN, clock, "end to end")

    assert (series.n, missing) == (20, ())


def test_the_time_limit_names_what_is_missing():
    clock = FakeClock()
    series, missing = sample(taking(clock, 300 * MS), PLAN, clock, "end to end")

    assert series.n == 4
    assert missing[0] == "end to end: 4 samples after 1.200 s, not 20"
    assert missing[1] == "end to end: too few samples to say how well the median is known"


def test_noise_that_more_samples_do_not_narrow_ends_early_and_is_named():
    """Half of the samples take twice as long: the interval spans both values, however many samples there are."""
    clock = FakeClock()
    plan = TimingPlan(max_ns=10**11)
    series, missing = sample(taking(clock, 1 * MS, 2 * MS), plan, clock, "end to end")

    assert 600 < series.n < 3000
    (text,) = missing
    assert text.startswith("end to end: the median is known to ±")
    assert text.endswith("not to ±1.0 %")


def test_noise_that_more_samples_narrow_goes_on_until_the_limit():
    """Evenly spread from 1 to 9 ms: the interval narrows with the root of n, and reaches 1 % only after the limit."""
    clock = FakeClock()
    numbers = random.Random(0)  # noqa: S311 - made-up times
    left = (numbers.randint(1 * MS, 9 * MS) for _ in itertools.count())

    def take():
        clock.host += (ns := next(left))
        return [ns]

    series, missing = sample(take, TimingPlan(max_ns=4 * 10**9), clock, "end to end")

    assert sum(series.ns) >= 4 * 10**9
    assert "the median is known to ±" in missing[0]


@pytest.mark.parametrize(("part", "seconds"), [(1, 4.0), (0.6, 3.0), (0.4, 2.5), (0.01, 2.5)])
def test_what_goes_to_others_counts_twice_towards_the_limit(part, seconds, monkeypatch):
    """In steps of half a second: 4 / 1.4 is 2.9, 4 / 1.6 is 2.5, 4 / 1.99 is 2.01."""
    clock = FakeClock()
    monkeypatch.setattr(clock, "cpu", lambda: round(clock.host * part))
    series, missing = sample(taking(clock, 500 * MS), TimingPlan(max_ns=4 * 10**9), clock, "end to end")

    assert sum(series.ns) == seconds * 10**9
    assert missing[0] == f"end to end: {series.n} samples after {seconds:.3f} s, not 20"


def test_whoever_listens_is_told_how_far_a_measurement_is():
    clock, heard = FakeClock(), []
    with listening(heard.append):
        warm_up(taking(clock, 1 * MS), PLAN, clock)
        sample(taking(clock, 1 * MS), PLAN, clock, "end to end")
    before = len(heard)
    sample(taking(clock, 1 * MS), PLAN, clock, "end to end")

    assert heard[0] == "warming up: 5 iterations"
    assert heard[-1].startswith("end to end: ")
    assert heard[-1].endswith("the median known to ±0.0 %")
    assert len(heard) == before


def test_no_outlier_is_dropped():
    clock = FakeClock()
    series, _ = sample(taking(clock, *[1 * MS] * 9, 50 * MS), PLAN, clock, "end to end")

    assert series.ns.count(50 * MS) == series.n // 10


def ordering(clock, host, device):
    return lambda: clock.work(host, device)


def test_the_queue_hides_the_host_from_the_devices_time():
    """The host needs 30 for an iteration, the device 10: while the device is held, its own 10 are measured."""
    clock = FakeClock(queues=True)
    rounds = Rounds(ordering(clock, 30, 10), clock)
    assert rounds.take() == [40]  # the device waits for the host

    rounds.fill(10)

    assert set(rounds.take()) == {10}
    assert rounds.full is True
    assert rounds.wait() == [(30 * rounds.size + 10) // rounds.size]


def test_a_queue_that_holds_little_is_asked_for_fewer_iterations_at_once():
    clock = FakeClock(queues=True, depth=8)
    rounds = Rounds(ordering(clock, 300, 90), clock)
    rounds.fill(90)

    assert 1 <= rounds.size < 10
    assert rounds.full is None  # the search does not count
    rounds.take()
    assert rounds.full is True


def test_a_host_that_cannot_get_ahead_is_found_out():
    """A queue of three entries is full before the first iteration is launched."""
    clock = FakeClock(queues=True, depth=3)

    def run():
        for _ in range(20):
            clock.work(50, 1)

    rounds = Rounds(run, clock)
    rounds.fill(20)
    rounds.take()

    assert rounds.size == 1
    assert rounds.full is False


def test_there_is_no_queue_on_the_cpu():
    clock = FakeClock()
    rounds = Rounds(ordering(clock, 3, 10), clock)
    rounds.fill(13)

    assert rounds.take() == [13]
    assert rounds.full is None


def test_the_device_is_waited_for_once_a_round():
    clock = FakeClock(queues=True)
    rounds = Rounds(ordering(clock, 1, 10), clock)
    rounds.size = 7
    before = clock.finished
    rounds.take()

    assert clock.finished - before == 1


def test_a_hold_is_measured_once_and_does_not_grow():
    clock = FakeClock(queues=True, depth=3)
    windows = Windows(clock)

    def run():
        for _ in range(20):
            clock.work(50, 1)

    windows.fit(lambda: windows.order(run, 0), divisible=False)
    took = []
    for _ in range(5):
        before = clock.host
        windows.order(run, 0)
        took.append(clock.host - before)

    assert len(set(took)) == 1


SAMPLES = strategies.lists(strategies.integers(1, 10**9), min_size=6, max_size=60)


@given(SAMPLES)
def test_the_interval_of_the_median_holds_the_median(ns):
    series = Series(tuple(ns))
    ordered = sorted(ns)
    assert ordered[0] <= series.quantile(0.1) <= series.median <= series.quantile(0.9) <= ordered[-1]
    assert 0 <= series.half_width <= (ordered[-1] - ordered[0]) / 2 / series.median


def test_the_interval_of_the_median_covers_it_as_often_as_it_says():
    """For 20 samples these are the 6th and the 15th: they enclose it in 95.9 % of all cases, as in textbooks."""
    series = Series(tuple(range(101, 121)))
    assert series.half_width == pytest.approx((115 - 106) / 2 / series.median)


@pytest.mark.parametrize("n", [6, 7, 9, 12, 20, 33, 50, 100, 399])
def test_the_interval_covers_nineteen_in_twenty(n):
    """A sample lies below the median like a coin shows heads: the coverage of the ranks can be enumerated."""
    series = Series(tuple(range(1, n + 1)))
    width = round(series.half_width * series.median * 2)
    lower = (n + 1 - width) // 2  # the ranks are symmetric around the middle
    assert 0.945 < sum(math.comb(n, k) for k in range(lower, lower + width)) / 2**n < 0.99


def test_five_samples_say_nothing_of_the_median():
    assert Series((1, 1, 1, 1, 1)).half_width == math.inf


def test_quantiles_lie_between_samples():
    series = Series((40, 10, 20, 30))
    assert series.median == 25
    assert series.quantile(0.1) == pytest.approx(13)
    assert series.quantile(0.9) == pytest.approx(37)
    assert series.spread == pytest.approx(24 / 25)
