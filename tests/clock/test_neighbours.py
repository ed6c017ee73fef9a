"""Other busy processes are named, with the processor time that they took from a measurement."""

import os
import subprocess
import sys
from importlib import import_module

import pytest
import torch
from clock.fake_clock import FakeClock, Work
from clock.jobs import job_of

from archcost.clock import neighbours
from archcost.clock.measure import measure
from archcost.clock.neighbours import Process, describe_busiest, list_processes
from archcost.records import DeviceState, TimingPlan

PLAN = TimingPlan(max_ns=10**9, max_warmup_ns=10**9)
US = 1000


@pytest.mark.skipif(not neighbours.PROC.is_dir(), reason="only Linux lists its processes there")
def test_other_processes_are_listed_and_not_this_one():
    other = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    try:
        found = list_processes()
        assert os.getpid() not in found
        assert found[other.pid].seconds >= 0
        assert "python" in found[other.pid].name
    finally:
        other.kill()
        other.wait()


def test_the_one_that_worked_most_is_named(monkeypatch):
    before = {1: Process("sshd", 5.0), 2: Process("make", 1.0), 3: Process("old", 1.0)}
    after = {1: Process("sshd", 5.1), 2: Process("make", 4.0), 3: Process("new", 9.0), 4: Process("late", 9.0)}
    monkeypatch.setattr(neighbours, "list_processes", lambda: after)

    assert describe_busiest(before, 2.0) == "make (process 2) took 1.5 cores"
    assert describe_busiest({1: before[1]}, 2.0) is None  # a twentieth of a core
    assert describe_busiest({}, 2.0) is None


class SharedClock(FakeClock):
    """A CPU that gives this thread only a part of its time."""

    part = 0.6

    def cpu(self):
        return round(self.host * self.part)


@pytest.mark.parametrize(("part", "said"), [(0.6, True), (0.97, False)])
def test_what_others_took_of_the_cpu_is_said_with_the_load(part, said, monkeypatch):
    module = import_module("archcost.clock.measure")
    monkeypatch.setattr(module, "state", lambda *_: DeviceState(load=3.25))
    monkeypatch.setattr(module, "describe_busiest", lambda *_: "make (process 2) took 1.5 cores")
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    clock = SharedClock()
    clock.part = part
    sample = measure(job_of(Work(clock, 100 * US)), PLAN, clock, torch.device("cpu"))

    assert sample.disturbance == pytest.approx(1 - part, abs=0.001)
    assert sample.cpu.n == sample.end_to_end.n
    text = (
        "end to end: the CPU did something else for 40.0 % of the time: load 3.2 on 2 cores, make (process 2) took 1.5"
    )
    assert any(each.startswith(text) for each in sample.unmet) == said


def test_a_median_far_above_the_fast_samples_is_said():
    clock = FakeClock()
    network = Work(clock, *[100 * US] * 2, *[150 * US] * 8)
    sample = measure(job_of(network), TimingPlan(max_ns=10**9, layers=False), clock, torch.device("cpu"))

    assert any("the median lies 50.0 % above the 10th percentile (100.0 µs)" in text for text in sample.unmet)
    assert sample.end_to_end.ns.count(100 * US) == pytest.approx(sample.end_to_end.n / 5, abs=2)  # none dropped
