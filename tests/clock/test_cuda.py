"""The clock of CUDA devices on a virtual device: its times against the times set by the test."""

import gc
import re
import weakref
from dataclasses import replace

import pytest
import torch
from clock.jobs import job_of
from clock.virtual_cuda import Driver, Kernel, VirtualCuda
from render import samples
from torch import nn

from archcost.clock.cuda import CudaClock
from archcost.clock.measure import measure
from archcost.clock.regime import regime
from archcost.errors import ClockError
from archcost.records import TimingPlan
from archcost.render.timing import build_rows_table, list_remarks, spell_conditions

US = 1000
PLAN = TimingPlan(max_ns=10**9, max_warmup_ns=10**9, roof=False)
EVENT_NS = 500


def timed(cuda, network, plan=PLAN, on=0, **rest):
    device = torch.device("cuda", on)
    return measure(job_of(network, **rest), plan, CudaClock(device), device)


def chain(cuda, depth, **rest):
    return nn.Sequential(*(Kernel(cuda, **rest) for _ in range(depth)))


@pytest.fixture
def cuda(monkeypatch):
    return VirtualCuda().install(monkeypatch)


@pytest.mark.parametrize("depth", [100, 700, 1400, 3000])
@pytest.mark.parametrize(("host", "device"), [(8, 100), (30, 10), (8, 10)], ids=["gpu-bound", "slow-host", "even"])
def test_rows_and_bounds_hold_at_any_depth(cuda, depth, host, device):
    """Equal layers have equal rows: the kernel and one event. It is CPU-bound if the host needs longer for all."""
    sample = timed(cuda, chain(cuda, depth, host=host * US, device=device * US))
    rows = [row for row in sample.layers.rows if row.role == "leaf"]

    assert {row.times.median for row in rows} == {device * US + EVENT_NS}
    assert not any(row.upper_bound for row in rows)
    assert (sample.queue_full, sample.layers.queue_full) == (True, True)
    assert sample.end_to_end.median == pytest.approx(depth * device * US, rel=0.01)
    assert sample.wall.median == pytest.approx(depth * max(host, device) * US, rel=0.05)
    assert sample.cpu_bound == (host > device)
    assert sample.idle == pytest.approx(max(0, 1 - device / host), abs=0.05)


def test_the_intervals_of_a_pass_add_up_to_its_span_over_several_windows(cuda):
    sample = timed(cuda, nn.Sequential(*(Kernel(cuda, host=20 * US, device=n * US) for n in range(1, 1200))))
    layers = sample.layers
    for i, span in enumerate(layers.spans.ns):
        assert sum(row.times.ns[i] for row in layers.rows) == span
    assert layers.spans.median == pytest.approx(sum(range(1, 1200)) * US, rel=0.01)


def test_leaves_of_many_kernels_have_smaller_windows(cuda):
    sample = timed(cuda, chain(cuda, 300, host=120 * US, device=60 * US, launches=12))
    rows = [row for row in sample.layers.rows if row.role == "leaf"]

    assert {row.times.median for row in rows} == {60 * US + EVENT_NS}
    assert sample.layers.queue_full


def test_one_row_that_fills_the_queue_alone_is_an_upper_bound_and_the_others_are_not(cuda):
    """2,000 launches of one leaf exceed the queue: the host is late for this leaf even if the device is held."""
    network = chain(cuda, 10, host=10 * US, device=5 * US)
    network.append(Kernel(cuda, host=20_000 * US, device=2000 * US, launches=2000))
    sample = timed(cuda, network)
    late = [row.name for row in sample.layers.rows if row.upper_bound]

    assert late == ["10"]
    assert sample.layers.queue_full is False
    assert {row.times.median for row in sample.layers.rows[:10]} == {5 * US + EVENT_NS}


def test_without_a_way_to_hold_the_device_a_slow_host_is_said(monkeypatch):
    cuda = VirtualCuda(sleeps=False).install(monkeypatch)
    sample = timed(cuda, chain(cuda, 50, host=30 * US, device=10 * US))

    assert sample.queue_full is False
    assert sample.layers.queue_full is False
    assert any(row.upper_bound for row in sample.layers.rows)


@pytest.mark.parametrize("on", [0, 1])
def test_each_device_is_timed_as_itself_and_the_current_one_stays(cuda, on):
    sample = timed(cuda, chain(cuda, 50, host=8 * US, device=200 * US, on=on), on=on)
    rows = [row for row in sample.layers.rows if row.role == "leaf"]

    assert sample.end_to_end.median == pytest.approx(50 * 200 * US, rel=0.01)
    assert {row.times.median for row in rows} == {200 * US + EVENT_NS}
    assert sample.unmet == ()
    assert cuda.device == 0


