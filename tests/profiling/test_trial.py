"""A trial capture in another process: its result, and the case that it ends its process."""

import pickle
from base64 import b64encode
from dataclasses import replace

import pytest
import torch
from clock.fake_clock import FakeClock
from torch import nn

import archcost
from archcost.clock import kinds
from archcost.errors import ClockError
from archcost.profiling import timed, trial
from archcost.profiling.feed import Feed
from archcost.records import TimingPlan
from archcost.sources import InputSpec, resolve, wrap_module

PLAN = TimingPlan(
    device="cpu", timer="graph", layers=False, roof=False, threads=1,
    max_ns=10**7, max_warmup_ns=10**6, min_samples=2, min_ns=0, half_width=10.0,
)  # fmt: skip
FEED = Feed(specs=(InputSpec(shape=(4,)),), batch=64)
NETWORKS = """
import os
from torch import nn

def good():
    return nn.Linear(4, 4)

def dies():
    os._exit(7)

def raises():
    raise RuntimeError("no such weights")
"""


@pytest.fixture
def networks(tmp_path):
    path = tmp_path / "networks.py"
    path.write_text(NETWORKS, encoding="utf-8")
    trial._try_apart.cache_clear()
    return path


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("good", "only CUDA devices have graphs"),  # the CPU clock's reason, there
        ("dies", "the network cannot be captured: the process that ran it ended with exit code 7"),
        ("raises", None),  # it also fails here, with a different error
    ],
)
def test_another_process_says_why_a_network_cannot_be_captured(networks, name, reason):
    assert trial.find_capture_failure(resolve(f"{networks}:{name}"), FEED, PLAN) == reason


def test_what_only_this_process_has_is_not_tried(monkeypatch):
    monkeypatch.setattr(trial, "_try_apart", None)
    assert trial.find_capture_failure(wrap_module(nn.Linear(4, 4)), FEED, PLAN) is None
    assert trial.find_capture_failure(resolve("lenet5"), Feed(args=(torch.ones(1, 1, 32, 32),)), PLAN) is None


def test_a_sweep_over_batches_tries_one_image_once(networks, monkeypatch):
    asked = []
    monkeypatch.setattr("archcost.processes.pool.Pool.run", lambda *_: asked.append(1) or [(0, "no")])
    network = resolve(f"{networks}:good")
    assert [trial.find_capture_failure(network, replace(FEED, batch=n), PLAN) for n in (1, 8)] == ["no", "no"]
    assert trial.find_capture_failure(network, FEED, replace(PLAN, dtype="bfloat16")) == "no"
    assert len(asked) == 2


def test_a_capture_in_the_worker_runs_the_forward_pass(networks, monkeypatch):
    seen = []

    class Capturing(FakeClock):
        def capture(self, run):
            seen.append(run())
            raise ClockError("it asks for a value")

    monkeypatch.setitem(kinds.KINDS, "cpu", replace(kinds.KINDS["cpu"], clock=lambda _: Capturing()))
    asked = b64encode(pickle.dumps((f"{networks}:good", FEED.specs, PLAN))).decode("ascii")

    assert trial.try_capture(asked) == "it asks for a value"
    assert seen == [None]


@pytest.mark.parametrize(("train", "timer", "tries"), [(None, "graph", 1), (None, "events", 0), ("sgd", "graph", 0)])
def test_a_graph_is_tried_before_this_process_touches_the_device(train, timer, tries, monkeypatch):
    """A capture that failed there is not tried here: the CPU's clock would give another reason."""
    tried = []
    monkeypatch.setitem(kinds.KINDS, "cpu", replace(kinds.KINDS["cpu"], has_graphs=True))
    monkeypatch.setattr(timed, "find_capture_failure", lambda *_: tried.append(1) or "it crashes the driver")
    report = archcost.profile("lenet5", device="cpu", batch=2, train=train, time=replace(PLAN, timer=timer))
    notes = [note for note in report.measured.notes if "--timer graph" in note]

    assert len(tried) == tries
    if tries:
        assert notes == ["--timer graph: it crashes the driver; timed with wall clock instead"]
    assert bool(notes) == (timer == "graph")
    assert report.measured.plan.timer == timer
