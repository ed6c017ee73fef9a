"""The three measurements on a fake clock: end to end, per layer, and joined with the exact rows."""

import random

import pytest
import torch
from clock.fake_clock import MEMORY, FakeClock, Work
from clock.jobs import job_of
from torch import nn
from torch.nn.modules import module as torch_module

from archcost.clock.measure import measure
from archcost.records import TimingPlan

CPU = torch.device("cpu")
PLAN = TimingPlan(max_ns=10**9, max_warmup_ns=10**9)
US = 1000


class Residual(nn.Module):
    """Two leaves, one of which runs twice, an addition outside of leaves, and a nested leaf behind it."""

    def __init__(self, clock, host=0):
        super().__init__()
        self.clock = [clock]
        self.first = Work(clock, 100 * US, host=host)
        self.block = nn.Sequential(Work(clock, 30 * US, host=host), Work(clock, 50 * US, host=host))

    def forward(self, x):
        y = self.first(x)
        z = self.block(self.first(y))
        self.clock[0].work(0, 7 * US)  # the time of the addition
        return z + x


def measured(network, clock, plan=PLAN, **rest):
    return measure(job_of(network, **rest), plan, clock, CPU)


def medians(sample):
    return {(row.name, row.call): row.times.median for row in sample.layers.rows}


def test_the_rows_are_the_walks_by_name_and_call_and_the_rest_is_between():
    clock = FakeClock()
    sample = measured(Residual(clock), clock)

    assert medians(sample) == {
        ("first", 0): 100 * US,
        ("first", 1): 100 * US,
        ("block.0", 0): 30 * US,
        ("block.1", 0): 50 * US,
        ("between: (add)", 0): 7 * US,
        ("between: (no operator)", 0): 0,
    }
    assert [row.role for row in sample.layers.rows] == ["leaf"] * 4 + ["between"] * 2
    assert sample.end_to_end.median == 287 * US
    assert sample.layers.coverage == pytest.approx(280 / 287)
    assert (sample.unmet, sample.notes) == ((), ())


def test_the_rows_of_each_pass_add_up_to_its_span_to_the_nanosecond():
    """The durations never repeat in phase, so that a lost or doubled interval shows.

    A pass takes about 5 ms of the clock, since passes of microseconds would be repeated a hundred thousand times.
    """
    clock = FakeClock(mark_ns=3)
    network = nn.Sequential(*(Work(clock, *(10_007 * k for k in range(11 * n, 12 * n + 7))) for n in range(1, 9)))
    sample = measured(network, clock, TimingPlan(max_ns=6 * 10**8, max_warmup_ns=10**8))
    layers = sample.layers

    assert layers.spans.n >= 20
    assert len({row.times.n for row in layers.rows} | {layers.spans.n}) == 1
    for i, span in enumerate(layers.spans.ns):
        assert sum(row.times.ns[i] for row in layers.rows) == span
    assert len(set(layers.spans.ns)) > 5


def test_the_overhead_of_the_events_is_what_they_add():
    clock = FakeClock(mark_ns=2 * US)
    sample = measured(Residual(clock), clock)

    # ten marks in the pass: two for each of four leaf calls, the first and the last; the plain iteration also has the
    # last two, one of them inside
    assert sample.layers.overhead == pytest.approx(8 * 2 / 289, abs=0.01)


def test_a_device_that_the_host_feeds_fast_enough_is_not_cpu_bound():
    clock = FakeClock(queues=True, memory=MEMORY)
    sample = measured(Residual(clock, host=5 * US), clock)

    assert sample.queue_full is True
    assert sample.layers.queue_full is True
    assert sample.end_to_end.median == 287 * US
    assert not sample.cpu_bound
    assert sample.memory == MEMORY
    assert medians(sample)["block.0", 0] == 30 * US


def test_a_slow_host_does_not_show_in_the_rows_and_is_reported():
    """The host needs twice as long as the device: while the device is held, it still shows its own times."""
    clock = FakeClock(queues=True)
    sample = measured(Residual(clock, host=150 * US), clock)

    assert medians(sample)["first", 0] == 100 * US
    assert sample.end_to_end.median == 287 * US
    assert sample.wall.median >= 600 * US
    assert sample.idle == pytest.approx(1 - 287 / 600, abs=0.05)
    assert sample.cpu_bound
    assert sample.latency_ns == sample.latency.median == pytest.approx(600 * US + 57 * US, rel=0.01)  # and the last row


def test_where_the_queue_cannot_be_kept_full_the_rows_are_upper_bounds():
    clock = FakeClock(queues=True, depth=4)
    sample = measured(Residual(clock, host=500 * US), clock)

    assert sample.layers.queue_full is False
    assert sample.queue_full is False
    assert sample.cpu_bound
    assert medians(sample)["first", 0] >= 100 * US


def test_a_captured_graph_leaves_the_host_out():
    clock = FakeClock(queues=True)
    sample = measured(Residual(clock, host=150 * US), clock, TimingPlan(timer="graph"))

    assert sample.timer == "CUDA graph"
    assert sample.wall.median == pytest.approx(287 * US, rel=0.01)
    assert not sample.cpu_bound
    assert medians(sample)["first", 1] == 100 * US


