"""A network timed on the CPU: counted and measured rows agree, and the network stays unchanged."""

import time
from types import SimpleNamespace

import pytest
import torch
from nets import CalledTwice
from nets_sequence import ALL_NETS
from torch import nn
from torch.nn.modules import module as torch_module
from walk.test_state import Restless, snapshot

import archcost
from archcost.errors import ArgumentError, ClockError, NoDeviceError, OutOfMemoryError
from archcost.profiling.timed import _count_held
from archcost.records import TimingPlan

QUICK = TimingPlan(
    roof=False, threads=1, max_ns=3 * 10**7, max_warmup_ns=10**6, min_samples=2, min_ns=0, half_width=10.0
)
pytestmark = pytest.mark.filterwarnings("ignore:LSTM with projections is not supported with oneDNN")


def quick(**rest):
    return TimingPlan(**{name: getattr(QUICK, name) for name in QUICK.__slots__} | rest)


class Residual(nn.Module):
    def __init__(self):
        super().__init__()
        self.first, self.relu, self.second = nn.Conv2d(3, 4, 3, padding=1), nn.ReLU(), nn.Conv2d(4, 3, 3, padding=1)

    def forward(self, x):
        y = self.second(self.relu(self.first(x)))
        return self.relu(torch.flatten(y + x, 1))


IMAGE = torch.ones(2, 3, 8, 8)


def test_measured_rows_are_the_reports_rows():
    report = archcost.profile(Residual(), IMAGE, time=QUICK)
    layers = report.measured.layers

    assert [(row.name, row.call, row.role) for row in layers.rows] == [
        ("first", 0, "leaf"), ("relu", 0, "leaf"), ("second", 0, "leaf"), ("between: (add)", 0, "between"),
        ("relu", 1, "leaf"), ("between: (no operator)", 0, "between"),
    ]  # fmt: skip
    for row in layers.rows:
        counted = [report.layers[i] for i in row.layers]
        assert row.macs == sum(layer.macs for layer in counted)
        assert row.moved_bytes == sum(layer.read_bytes + layer.written_bytes for layer in counted)
        if row.role == "leaf":
            assert [(layer.name, layer.call) for layer in counted] == [(row.name, row.call)]
    assert sum(row.macs for row in layers.rows) == report.totals.macs
    assert report.measured.images == 2
    assert report.environment["device"] == "cpu"


@pytest.mark.parametrize("net", ALL_NETS, ids=lambda net: net.__name__)
def test_every_awkward_network_is_timed_or_says_why_not(net):
    network = net()
    report = archcost.profile(network, network.arguments(), mode=net.mode, time=QUICK)
    sample = report.measured

    assert sample.end_to_end.n >= 1
    if sample.layers is None:
        assert sample.notes
        return
    for i, span in enumerate(sample.layers.spans.ns):
        assert sum(row.times.ns[i] for row in sample.layers.rows) == span
    counted = [i for row in sample.layers.rows for i in row.layers]
    assert sorted(counted) == [
        i for i, layer in enumerate(report.layers) if layer.call is not None and layer.kind != "Input"
    ]
    assert archcost.Report.from_json(report.to_json()) == report


class Sleeping(nn.Module):
    def forward(self, x):
        time.sleep(0.005)
        return x + 1


def test_a_module_that_sleeps_takes_its_five_milliseconds():
    plan = quick(max_ns=10**9, min_samples=10)
    sample = archcost.profile(nn.Sequential(nn.Identity(), Sleeping()), torch.ones(1), time=plan).measured
    slept = next(row for row in sample.layers.rows if row.name == "1")

    assert min(slept.times.ns) >= 5_000_000
    assert slept.times.median > 0.5 * sample.layers.spans.median  # on a busy machine the other parts are slow, too


def hooks():
    return len(torch_module._global_forward_hooks), len(torch_module._global_forward_pre_hooks)


@pytest.mark.parametrize("raises", [False, True])
def test_a_timed_network_is_left_as_found(raises):
    network = Restless(raises=raises)
    before, found, random_state = hooks(), snapshot(network), torch.get_rng_state()
    x = torch.ones(2, 2, 6, 6)
    if raises:
        with pytest.raises(archcost.ArchcostError):
            archcost.profile(network, x, time=QUICK)
    else:
        archcost.profile(network, x, time=QUICK)

    assert snapshot(network) == found
    assert hooks() == before
    assert torch.equal(torch.get_rng_state(), random_state)
    assert torch.equal(x, torch.ones(2, 2, 6, 6))


