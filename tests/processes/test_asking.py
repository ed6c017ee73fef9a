"""One worker: a task's effects on its process, its streams and its exceptions."""

import os
import signal
import sys

import pytest
from running import is_running, wait_until_ended

from archcost.processes.asking import AnswerError, Worker
from archcost.processes.endings import DiedError
from archcost.processes.guard import Guard
from archcost.processes.limits import Limits
from archcost.records.failure import KILLED

TASKS = """
import ctypes
import os
import signal
import subprocess
import sys
from pathlib import Path


def add(first, second):
    return first + second


def spoil():
    print("from Python")
    os.write(1, b"from the descriptor\\n")
    libc = ctypes.CDLL(None)
    libc.puts(b"from C")
    libc.fflush(None)
    os.system("echo from a shell")
    return sys.stdin.read()


def prompt():
    return input("really? ")


def fork():
    return os.fork() and 1


def leave():
    os.chdir("/")


def here():
    return os.getcwd()


def finish(name, argument):
    return getattr(os, name)(argument) if hasattr(os, name) else raises(name, argument)


def kill_group():
    os.killpg(0, signal.SIGKILL)


def raises(name, argument):
    import asyncio
    import builtins

    raise {**vars(builtins), "CancelledError": asyncio.CancelledError}[name](argument)


class Mute(Exception):
    def __str__(self):
        raise ValueError


def mute():
    raise Mute


def start_child(then):
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(300)"])
    if then == "abort":
        Path("child").write_text(str(child.pid))
        os.abort()
    return child.pid


def forge():
    for number in range(3, 20):
        try:
            os.write(number, b"[[1\\n")
        except OSError:
            continue
"""


@pytest.fixture
def worker(tmp_path):
    (tmp_path / "tasks.py").write_text(TASKS)
    with Guard() as guard:
        worker = Worker(guard, folder=tmp_path, paths=[str(tmp_path)])
        yield worker
        worker.close()


def test_a_function_is_called_with_what_json_says(worker):
    assert worker.ask("tasks:add", first=[1], second=[2]) == [1, 2]
    assert worker.ask("tasks:add", first="ä", second="\n\ud800") == "ä\n\ud800"


def test_what_a_task_prints_goes_to_stderr_and_its_input_is_empty(worker, capfd):
    assert worker.ask("tasks:spoil") == ""
    with pytest.raises(AnswerError, match="EOFError"):
        worker.ask("tasks:prompt")
    out, err = capfd.readouterr()
    assert out == ""
    for source in ("Python", "the descriptor", "C", "a shell"):
        assert f"from {source}\n" in err


def test_a_task_that_forks_is_answered_once(worker):
    assert worker.ask("tasks:fork") == 1
    assert worker.ask("tasks:add", first=2, second=3) == 5


def test_each_task_starts_in_the_workers_folder(worker, tmp_path):
    worker.ask("tasks:leave")
    assert worker.ask("tasks:here") == str(tmp_path)


@pytest.mark.parametrize("name", ["SystemExit", "KeyboardInterrupt", "CancelledError", "GeneratorExit", "MemoryError"])
def test_whatever_a_task_raises_is_an_answer(worker, name):
    with pytest.raises(AnswerError, match=f"{name}: 7") as caught:
        worker.ask("tasks:raises", name=name, argument=7)
    assert caught.value.kind == name
    assert worker.ask("tasks:add", first=2, second=3) == 5


def test_an_exception_without_a_message_and_a_result_that_json_lacks_are_answers(worker):
    with pytest.raises(AnswerError, match="Mute, whose message cannot be read"):
        worker.ask("tasks:mute")
    with pytest.raises(AnswerError, match=r"TypeError: .* not JSON serializable"):
        worker.ask("builtins:complex", real=1)


@pytest.mark.parametrize(
    ("task", "arguments", "says"),
    [
        ("finish", {"name": "_exit", "argument": 0}, "ended with exit code 0"),
        ("finish", {"name": "_exit", "argument": 7}, "ended with exit code 7"),
        ("kill_group", {}, r"was killed by SIGKILL \(signal 9\): by itself"),
        ("forge", {}, "gave no answer that can be read"),
    ],
)
def test_a_worker_that_dies_says_how_and_another_takes_its_place(worker, task, arguments, says):
    with pytest.raises(DiedError, match=says):
        worker.ask(f"tasks:{task}", **arguments)
    assert worker.ask("tasks:add", first=2, second=3) == 5


