"""Many networks at once: in order, in several processes, even if one misbehaves."""

import operator
import os
import signal
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Sequence

import pytest
from running import wait_until_ended

from archcost import profile
from archcost.errors import ArgumentError
from archcost.processes.asking import AnswerError
from archcost.profiling.many import profile_many, remember_reports
from archcost.profiling.run import run
from archcost.records import Failure, Sweeping

USERS = """
import os
import torch
from torch import nn

def good():
    print("hello from a network")
    return nn.Conv2d(3, 4, 3)

def raises():
    raise RuntimeError("no such weights")

def dies():
    os._exit(7)

def killed():
    os.kill(os.getpid(), 9)

class Leaves(nn.Module):
    def forward(self, x):
        os._exit(0)

class Cancels(nn.Module):
    def forward(self, x):
        import asyncio
        raise asyncio.CancelledError("enough")

def prompts():
    return nn.Conv2d(3, int(input("how wide? ")), 3)

def slow():
    import time
    with open("started", "a") as file:
        print(os.getpid(), file=file)
    time.sleep(60)
"""


@pytest.fixture
def users(tmp_path, monkeypatch):
    (tmp_path / "users.py").write_text(USERS)
    monkeypatch.chdir(tmp_path)
    return tmp_path


macs = operator.attrgetter("totals.macs")  # picklable


def test_in_several_processes_as_in_one(users):
    specs = ["lenet5", "vgg61", "users.py:good", "users.py:raises", "alexnet", "resnet18"]
    seen = []
    apart = profile_many(specs, jobs=2, progress=seen.append)
    together = profile_many(specs, jobs=1)
    assert apart == together
    assert sorted(seen) == sorted(specs)
    _, unknown, good, raises, *_ = apart
    assert isinstance(unknown, Failure)
    assert (unknown.spec, unknown.error, unknown.exit_code) == ("vgg61", "UnknownNetworkError", 2)
    assert good.totals.macs == 4 * 3 * 9 * 222 * 222
    assert (raises.error, raises.exit_code) == ("BuildError", 3)
    assert "no such weights" in raises.reason


@pytest.mark.usefixtures("warm_workers")
def test_one_that_dies_takes_no_other_with_it(users):
    found = profile_many(["users.py:dies", "lenet5", "users.py:killed", "lenet5"], keep=macs, jobs=2)
    died, lenet, killed, again = found
    assert "exit code 7" in died.reason
    assert "signal 9" in killed.reason
    assert lenet == again == macs(profile_many(["lenet5"])[0])


@pytest.mark.usefixtures("warm_workers")
@pytest.mark.parametrize("jobs", [1, 2])
def test_one_that_ends_the_program_by_an_exception_or_asks_a_person_is_one_failure(users, jobs):
    cancels, prompts, lenet = profile_many(["users.py:Cancels", "users.py:prompts", "lenet5"], keep=macs, jobs=jobs)
    assert (cancels.error, cancels.exit_code) == ("CancelledError", 3)
    assert cancels.reason == "it raised CancelledError: enough"
    assert prompts.error == "BuildError"
    assert lenet == profile("lenet5").totals.macs


@pytest.mark.usefixtures("warm_workers")
def test_one_that_leaves_with_success_has_died(users):
    (leaves, _) = profile_many(["users.py:Leaves", "lenet5"], jobs=2)
    assert (leaves.error, leaves.exit_code) == ("Died", 3)
    assert "exit code 0" in leaves.reason


@pytest.mark.usefixtures("warm_workers")
def test_what_cannot_be_sent_to_a_worker_or_back_is_said(users, monkeypatch):
    with pytest.raises(ArgumentError, match=r"`keep` or an option cannot be sent to another process: .*jobs=1"):
        profile_many(["users.py:dies", "lenet5"], keep=lambda report: report, jobs=2)
    own = type("keep_it", (), {"__module__": "__main__"})
    monkeypatch.setattr(sys.modules["__main__"], "keep_it", own, raising=False)
    with pytest.raises(ArgumentError, match="belongs to the main program, which no other process runs"):
        profile_many(["users.py:dies", "lenet5"], keep=own, jobs=2)
    for failure in profile_many(["lenet5", "lenet5"], keep=operator.attrgetter("__class__.__dict__"), jobs=2):
        assert failure.error == "ArgumentError"
        assert "what `keep` returned cannot be sent to another process" in failure.reason


def test_ctrl_c_ends_the_workers(users):
    program = "from archcost.profiling.many import profile_many; profile_many(['users.py:slow'] * 4, jobs=2)"
    asker = subprocess.Popen([sys.executable, "-c", program], stderr=subprocess.PIPE, start_new_session=True, text=True)
    started = users / "started"
    while not started.exists() or started.read_text().count("\n") < 2:
        assert asker.poll() is None
        time.sleep(0.05)
    os.killpg(asker.pid, signal.SIGINT)
    _, errors = asker.communicate(timeout=30)
    assert asker.returncode != 0
    assert errors.count("KeyboardInterrupt") == 1
    with pytest.raises(ProcessLookupError):
        os.killpg(asker.pid, 0)
    for worker in started.read_text().split():
        wait_until_ended(worker)


def test_what_is_remembered_is_not_profiled_again(users):
    counted = """
def counted():
    with open("built", "a") as file:
        file.write("x")
    return good()
"""
    (users / "users.py").write_text(USERS + counted)
    built = users / "built"
    with remember_reports():
        first = profile_many(["users.py:counted", "users.py:raises"], keep=macs, jobs=1)
        again = profile_many(["users.py:raises", "users.py:counted"], batch=1, jobs=1)
        assert built.read_text() == "x"
        other = profile_many(["users.py:counted"], keep=macs, batch=2, jobs=1)
    assert built.read_text() == "xx"
    assert again[0] == first[1]
    assert [again[1].totals.macs, *other] == [first[0], 2 * first[0]]
    profile_many(["users.py:counted"], jobs=1)
    assert built.read_text() == "xxx"


class Numbered(Sequence):
    """A million names that use no memory."""

    def __init__(self, count):
        self.count = count

    def __len__(self):
        return self.count

    def __getitem__(self, place):
        if not 0 <= place < self.count:
            raise IndexError(place)
        return f"lenet5?num_classes={place + 1}"


class Echoing:
    """An engine that answers at once."""

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        pass

    def run(self, task, requests):
        for place, _ in enumerate(requests):
            yield place, AnswerError("Echo", "again")


@pytest.mark.parametrize("journal", [False, True])
def test_a_sweep_of_many_takes_no_more_memory_than_one_of_a_few(monkeypatch, tmp_path, journal):
    """A list of 4,000 pairs would take 4,000 times (56 + 8) bytes; the remaining slots take 8 each."""
    monkeypatch.setattr("archcost.profiling.apart.open_engine", lambda *_: Echoing())
    monkeypatch.setattr("archcost.profiling.journal.Journal.add", lambda *_: None)
    peaks = []
    for count in (10, 300, 4_300):
        how = Sweeping(isolate=True, journal=str(tmp_path / "j") if journal else None)
        tracemalloc.start()
        assert sum(1 for _ in run(Numbered(count), {}, macs, sweeping=how)) == count
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[2] - peaks[1] < 4_000 * 16


def test_what_is_kept_of_a_remembered_report_may_fail_as_well(users):
    with remember_reports():
        (found,) = profile_many(["users.py:good"], keep=operator.attrgetter("totals.nothing"), jobs=1)
    assert (found.spec, found.error) == ("users.py:good", "AttributeError")