@pytest.mark.parametrize("change", [{"dtype": "bfloat16"}, {"channels_last": True}])
def test_a_network_that_timing_would_change_is_copied(change):
    network = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4))
    weight = network[0].weight
    values, strides = weight.detach().clone(), weight.stride()
    sample = archcost.profile(network, IMAGE, time=quick(**change)).measured

    assert network[0].weight is weight
    assert (weight.dtype, weight.stride()) == (torch.float32, strides)
    assert torch.equal(weight, values)
    assert sample.dtype == change.get("dtype", "float32")


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_a_training_step_is_timed_by_its_phases_and_trains_nothing_of_the_users(optimizer):
    network = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Flatten(), nn.Linear(4 * 36, 5))
    values = [parameter.detach().clone() for parameter in network.parameters()]
    report = archcost.profile(network, IMAGE, train=optimizer, time=QUICK)
    rows = {row.name: row for row in report.measured.layers.rows}

    assert [name for name, row in rows.items() if row.role == "phase"] == ["loss", "backward", "step"]
    assert rows["backward"].macs == report.totals.backward_macs > 0
    assert rows["backward"].moved_bytes is None
    assert all(torch.equal(p, before) for p, before in zip(network.parameters(), values, strict=True))
    assert all(parameter.grad is None for parameter in network.parameters())
    assert rows["0"].macs == report.layers[1].macs


def test_training_a_part_times_that_part():
    network = nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 2))
    report = archcost.profile(network, torch.ones(2, 4), train="sgd", train_only="1", time=QUICK)

    assert report.totals.backward_macs < report.full_training.backward_macs
    assert next(r for r in report.measured.layers.rows if r.name == "backward").macs == report.totals.backward_macs


class Unregistered(nn.Module):
    """Trains a tensor that is not registered as a parameter."""

    def __init__(self):
        super().__init__()
        self.weights = [torch.ones(4, 2, requires_grad=True)]

    def forward(self, x):
        return x @ self.weights[0]


def test_a_step_without_parameters_moves_nothing_and_is_timed():
    report = archcost.profile(Unregistered(), torch.ones(3, 4), train="sgd", time=QUICK)
    rows = {row.name: row for row in report.measured.layers.rows}
    assert rows["backward"].macs == report.totals.backward_macs == 3 * 4 * 2
    assert "step" in rows


def test_autocast_computes_in_the_dtype_and_counts_the_casts():
    network = nn.Linear(4, 4)
    report = archcost.profile(network, torch.ones(2, 4), time=quick(amp="bf16"))

    assert report.measured.dtype == "bfloat16"
    assert report.network.amp == "cpu:bf16"
    assert network.weight.dtype == torch.float32
    assert any("aten._to_copy" in layer.operators for layer in report.layers)


class OnlyInFloat32(nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(4))

    def forward(self, x):
        if x.dtype != torch.float32:
            raise TypeError("float32 only")
        return x * self.weight


def test_what_fails_in_a_dtype_names_the_layer():
    with pytest.raises(archcost.ArchcostError, match="float32 only"):
        archcost.profile(OnlyInFloat32(), torch.ones(4), time=quick(dtype="float16"))


class OnceOnly(nn.Module):
    """Runs when it is walked and never again."""

    runs = 0

    def forward(self, x):
        OnceOnly.runs += 1
        if OnceOnly.runs > 1:
            raise ValueError("once was enough")
        return x + 1


def test_what_fails_only_when_it_is_timed_says_so():
    OnceOnly.runs = 0
    with pytest.raises(ClockError, match="ran when it was walked, and fails when it is timed: ValueError: once was"):
        archcost.profile(OnceOnly(), torch.ones(4), time=QUICK)


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"dtype": "float31"}, "dtype must be one of float32, tf32, bfloat16, float16, float64, not 'float31'"),
        ({"amp": "fp8"}, "amp must be one of bf16, fp16, not 'fp8'"),
        ({"threads": 0}, "threads must be at least 1"),
        ({"timer": "sundial"}, "timer must be one of events, graph, not 'sundial'"),
    ],
)
def test_a_plan_that_cannot_be_is_refused_when_it_is_made(wrong, says):
    with pytest.raises(ArgumentError, match=says):
        TimingPlan(**wrong)


def test_a_dtype_that_the_device_lacks_is_refused():
    with pytest.raises(ClockError, match="the CPU has no tf32"):
        archcost.profile(nn.Linear(4, 4), torch.ones(1, 4), device="cpu", time=quick(dtype="tf32"))


