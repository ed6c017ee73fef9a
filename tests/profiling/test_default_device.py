"""The default device of a count: a failing GPU loses no figures, and CI never depends on a GPU."""

from typing import ClassVar

import pytest
import torch
from clock.virtual_cuda import VirtualCuda
from torch import nn

import archcost
from archcost import sources
from archcost.cli import run
from archcost.errors import ArchcostError
from archcost.profiling import place, trace
from archcost.profiling.feed import Feed
from archcost.profiling.form import make_module
from archcost.profiling.many import profile_many
from archcost.profiling.place import choose_device
from archcost.profiling.sweep import cases, sweep
from archcost.profiling.timed import _describe_move, time_network
from archcost.records import TimingPlan, WalkPlan
from archcost.regression.settings import Plan

BUSY = "CUDA error: all CUDA-capable devices are busy or unavailable"


@pytest.fixture
def broken(monkeypatch):
    """Fake a GPU that torch finds, but on which allocations fail."""
    VirtualCuda().install(monkeypatch)

    def build(network, device):
        if device.startswith("cuda"):
            raise RuntimeError(BUSY)
        return build_on_device(network, device)

    build_on_device = place.build_on_device
    monkeypatch.setattr(trace, "build_on_device", build)


def test_a_gpu_that_nobody_asked_for_fails_no_count(broken):
    report = archcost.profile("lenet5")

    assert report.totals.params == archcost.profile("lenet5", device="meta").totals.params
    assert report.environment["device"] == "meta"
    assert f"it was counted on meta, because it failed on cuda: {BUSY}" in report.warnings


def test_a_gpu_that_was_asked_for_fails(broken):
    with pytest.raises(Exception, match="busy or unavailable"):
        archcost.profile("lenet5", device="cuda")


def test_a_gpu_that_cannot_take_its_memory_back_fails_no_count(broken, monkeypatch):
    def fails():
        raise RuntimeError(BUSY)

    monkeypatch.setattr(torch.cuda, "empty_cache", fails)
    assert archcost.profile("lenet5").totals.params > 0


def test_a_mistake_of_the_network_is_its_own_also_with_a_gpu(broken):
    with pytest.raises(ArchcostError, match="cannot take"):
        archcost.profile("lenet5", sources.parse_input("3x7x7"))


def test_figures_that_ci_holds_are_never_counted_on_a_gpu_unless_it_is_asked_for(broken, archcost_budget, capsys):
    """Each of them would fail on this GPU, or carry the note."""
    assert archcost_budget("lenet5", params="<1M").warnings == ()
    (report,) = profile_many(["lenet5"])  # `compare` and `check` use it to count
    assert (report.environment["device"], report.warnings) == ("meta", ())
    assert run(["diff", "lenet5", "lenet5"]) == 0
    assert Plan(name="a", group="a", spec="lenet5").device == "meta,cpu"
    capsys.readouterr()