def test_what_a_worker_started_ends_with_it(worker, tmp_path):
    with pytest.raises(DiedError, match="SIGABRT"):
        worker.ask("tasks:start_child", then="abort")
    wait_until_ended(int((tmp_path / "child").read_text()))

    child = worker.ask("tasks:start_child", then="return")
    assert is_running(child)
    worker.close()
    wait_until_ended(child)
    with pytest.raises(DiedError, match="it was stopped"):
        worker.ask("tasks:here")


def test_an_interrupt_is_not_the_workers(worker):
    process = worker.ask("os:getpid")
    os.kill(process, signal.SIGINT)
    assert worker.ask("os:getpid") == process
    assert worker.ask("os:getpgid", pid=process) == process


LIMITED = """
import ctypes
import os
import signal
import sys
import time


def sleep():
    time.sleep(3600)


def hold():
    ctypes.PyDLL(None).sleep(3600)  # which keeps the interpreter's lock


def stop():
    os.kill(os.getpid(), signal.SIGSTOP)


def eat():
    return len(bytearray(1 << 32))


def crash():
    ctypes.string_at(0)


def end_parents_group():
    os.killpg(os.getpgid(os.getppid()), signal.SIGKILL)
    time.sleep(3600)


def leave_daemon(then):
    started, told = os.pipe()
    if not os.fork():
        os.setsid()
        if not (daemon := os.fork()):
            time.sleep(3600)
        os.write(told, str(daemon).encode())
        os._exit(0)
    daemon = int(os.read(started, 20))
    if then == "return":
        return daemon
    with open("daemon", "w") as file:
        file.write(str(daemon))
    os._exit(3)


def fork():
    return os.fork()


def swallow():
    return sys.stdin.read()
"""


@pytest.fixture
def limited(tmp_path, monkeypatch):
    monkeypatch.setattr("archcost.processes.asking.GRACE_SECONDS", 0.5)
    (tmp_path / "limited.py").write_text(LIMITED)
    with Guard() as guard:
        worker = Worker(guard, folder=tmp_path, paths=[str(tmp_path)], imports=["limited"], limits=LIMITS)
        yield worker
        worker.close()


LIMITS = Limits(seconds=1.0, memory=1 << 30)


@pytest.mark.parametrize(
    ("task", "kind", "says"),
    [
        ("sleep", "hang", r"not done after 1 s, in sleep, line 10 of limited.py"),
        ("hold", "hang", r"not done after 1 s, in hold, line 14 of limited.py"),
        ("stop", "hang", r"not done after 1 s;"),
        ("crash", "crash", r"SIGSEGV \(signal 11\), in crash, line 26 of limited.py"),
        ("end_parents_group", "crash", "killed together with its parent"),
    ],
)
def test_a_task_that_never_ends_or_crashes_says_where_and_another_worker_follows(limited, task, kind, says):
    with pytest.raises(DiedError, match=says) as caught:
        limited.ask(f"limited:{task}")
    assert caught.value.kind == kind
    assert (caught.value.name == KILLED) == (task == "end_parents_group")  # another program may have killed it
    assert limited.ask("limited:swallow") == ""


@pytest.mark.skipif(sys.platform != "linux", reason="no other system refuses memory")
def test_a_task_gets_no_more_memory_than_it_may_take_and_the_next_one_does(limited):
    with pytest.raises(AnswerError) as caught:
        limited.ask("limited:eat")
    assert caught.value.kind == "MemoryError"
    process = limited.ask("os:getpid")
    assert limited.ask("os:getpid") == process


@pytest.mark.skipif(sys.platform != "linux", reason="no other system gives orphans to their grandparents")
def test_what_left_for_a_session_of_its_own_ends_with_the_worker(limited, tmp_path):
    with pytest.raises(DiedError, match="exit code 3"):
        limited.ask("limited:leave_daemon", then="exit")
    wait_until_ended(int((tmp_path / "daemon").read_text()))

    process = limited.ask("os:getpid")
    wait_until_ended(limited.ask("limited:leave_daemon", then="return"))  # at once: a kill may hit the keeper, too
    assert limited.ask("os:getpid") == process


def test_a_child_that_goes_on_like_its_parent_ends_at_the_end_of_the_task(limited):
    child = limited.ask("limited:fork")
    wait_until_ended(child)
    assert limited.ask("limited:swallow") == ""


def test_the_limit_of_time_begins_once_everything_is_imported(tmp_path):
    (tmp_path / "slow_to_import.py").write_text("import time\n\ntime.sleep(1.5)\n")
    with Guard() as guard:
        worker = Worker(guard, paths=[str(tmp_path)], imports=["slow_to_import"], limits=LIMITS)
        assert worker.ask("builtins:round", number=1) == 1
        worker.close()