def test_the_timing_plan_names_the_device_unless_the_call_does():
    with pytest.raises(ArgumentError, match="nothing can be timed on meta"):
        archcost.profile("lenet5", time=quick(device="meta"))
    report = archcost.profile("lenet5", device="cpu", time=quick(device="meta"))
    assert report.measured.plan.device == "cpu"


def test_a_batch_of_nothing_and_a_device_that_runs_nothing_are_refused():
    with pytest.raises(ClockError, match="a batch of 0 images has nothing to time"):
        archcost.profile("lenet5", batch=0, time=QUICK)
    with pytest.raises(ArgumentError, match="nothing can be timed on meta"):
        archcost.profile("lenet5", device="meta", time=QUICK)
    with pytest.raises(ClockError, match="meta device, where nothing runs"):
        archcost.profile(nn.Linear(4, 4, device="meta"), torch.ones(1, 4), time=QUICK)
    split = nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 4, device="meta"))
    with pytest.raises(ClockError, match=r"on several devices \(cpu, meta\), and a clock times one"):
        archcost.profile(split, torch.ones(1, 4), time=QUICK)
    if not torch.cuda.is_available():
        with pytest.raises(NoDeviceError, match="no CUDA device"):
            archcost.profile("lenet5", device="cuda", time=QUICK)


def test_a_network_that_runs_out_of_memory_while_it_is_timed_says_its_need():
    class Short(nn.Linear):
        def forward(self, x):
            if not x.is_meta:
                torch.empty(2**50)
            return super().forward(x)

    with pytest.raises(OutOfMemoryError, match=r"ran out of memory on cpu: .* it needs 112 B at its peak"):
        archcost.profile(Short(4, 4), torch.ones(1, 4), time=QUICK)
    with pytest.raises(OutOfMemoryError, match=r"it needs 224 B at its peak"):
        archcost.profile(Short(4, 4), torch.ones(1, 4), time=quick(dtype="float64"))


def test_a_graph_falls_back_with_a_reason_on_the_cpu():
    sample = archcost.profile(CalledTwice(), CalledTwice().arguments(), time=quick(timer="graph")).measured
    assert sample.timer == "wall clock"
    assert sample.notes == ("--timer graph: only CUDA devices have graphs; timed with wall clock instead",)


def test_threads_are_fixed_and_put_back():
    before = torch.get_num_threads()
    sample = archcost.profile(nn.Linear(4, 4), torch.ones(1, 4), time=quick(threads=before + 1)).measured
    assert sample.conditions.threads == before + 1
    assert torch.get_num_threads() == before


def test_a_report_without_times_has_none():
    assert archcost.profile(nn.Linear(4, 4), torch.ones(1, 4)).measured is None


@pytest.mark.gpu
def test_layer_times_add_up_on_a_gpu():
    if not torch.cuda.is_available():
        pytest.skip("needs a CUDA device")
    sample = archcost.profile(
        "resnet18", device="cuda", batch=32, time=quick(max_ns=2 * 10**9, min_samples=20)
    ).measured
    for i, span in enumerate(sample.layers.spans.ns):
        assert sum(row.times.ns[i] for row in sample.layers.rows) == span
    assert sample.layers.spans.median == pytest.approx(sample.end_to_end.median, rel=0.15)
    assert sample.memory.allocated_bytes > 0


@pytest.mark.gpu
def test_a_small_batch_of_small_layers_is_bound_by_the_host():
    if not torch.cuda.is_available():
        pytest.skip("needs a CUDA device")
    assert archcost.profile("mobilenet_v2", device="cuda", time=quick(max_ns=2 * 10**9)).measured.cpu_bound


@pytest.mark.gpu
def test_a_graph_is_replayed_on_a_gpu():
    if not torch.cuda.is_available():
        pytest.skip("needs a CUDA device")
    sample = archcost.profile("mobilenet_v2", device="cuda", time=quick(timer="graph", max_ns=2 * 10**9)).measured
    assert sample.timer == "CUDA graph"
    assert sample.layers is not None


def test_what_is_held_between_two_iterations_is_counted_in_blocks_and_each_storage_once():
    """A weight of 6 KB used twice, a bias of 80 B, an input of 600 B with a view, a state of 6 KB: 12 + 1 + 2 + 12."""
    network, x = nn.Sequential(nn.Linear(75, 20), nn.Identity()), torch.zeros(2, 75)
    network[1].again = network[0].weight
    state = {"momentum": torch.zeros(20, 75)}
    given = ((x, x[:1]), {})
    assert _count_held(network, given, SimpleNamespace(state=state)) == 512 * (12 + 1 + 2 + 12)
