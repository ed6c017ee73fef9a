"""The judgement of a first run on a GPU, tested on a virtual one: right answers pass, wrong ones fail."""

from dataclasses import replace

import pytest
import torch
from clock.jobs import job_of
from clock.virtual_cuda import Driver, Kernel, VirtualCuda
from torch import nn

from archcost.clock.cuda import CudaClock
from archcost.clock.measure import measure
from archcost.records import TimingPlan
from benchmarks.gpu_questions import (
    Answer,
    compare_backward,
    fill_queue,
    hold_device,
    judge_arithmetic,
    judge_depth,
    judge_energy,
    judge_equal,
    judge_graph,
    judge_other_clock,
    step_events,
)

US = 1000
DEVICE = torch.device("cuda", 0)


def timed(cuda, *kernels, **plan):
    network = nn.Sequential(*(Kernel(cuda, host=host * US, device=device * US) for host, device in kernels))
    plan = TimingPlan(**{"max_ns": 10**9, "max_warmup_ns": 10**9, "roof": False, **plan})
    return measure(job_of(network), plan, CudaClock(DEVICE), DEVICE)


@pytest.fixture
def cuda(monkeypatch):
    return VirtualCuda().install(monkeypatch)


def test_an_answer_is_two_cells():
    assert [str(Answer("a")), str(Answer("a", right=True)), str(Answer("a", right=False))] == [
        "a | ", "a | yes", "a | **no**",
    ]  # fmt: skip


def test_a_device_is_held_as_long_as_it_is_asked_to(cuda):
    assert hold_device(CudaClock(DEVICE)).right
    clock = CudaClock(DEVICE)
    clock._cycles_per_ns = 1.0  # calibrated at half of the clock under load
    assert not hold_device(clock).right


def test_events_are_no_coarser_than_is_assumed(cuda):
    assert step_events(CudaClock(DEVICE)).text.startswith("500 ns between two")
    clock = CudaClock(DEVICE)
    clock.offsets = lambda marks: [4000 * (i // 4) for i in range(len(marks))]  # a new time every four events
    assert not step_events(clock).right


@pytest.mark.parametrize(("depth", "right"), [(1024, True), (100, False)])
def test_the_queue_holds_more_than_the_largest_window(depth, right, monkeypatch):
    cuda = VirtualCuda(depth=depth).install(monkeypatch)
    kernel = Kernel(cuda, host=5 * US, device=10 * US)
    found = fill_queue(CudaClock(DEVICE), lambda: kernel(None))

    assert abs(int(found.text.split()[0]) - depth) <= 2
    assert found.right == right


def test_a_network_that_the_device_slows_down_is_told_from_one_that_the_host_does(cuda):
    assert judge_depth(timed(cuda, *[(8, 100)] * 50)).right
    assert not judge_depth(timed(cuda, *[(100, 10)] * 50)).right
    assert not judge_depth(timed(cuda, *[(8, 100)] * 30, *[(8, 200)] * 30)).right


def test_equal_layers_are_equal(cuda):
    assert judge_equal(timed(cuda, *[(8, 100)] * 16)).right
    assert not judge_equal(timed(cuda, *[(8, 100)] * 15, (8, 120))).right


def test_one_label_has_one_time(cuda):
    one, other = timed(cuda, (8, 100), layers=False), timed(cuda, (8, 300), layers=False)
    assert not judge_arithmetic([one, other]).right
    assert judge_arithmetic([one, replace(other, dtype="tf32")]).right


def test_a_graph_has_rows_and_is_no_slower(cuda):
    eager, graph = timed(cuda, *[(8, 100)] * 4), timed(cuda, *[(8, 100)] * 4, timer="graph")
    assert judge_graph(graph, eager).right
    cuda.refuses_external = "not supported"
    assert not judge_graph(timed(cuda, *[(8, 100)] * 4, timer="graph"), eager).right


def test_energy_agrees_with_the_power_that_was_read(cuda, monkeypatch):
    plan = {"max_ns": 5 * 10**9, "layers": False}
    Driver(cuda).install(monkeypatch)
    assert judge_energy(timed(cuda, *[(8, 1000)] * 20, **plan)).right
    assert not judge_energy(timed(cuda, *[(8, 1000)] * 20)).right  # one second alone
    assert not judge_energy(timed(cuda, *[(1000, 100)] * 20, **plan)).right  # busy for a tenth of the time


def test_a_layer_takes_what_another_clock_says(cuda):
    sample = timed(cuda, *[(8, 1000)] * 5)
    assert judge_other_clock(sample, 1.1).right
    assert not judge_other_clock(sample, 1.5).right


def test_the_backward_pass_is_compared_layer_by_layer():
    assert compare_backward(torch.device("cpu")).right
