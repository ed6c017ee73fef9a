"""Nothing is left if the asking process is killed, whatever its workers do."""

import signal
import subprocess
import sys
import time

import pytest
from running import wait_until_ended

ASKER = """
import sys
from archcost.processes.asking import Worker
from archcost.processes.guard import Guard

guard = Guard()
guard.add_task("tasks:note", text="undone")
sys.path.insert(0, {folder!r})
Worker(guard, paths=[{folder!r}]).ask("tasks:{task}")
"""
TASKS = """
import ctypes
import os
import subprocess
import time
from pathlib import Path


def begin():
    with open({begun!r}, "w") as file:
        file.write(f"{{os.getpid()}}\\n")


def sleep():
    begin()
    time.sleep(300)


def hold():
    begin()
    ctypes.PyDLL(None).sleep(300)  # which keeps the interpreter's lock
"""
NOTE = """
from pathlib import Path


def note(text):
    Path({undone!r}).write_text(text)
"""


SHELTERED = """
import os
import signal
from pathlib import Path

from archcost.processes.asking import Worker
from archcost.processes.guard import Guard

Worker(Guard(), paths=[{folder!r}], sheltered=True).ask("tasks:leave")
own = os.getpid()
for child in Path(f"/proc/{{own}}/task/{{own}}/children").read_text().split():
    os.kill(int(child), signal.SIGKILL)
os._exit(0)
"""
LEAVE = """
import os
import time
from pathlib import Path


def leave():
    if not os.fork():
        os.setsid()
        Path({left!r}).write_text(f"{{os.getpid()}} ")
        time.sleep(300)
        os._exit(0)
    while not Path({left!r}).exists() or not Path({left!r}).read_text().endswith(" "):
        time.sleep(0.02)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="no other system gives orphans to their grandparents")
def test_what_a_network_left_ends_though_all_children_of_the_asker_are_killed_as_ray_does(tmp_path):
    """A killed keeper ends nothing: a child in its own session would run for ever."""
    left = tmp_path / "left"
    (tmp_path / "tasks.py").write_text(LEAVE.format(left=str(left)))
    program = SHELTERED.format(folder=str(tmp_path))
    subprocess.run([sys.executable, "-c", program], check=True)
    wait_until_ended(int(left.read_text()), seconds=120)


@pytest.mark.parametrize("task", ["sleep", "hold"])
def test_a_killed_asker_leaves_no_worker_and_its_tasks_are_done(tmp_path, task):
    begun, undone = tmp_path / "begun", tmp_path / "undone"
    program = ASKER.format(folder=str(tmp_path), task=task)
    (tmp_path / "tasks.py").write_text(TASKS.format(begun=str(begun)) + NOTE.format(undone=str(undone)))
    asker = subprocess.Popen(
        [sys.executable, "-c", program], stderr=subprocess.PIPE, text=True, env={"PYTHONPATH": str(tmp_path)}
    )
    while not begun.exists() or not begun.read_text().endswith("\n"):
        assert asker.poll() is None, asker.stderr.read()
        time.sleep(0.02)
    asker.send_signal(signal.SIGKILL)
    _, errors = asker.communicate(timeout=30)  # stderr closes with its last process: worker, guard

    assert errors == ""
    assert undone.read_text() == "undone"