class NeedsValues(nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(4, 4)

    def forward(self, x):
        return self.linear(x) if self.linear(x).sum().item() > -1e9 else x


def test_what_meta_cannot_count_is_counted_on_the_cpu_and_not_on_a_gpu(broken):
    (report,) = profile_many([NeedsValues()], inputs=torch.zeros(1, 4), jobs=1)
    assert report.environment["device"] == "cpu"


def test_the_network_that_archcost_builds_goes_to_the_gpu_where_nobody_says(monkeypatch):
    network, given = sources.resolve("lenet5"), sources.wrap_module(nn.Linear(2, 2))
    assert choose_device("meta,cpu", network) == "meta"
    VirtualCuda().install(monkeypatch)
    assert choose_device("auto", network) == "cuda"
    assert choose_device("auto", given) == "meta"
    assert choose_device("meta,cpu", network) == "meta"


class Movable(nn.Linear):
    """Records where it is moved, and stays."""

    moved: ClassVar = []

    def to(self, device):
        self.moved.append(device)
        return self


def test_a_module_that_is_elsewhere_than_where_it_is_to_be_timed_is_copied_there(monkeypatch):
    VirtualCuda().install(monkeypatch)
    device, network = torch.device("cuda", 1), sources.wrap_module(Movable(2, 2))
    (note,) = _describe_move(network, TimingPlan(device="cuda:1"), device)
    copied = make_module(network, TimingPlan(), device, trains=False, moves=True)

    assert note == "a copy of the network was timed on cuda:1; the network itself is on cpu"
    assert copied is not network.given
    assert Movable.moved[-1] == device
    assert _describe_move(network, TimingPlan(), torch.device("cuda", 0)) == ()  # by default the network's
    assert _describe_move(network, TimingPlan(device="cpu"), torch.device("cpu")) == ()
    assert _describe_move(sources.resolve("lenet5"), TimingPlan(device="cuda"), device) == ()


def test_what_is_timed_is_the_copy_and_the_note_says_so(monkeypatch):
    VirtualCuda().install(monkeypatch)
    network, feed = sources.wrap_module(Movable(2, 2)), Feed(specs=(sources.parse_input("2"),), batch=1)
    monkeypatch.setattr("archcost.profiling.timed.make_inputs", lambda *_: ((torch.zeros(1, 2),), {}))
    plan = TimingPlan(device="cuda:1", max_ns=10**7, max_warmup_ns=10**6, min_samples=1, roof=False)
    Movable.moved.clear()
    _, _, sample = time_network(network, feed, WalkPlan(), plan)

    assert Movable.moved == [torch.device("cuda", 1)]
    assert sample.notes[0] == "a copy of the network was timed on cuda:1; the network itself is on cpu"


def test_a_device_that_gives_nothing_back_ends_no_sweep(monkeypatch):
    """The second cell fails with the reason; the first, which was timed, is there."""
    calls = []

    def fails_later():
        calls.append(1)
        if len(calls) > 1:
            raise RuntimeError("captures_underway.empty() INTERNAL ASSERT FAILED")

    monkeypatch.setattr("archcost.profiling.sweep.give_memory_back", fails_later)
    plan = TimingPlan(device="cpu", max_ns=10**7, max_warmup_ns=10**6, min_samples=1, roof=False, layers=False)
    network = sources.resolve("lenet5")
    one, other = sweep(network, cases(plan, network.inputs, batches=(1, 2)))

    assert (one.outcome, other.outcome) == ("timed", "failed")
    assert "captures_underway" in other.message


def test_the_libraries_own_words_for_too_little_memory_are_known():
    from archcost.profiling.advice import ran_out

    for text in (
        "cuDNN error: CUDNN_STATUS_ALLOC_FAILED",
        "CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`",
        "Unable to find an engine to execute this computation",
    ):
        assert ran_out(RuntimeError(text))
    assert not ran_out(RuntimeError("CUDNN_STATUS_BAD_PARAM"))


class Watches(nn.Linear):
    """Records the current device while it runs."""

    seen: ClassVar = set()

    def forward(self, x):
        self.seen.add(torch.cuda.current_device())
        return super().forward(x)


def test_a_count_and_a_timing_have_the_named_device_as_the_current_one(monkeypatch):
    """Tensors created without a device index land there; here the weights stay on the CPU, where they can run."""
    cuda, seen = VirtualCuda(devices=2).install(monkeypatch), Watches.seen
    network, feed = sources.wrap_module(Watches(4, 4)), Feed(specs=(sources.parse_input("4"),), batch=2)
    seen.clear()
    assert trace.trace_network(network, feed, WalkPlan(device="cuda:1"))[0].ops
    assert (seen, cuda.device) == ({1}, 0)

    seen.clear()
    monkeypatch.setattr("archcost.profiling.timed._describe_move", lambda *_: ())
    plan = TimingPlan(device="cuda:1", max_ns=10**7, max_warmup_ns=10**6, min_samples=1, roof=False)
    time_network(network, feed, WalkPlan(), plan)
    assert (seen, cuda.device) == ({1}, 0)