@pytest.mark.parametrize("on", [0, 1])
def test_a_captured_graph_is_timed_without_its_host(cuda, on):
    network = chain(cuda, 40, host=50 * US, device=20 * US, on=on)
    sample = timed(cuda, network, TimingPlan(timer="graph", max_ns=10**8), on=on)
    rows = [row for row in sample.layers.rows if row.role == "leaf"]

    assert sample.timer == "CUDA graph"
    assert not any("--timer graph" in note for note in sample.notes)
    assert {row.times.median for row in rows} == {20 * US + EVENT_NS}
    assert not sample.cpu_bound
    assert cuda.current_stream(on) is cuda.default[on]


REASON = "Cannot copy between CPU and CUDA tensors during CUDA graph capture"


def test_a_capture_that_fails_leaves_nothing_behind_and_says_the_first_reason(cuda):
    network = nn.Sequential(Kernel(cuda, host=8 * US, device=100 * US, breaks=REASON))
    sample = timed(cuda, network, TimingPlan(timer="graph", max_ns=10**8))

    note, *_ = sample.notes
    assert note.endswith(f"captured as a CUDA graph: {REASON}; timed with CUDA events instead")
    assert sample.timer == "CUDA events"
    assert cuda.current_stream() is cuda.default[0]
    assert cuda.captures == set()
    torch.cuda.empty_cache()  # like the next cell of a sweep
    assert sample.end_to_end.median == pytest.approx(100 * US, rel=0.01)


def test_layers_that_cannot_be_captured_are_timed_without_the_graph_and_said_so(cuda):
    """Each layer takes 50 us of the host and 20 of the device: the rows' overhead compares two runs without a graph."""
    network = chain(cuda, 40, host=50 * US, device=20 * US)
    cuda.refuses_external = "external events are not supported"
    sample = timed(cuda, network, TimingPlan(timer="graph", max_ns=10**8))
    rows = [row for row in sample.layers.rows if row.role == "leaf"]

    assert sample.timer == "CUDA graph"
    assert any(
        note.endswith("external events are not supported; the layers are timed without it, with CUDA events")
        for note in sample.notes
    )
    assert not any("timed with CUDA events instead" in note for note in sample.notes)
    assert {row.times.median for row in rows} == {20 * US + EVENT_NS}
    assert sample.layers.queue_full
    assert sample.layers.overhead == pytest.approx(2 * EVENT_NS / (20 * US), abs=0.01)  # in, out
    assert any("memory is of an iteration without the graph" in note for note in sample.notes)


def test_energy_is_that_of_five_seconds_and_what_an_idle_device_draws_is_known(cuda, monkeypatch):
    """40 layers of 1 ms at 500 W, 100 W of them idle: 2 images share 40 ms, so 10 J each, 8 J above idle."""
    Driver(cuda).install(monkeypatch)
    sample = timed(cuda, chain(cuda, 40, host=8 * US, device=1000 * US), TimingPlan(roof=False, layers=False), images=2)
    energy = sample.energy

    assert energy.seconds >= 5
    assert energy.idle_watts == pytest.approx(100, rel=0.01)
    assert energy.watts == pytest.approx(500, rel=0.01)
    assert energy.joules_per_image == pytest.approx(10, rel=0.01)
    assert energy.own_joules_per_image == pytest.approx(8, rel=0.01)
    assert energy.uncertainty == pytest.approx(0.05 + 0.1 / energy.seconds, rel=0.01)


def test_energy_of_less_than_five_seconds_is_not_said_and_why_is(cuda, monkeypatch):
    Driver(cuda).install(monkeypatch)
    sample = timed(cuda, chain(cuda, 4, host=8 * US, device=100 * US))

    assert sample.energy is None
    assert any(note.startswith("no energy: the network has to run for 5.000 s") for note in sample.notes)


def test_clocks_are_read_while_the_device_works(cuda, monkeypatch):
    Driver(cuda).install(monkeypatch)
    found = timed(cuda, chain(cuda, 40, host=8 * US, device=100 * US)).conditions

    assert [(each.clock_hz, each.watts) for each in (found.before, found.after)] == [(1_980_000_000, 500)] * 2
    assert found.unread == ("celsius", "throttle_reasons", "other_processes")


def test_throttling_is_a_part_of_the_time(cuda, monkeypatch):
    Driver(cuda, held_back=0.25).install(monkeypatch)
    sample = timed(cuda, chain(cuda, 40, host=8 * US, device=100 * US))

    (text,) = [text for text in sample.unmet if text.startswith("throttled")]
    assert re.fullmatch(r"throttled: power cap for 2\d\.\d % of the time, heat for 2\d\.\d % of the time", text)


@pytest.mark.parametrize(("host", "device"), [(8, 100), (30, 10)], ids=["gpu-bound", "cpu-bound"])
def test_latency_and_throughput_are_told_apart(cuda, host, device):
    """A single pass adds the host's first launch, or the device's last kernel, to the pace of many passes."""
    sample = timed(cuda, chain(cuda, 10, host=host * US, device=device * US), images=4)
    alone = host * US + 10 * device * US if device > host else 10 * host * US + device * US
    pace = 10 * max(host, device) * US

    assert sample.latency.median == pytest.approx(alone, rel=0.001)
    assert sample.latency_ns == sample.latency.median
    assert sample.images_per_second == pytest.approx(4e9 / pace, rel=0.02)
    assert sample.latency.median > sample.wall.median


