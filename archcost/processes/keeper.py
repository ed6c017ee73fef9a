"""The parent of the process that runs networks: it sees how that one ends, and ends whatever is left of it.

A network may end its parent's whole group, which is this process and never the one that asks. It may leave children in
sessions of their own, which become this process's children where the system is Linux. The keeper runs no network and
imports nothing that is large.
"""

from __future__ import annotations

import ctypes
import json
import os
import select
import signal
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import IO, Any, NoReturn

TICK = 50  # milliseconds between two looks at what has ended
PATIENCE = 2.0  # seconds in which what was killed ends
END_WITH_PARENT, ADOPT_ORPHANS = 1, 36  # PR_SET_PDEATHSIG and PR_SET_CHILD_SUBREAPER of Linux's prctl


class _StoppedError(Exception):
    """Whoever asks wants the end."""


def start_runner(requests: int, answers: int) -> IO[str]:
    """Fork; return in the child, which runs networks, the file for traces. The parent never returns.

    It ends with the child, and the child with it; where nobody has the other end of `requests` any more, both end.
    Where the child ended by itself, the last line of `answers` says how.
    """
    trace = tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace")  # noqa: SIM115 - open until the end
    if not hasattr(os, "fork"):
        return trace
    _ask_system(ADOPT_ORPHANS, 1)
    keeper, runner = os.getpid(), os.fork()
    if runner:
        _keep(runner, requests, answers, trace)
    os.setsid()
    _ask_system(END_WITH_PARENT, signal.SIGKILL)
    if os.getppid() != keeper:  # it ended before the system was asked
        os._exit(1)
    return trace


def _keep(runner: int, requests: int, answers: int, trace: IO[str]) -> NoReturn:
    signal.signal(signal.SIGTERM, _stop)
    words = ""
    with suppress(_StoppedError):
        status, peak = _wait(runner, requests)
        trace.seek(0)
        last = {"ended": os.waitstatus_to_exitcode(status), "peak_bytes": peak, "trace": trace.read(10_000)}
        words = f"\n{json.dumps(last)}\n"  # the child may have begun a line
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    _end_rest(runner)
    with suppress(OSError):
        os.write(answers, words.encode())
    os._exit(0)


def _wait(runner: int, requests: int) -> tuple[int, int]:
    """Wait for the end of a process; return its status, and the most bytes that it took."""
    poller = select.poll()
    poller.register(requests, 0)  # the end of the asking process alone
    while True:
        if poller.poll(TICK):
            raise _StoppedError
        for child in _list_children():
            if child != runner:  # an orphan: whoever kills this process would leave it
                with suppress(OSError):
                    os.kill(child, signal.SIGKILL)
        ended = 1
        while ended:
            ended, status, usage = os.wait4(-1, os.WNOHANG)  # an orphan that has ended is of no interest
            if ended == runner:
                return status, usage.ru_maxrss << (0 if sys.platform == "darwin" else 10)


def _end_rest(runner: int) -> None:
    """End the runner's group, and whatever else it started; the children of what ends become ours in turn."""
    until = time.monotonic() + PATIENCE
    with suppress(ChildProcessError):
        while time.monotonic() < until:
            with suppress(OSError):
                os.killpg(runner, signal.SIGKILL)
            for child in _list_children():
                with suppress(OSError):
                    os.kill(child, signal.SIGKILL)
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
            time.sleep(0.002)


def _list_children() -> list[int]:
    own = os.getpid()
    try:
        return [int(each) for each in Path(f"/proc/{own}/task/{own}/children").read_text("ascii").split()]
    except OSError:  # another system than Linux
        return []


def _stop(*_: Any) -> NoReturn:
    raise _StoppedError


def _ask_system(option: int, value: int) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)
