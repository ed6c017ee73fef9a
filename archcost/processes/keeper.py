"""The parent of the process that runs networks: it reports how the child ended, and ends the processes that it left.

If a network ends its parent's whole group, it ends this process and never the calling one. Children that a network
leaves in their own sessions become children of this process on Linux. The keeper runs no network and imports no large
module.
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

TICK = 50  # milliseconds between two checks for ended processes
PATIENCE = 2.0  # seconds that killed processes get to end
END_WITH_PARENT, ADOPT_ORPHANS = 1, 36  # PR_SET_PDEATHSIG and PR_SET_CHILD_SUBREAPER of Linux's prctl


class _StoppedError(Exception):
    """The calling process asked the keeper to stop."""


def start_runner(requests: int, answers: int) -> IO[str]:
    """Fork; return in the child, which runs networks, the file for traces. The parent never returns.

    Parent and child end together, and both end when the other end of `requests` is closed. If the child ended by
    itself, the last line of `answers` describes how.
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
    if os.getppid() != keeper:  # the parent ended before prctl was called
        os._exit(1)
    return trace


def _keep(runner: int, requests: int, answers: int, trace: IO[str]) -> NoReturn:
    signal.signal(signal.SIGTERM, _stop)
    words = ""
    with suppress(_StoppedError):
        status, peak = _wait(runner, requests)
        trace.seek(0)
        last = {"ended": os.waitstatus_to_exitcode(status), "peak_bytes": peak, "trace": trace.read(10_000)}
        words = f"\n{json.dumps(last)}\n"  # the child may have left an unfinished line
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    _end_rest(runner)
    with suppress(OSError):
        os.write(answers, words.encode())
    os._exit(0)


def _wait(runner: int, requests: int) -> tuple[int, int]:
    """Wait for the end of a process; return its status and its peak memory in bytes."""
    poller = select.poll()
    poller.register(requests, 0)  # react only to the end of the calling process
    while True:
        if poller.poll(TICK):
            raise _StoppedError
        for child in _list_children():
            if child != runner:  # an orphan, which would survive this process
                with suppress(OSError):
                    os.kill(child, signal.SIGKILL)
        ended = 1
        while ended:
            ended, status, usage = os.wait4(-1, os.WNOHANG)  # an ended orphan needs no report
            if ended == runner:
                return status, usage.ru_maxrss << (0 if sys.platform == "darwin" else 10)


def _end_rest(runner: int) -> None:
    """End the runner's group and its other descendants; children of ended processes become ours in turn."""
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
