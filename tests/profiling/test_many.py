"""Many networks at once: in order, on several processes, and whatever one of them does."""

import operator
import os
import signal
import subprocess
import sys
import time

import pytest

from archcost.profiling.many import profile_many, remembered
from archcost.records import Failure

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

def slow():
    import time
    open("started", "w").close()
    time.sleep(60)
"""


@pytest.fixture
def users(tmp_path, monkeypatch):
    (tmp_path / "users.py").write_text(USERS)
    monkeypatch.chdir(tmp_path)
    return tmp_path


macs = operator.attrgetter("totals.macs")  # can be pickled


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


def test_one_that_dies_takes_no_other_with_it(users):
    found = profile_many(["users.py:dies", "lenet5", "users.py:killed", "lenet5"], keep=macs, jobs=2)
    died, lenet, killed, again = found
    assert "exit code 7" in died.reason
    assert "signal 9" in killed.reason
    assert lenet == again == macs(profile_many(["lenet5"])[0])


def test_ctrl_c_ends_the_workers(users):
    program = "from archcost.profiling.many import profile_many; profile_many(['users.py:slow'] * 4, jobs=2)"
    asker = subprocess.Popen([sys.executable, "-c", program], stderr=subprocess.PIPE, start_new_session=True, text=True)
    while not (users / "started").exists():
        assert asker.poll() is None
        time.sleep(0.05)
    os.killpg(asker.pid, signal.SIGINT)
    _, errors = asker.communicate(timeout=30)
    assert asker.returncode != 0
    assert errors.count("KeyboardInterrupt") == 1
    with pytest.raises(ProcessLookupError):
        os.killpg(asker.pid, 0)


def test_what_is_remembered_is_not_profiled_again(users):
    counted = """
def counted():
    with open("built", "a") as file:
        file.write("x")
    return good()
"""
    (users / "users.py").write_text(USERS + counted)
    built = users / "built"
    with remembered():
        first = profile_many(["users.py:counted", "users.py:raises"], keep=macs)
        again = profile_many(["users.py:raises", "users.py:counted"], batch=1)
        assert built.read_text() == "x"
        other = profile_many(["users.py:counted"], keep=macs, batch=2)
    assert built.read_text() == "xx"
    assert again[0] == first[1]
    assert [again[1].totals.macs, *other] == [first[0], 2 * first[0]]
    profile_many(["users.py:counted"])
    assert built.read_text() == "xxx"


def test_what_is_kept_of_a_remembered_report_may_fail_as_well(users):
    with remembered():
        (found,) = profile_many(["users.py:good"], keep=operator.attrgetter("totals.nothing"))
    assert (found.spec, found.error) == ("users.py:good", "AttributeError")
