"""A task's changes to its process do not affect later tasks."""

import subprocess
import sys

import pytest

from archcost.processes import condition
from archcost.processes.asking import Worker
from archcost.processes.condition import Condition
from archcost.processes.guard import HOME, Guard
from archcost.profiling.one import profile_one

TASKS = """
import json, os, sys


def leave_a_name_less():
    del sys.modules["json"]
    return os.getpid()


def add_what_libraries_add():
    import fractions

    os.environ["ONE_MORE"] = "1"
    return os.getpid()


def here():
    return os.getpid()
"""
CHANGES = """
import builtins, gc, json, os, resource, signal, sys, threading
from archcost.processes.condition import Condition

kept = []
CHANGES = {
    "limits": lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64)),
    "files": lambda: kept.extend(os.open(os.devnull, os.O_RDONLY) for _ in range(200)),
    "stderr": lambda: os.close(2),
    "stdout": lambda: setattr(sys, "stdout", None),
    "builtins": lambda: setattr(builtins, "len", None),
    "spelling": lambda: setattr(json, "loads", None),
    "modules": lambda: sys.modules.pop("json"),
    "environment": lambda: os.environ.clear(),
    "signals": lambda: signal.signal(signal.SIGTERM, signal.SIG_IGN),
    "alarm": lambda: signal.setitimer(signal.ITIMER_REAL, 3000),
    "mask": lambda: os.umask(0o777),
    "thread": lambda: threading.Thread(target=threading.Event().wait, daemon=True).start(),
    "recursion": lambda: sys.setrecursionlimit(10**6),
    "collector": gc.disable,
    "nothing": lambda: None,
}
os.environ["SOMETHING"] = "1"
for name, change in CHANGES.items():
    child = os.fork()
    if not child:
        before = Condition()
        change()
        os._exit(before.has_changed)
    if not os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]):
        print(name)
"""


def test_every_change_is_seen():
    command = [sys.executable, "-c", f"import sys; sys.path.insert(0, sys.argv[1])\n{CHANGES}", str(HOME)]
    assert subprocess.run(command, check=True, capture_output=True, text=True).stdout == "nothing\n"


def test_memory_that_a_network_leaves_is_seen(monkeypatch):
    monkeypatch.setattr(condition, "MORE_BYTES", 1 << 24)
    before = Condition()
    kept = bytearray(b"x") * (1 << 27)
    assert before.has_changed
    assert len(kept) == 1 << 27


def test_who_changed_its_process_is_answered_and_the_next_task_has_another_one(tmp_path):
    (tmp_path / "tasks.py").write_text(TASKS)
    with Guard() as guard:
        worker = Worker(guard, folder=tmp_path, paths=[str(tmp_path)])
        first = worker.ask("tasks:here")
        assert worker.ask("tasks:add_what_libraries_add") == first
        assert worker.ask("tasks:leave_a_name_less") == first
        assert worker.ask("tasks:here") != first
        worker.close()


@pytest.mark.parametrize("device", ["meta", "cpu"])
def test_a_network_that_is_walked_leaves_its_process_as_it_was(device):
    """A worker replaced after each network would import torch each time."""
    profile_one("lenet5", None, {"device": device})  # torch's first use changes some state
    before = Condition()
    profile_one("lenet5?num_classes=3", None, {"device": device})
    assert not before.has_changed