def test_a_row_of_fewer_than_five_steps_of_the_events_is_shown_by_one_digit(cuda):
    """1.5 us and the event's 0.5 are four steps of half a microsecond; 2 us and 0.5 are five."""
    network = nn.Sequential(*(Kernel(cuda, host=US, device=ns) for ns in (1500, 2000, 1_234_567)))
    sample = timed(cuda, network)
    lines = build_rows_table(sample).lines[:3]

    assert [line.cells[0].text for line in lines] == ["~2", "2.5", "1,235.1"]
    assert [line.cells[0].raw for line in lines] == [2000, 2500, 1_235_067]
    assert any(
        remark.text.startswith("shorter than five steps of the timer (500 ns): 2 of 4 rows, 0 the first")
        for remark in list_remarks(sample)
    )


def test_a_capture_that_fails_raises_what_can_be_caught(cuda):
    clock = CudaClock(torch.device("cuda", 0))
    with pytest.raises(ClockError, match=REASON):
        clock.capture(lambda: cuda.breaks(REASON))


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit])
def test_an_interrupted_capture_leaves_nothing_behind_either(cuda, error):
    def run():
        if cuda.graph is not None:
            cuda.graph.broken = True
            raise error

    with pytest.raises(error):
        CudaClock(torch.device("cuda", 0)).capture(run)
    assert cuda.current_stream() is cuda.default[0]
    assert cuda.captures == set()


def test_what_the_allocator_holds_before_a_pass_is_no_part_of_its_peak(monkeypatch):
    cuda = VirtualCuda(memory=(300, 1000, 2048)).install(monkeypatch)
    memory = timed(cuda, chain(cuda, 2, host=8 * US, device=100 * US)).memory

    assert (memory.before_bytes, memory.allocated_bytes, memory.reserved_bytes) == (300, 1000, 2048)
    assert (cuda.log["empty_cache"], cuda.log["reset"]) == (1, 1)


def test_what_libraries_keep_is_told_apart(monkeypatch):
    """Of 300 B before an iteration 200 belong to the network, so libraries keep 100, and never less than 0."""
    cuda = VirtualCuda(memory=(300, 1000, 2048)).install(monkeypatch)
    network, device = chain(cuda, 2, host=8 * US, device=100 * US), torch.device("cuda", 0)
    for held, workspace in ((200, 100), (301, 0)):
        job = replace(job_of(network), held_bytes=lambda held=held: held)
        assert measure(job, PLAN, CudaClock(device), device).memory.workspace_bytes == workspace


def test_what_only_a_cycle_holds_is_no_part_of_a_peak(cuda, monkeypatch):
    class Held:
        pass

    held = Held()
    held.itself, alive = held, weakref.ref(held)
    gc.disable()
    try:
        del held
        monkeypatch.setattr(torch.cuda, "memory_allocated", lambda _: 0 if alive() is None else 1000)
        memory = CudaClock(torch.device("cuda", 0)).peak_memory(list)
    finally:
        gc.enable()
    assert memory.before_bytes == 0


@pytest.mark.parametrize(
    ("dtype", "convolutions", "says", "dtypes"),
    [
        (None, True, "float32 (convolutions in TF32)", ("float32", "tf32")),
        (None, False, "float32", ("float32",)),
        ("float32", True, "float32", ("float32",)),
    ],
)
def test_one_label_is_one_arithmetic_and_each_row_has_the_roof_of_its_own(cuda, dtype, convolutions, says, dtypes):
    """The switches of torch change convolutions alone: matrix products stay exact."""
    plan = TimingPlan(dtype=dtype, max_ns=10**8, roof=False)
    with torch.backends.cudnn.flags(allow_tf32=convolutions), regime(plan):
        sample = timed(cuda, chain(cuda, 2, host=8 * US, device=100 * US), plan)

    assert (sample.arithmetic, sample.dtypes) == (says, dtypes)
    assert sample.dtype_of("linear") == "float32"
    assert sample.dtype_of("convolution") == dtypes[-1]
    assert any("TF32" in note for note in sample.notes) == (len(dtypes) > 1)
    assert says in spell_conditions(sample)


def test_a_row_is_held_against_the_roof_of_what_it_multiplies_in():
    """2 GFLOP in 1 ms are 2 TFLOP/s: a fifth of TF32's 10, twice float32's 1, which is impossible."""
    roof = replace(samples.ROOF, flops_per_second={"float32": 1e12, "tf32": 10e12})
    told = replace(samples.CONDITIONS, tf32=True, tf32_for=("convolutions",))
    sample = samples.gpu_sample(roof=roof, conditions=told)
    convolution = samples.row("c", 1000, macs=10**9, moved=1000, work="convolution")

    assert sample.achieved_in(convolution).share == pytest.approx(0.2)
    assert sample.achieved_in(replace(convolution, work="linear")).share == pytest.approx(2)