@pytest.mark.parametrize(
    ("captures", "phases", "why"), [(False, (), "it asks for a value"), (True, 1, "training step")]
)
def test_what_cannot_be_captured_is_timed_with_events_and_says_why(captures, phases, why):
    clock = FakeClock(queues=True, captures=captures)
    later = (("backward", lambda: clock.work(0, 10 * US)),) if phases else ()
    sample = measured(Residual(clock), clock, TimingPlan(timer="graph"), phases=later)

    assert sample.timer == "fake events"
    (note,) = sample.notes
    assert why in note
    assert note.startswith("--timer graph: ")


def test_the_phases_of_a_training_step_are_rows():
    clock = FakeClock()
    phases = (("loss", lambda: clock.work(0, 1 * US)), ("backward", lambda: clock.work(0, 600 * US)))
    sample = measured(Residual(clock), clock, phases=phases, phase_macs={"backward": 77})

    backward = sample.layers.rows[-1] if sample.layers.rows[-1].role == "phase" else sample.layers.rows[-2]
    assert (backward.name, backward.macs, backward.moved_bytes) == ("backward", 77, None)
    assert medians(sample)["backward", 0] == 600 * US
    assert sample.end_to_end.median == 888 * US


class Fickle(nn.Module):
    """Every third pass runs an extra leaf."""

    def __init__(self, clock):
        super().__init__()
        self.leaf, self.detour, self.passes = Work(clock, 10 * US), Work(clock, 10 * US), 0

    def forward(self, x):
        self.passes += 1
        return self.leaf(x) if self.passes % 3 else self.detour(self.leaf(x))


def test_a_network_that_changes_its_layers_has_no_rows_but_a_time():
    clock = FakeClock()
    sample = measured(Fickle(clock), clock)

    assert sample.layers is None
    (note,) = sample.notes
    assert "does not run the same layers every time" in note
    assert sample.end_to_end.n >= 20


class Switched(nn.Module):
    """Its operators depend on a switch, which is turned after the walk."""

    def __init__(self, clock):
        super().__init__()
        self.one, self.other, self.on = Work(clock, 10 * US), Work(clock, 10 * US), False

    def forward(self, x):
        return (self.other if self.on else self.one)(x)


def test_rows_that_the_account_lacks_are_not_made_up():
    clock = FakeClock()
    network = Switched(clock)
    job = job_of(network)
    network.on = True
    sample = measure(job, PLAN, clock, CPU)

    assert sample.layers is None
    assert "other layers when it is timed than when it was counted" in sample.notes[0]


class Inner(nn.Module):
    """A leaf that calls another leaf, which is not its child."""

    def __init__(self, clock, other):
        super().__init__()
        self.clock, self.other = [clock], [other]

    def forward(self, x):
        self.clock[0].work(0, 5 * US)
        y = self.other[0](x)
        self.clock[0].work(0, 6 * US)
        return y


def test_a_leaf_inside_a_leaf_owns_its_own_time_only():
    clock = FakeClock()
    inner = Work(clock, 40 * US)
    sample = measured(nn.Sequential(inner, Inner(clock, inner)), clock)

    assert medians(sample)["1", 0] == 11 * US
    assert medians(sample)["0", 0] == 40 * US
    assert medians(sample)["0", 1] == 40 * US


def test_layers_are_not_timed_where_nobody_asked():
    clock = FakeClock()
    sample = measured(Residual(clock), clock, TimingPlan(layers=False))

    assert (sample.layers, sample.notes) == (None, ())


def test_a_compiled_network_has_no_rows():
    clock = FakeClock()
    sample = measured(Residual(clock), clock, TimingPlan(compiled=True))

    assert sample.layers is None
    assert "compiled" in sample.notes[0]


class Dying(nn.Module):
    """Fails in the n-th pass."""

    def __init__(self, clock, last):
        super().__init__()
        self.leaf, self.left = Work(clock, 10 * US), last

    def forward(self, x):
        self.left -= 1
        y = self.leaf(x)
        if self.left < 0:
            raise RuntimeError("on purpose")
        return y


def global_hooks():
    return len(torch_module._global_forward_hooks), len(torch_module._global_forward_pre_hooks)


@pytest.mark.parametrize("last", [1, 30, 20_200])
def test_no_hook_stays_also_when_the_network_dies(last):
    clock = FakeClock()
    before = global_hooks()
    with pytest.raises(RuntimeError, match="on purpose"):
        measured(Dying(clock, last), clock)

    assert global_hooks() == before


def test_k_equal_layers_take_equal_times_and_grow_with_k():
    totals = {}
    for k in (1, 2, 4, 8):
        clock = FakeClock()
        sample = measured(nn.Sequential(*(Work(clock, 40 * US) for _ in range(k))), clock)
        rows = [row.times.median for row in sample.layers.rows if row.role == "leaf"]
        assert rows == [40 * US] * k
        totals[k] = sample.end_to_end.median
    assert totals == {k: 40 * US * k for k in totals}


def test_noise_without_end_takes_no_longer_than_one_measurement_and_a_half():
    """Random times of 1 to 9 ms: five seconds for warm-up and end to end, half as long by layers, a tenth for hooks."""
    clock, numbers = FakeClock(), random.Random(0)  # noqa: S311 - made-up times
    network = nn.Sequential(Work(clock, *(numbers.randint(1000 * US, 9000 * US) for _ in range(10_007))))
    sample = measured(network, clock, TimingPlan(roof=False))

    assert sample.unmet
    assert clock.host <= 7.8 * 10**9
