"""A program that outlives the calling process, to end its workers and to run its cleanup tasks.

While its network computes, a worker does not read requests, so it does not notice that the calling process has ended. A
thread would not notice either while compiled code holds the interpreter's lock. Therefore a separate process waits on a
pipe, which closes when the calling process ends, and kills the workers that are left. It runs no network.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from archcost.processes.worker import run_task

if TYPE_CHECKING:
    from collections.abc import Sequence

PATIENCE = 3.0  # seconds that a worker's keeper gets to end all processes itself
HOME = Path(__file__).parents[2]
# The program imports this archcost. Then its folder is removed from the path, which is left with the folders that a
# network's code may import from: not the current folder, unless the network's own name requires it.
START = (
    "import sys; sys.path.insert(0, sys.argv[1]); from archcost.processes.{program} import main; "
    "sys.path[:1] = sys.argv[2:]; del sys.argv[1:]; main()"
)


def command_of(program: str, paths: Sequence[str] = ()) -> list[str]:
    """Return the command that starts a module of this room; `paths` come first in its module search path."""
    return [sys.executable, "-P", "-c", START.format(program=program), str(HOME), *paths]


def end_group(process: int) -> None:
    """End a process group: its leader and the processes that it started in the group."""
    with suppress(ProcessLookupError, PermissionError):  # the group has ended; macOS raises PermissionError
        if sys.platform == "win32":
            os.kill(process, signal.SIGTERM)
        else:
            os.killpg(process, signal.SIGKILL)


class Guard:
    """The client of the guard; a context manager. On a normal exit it discards its workers and tasks."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(  # noqa: S603 - our own interpreter
            command_of("guard"), stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, bufsize=0, start_new_session=True
        )

    def add_worker(self, process: int) -> None:
        """End this worker if the calling process dies."""
        self._tell(start=process)

    def remove_worker(self, process: int) -> None:
        """Forget a worker that has ended."""
        self._tell(end=process)

    def add_task(self, task: str, **arguments: Any) -> None:
        """Call a function, "package.module:function", after the workers have ended."""
        self._tell(task=task, arguments=arguments)

    def close(self) -> None:
        """End the guard with no work left to do."""
        self._tell(forget=True)
        if self._process.stdin is not None:
            self._process.stdin.close()
        self._process.wait()

    def _tell(self, **message: Any) -> None:
        if self._process.stdin is not None:
            with suppress(BrokenPipeError):  # the guard was killed; a worker still sees the end of its requests
                self._process.stdin.write(f"{json.dumps(message)}\n".encode())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()


def main() -> None:
    """Wait until the calling process has ended, then end its workers and run its tasks."""
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        if hasattr(signal, name):  # Windows has no SIGHUP
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    workers: set[int] = set()
    tasks: list[dict[str, Any]] = []
    for line in sys.stdin:
        match json.loads(line):
            case {"start": process}:
                workers.add(process)
            case {"end": process}:
                workers.discard(process)
            case {"forget": True}:
                return
            case task:
                tasks.append(task)
    until = time.monotonic() + PATIENCE  # the keepers see the end of the requests, too
    while any(map(_is_there, workers)) and time.monotonic() < until:
        time.sleep(0.02)
    for process in workers:
        end_group(process)
    for task in tasks:
        run_task(**task)


def _is_there(process: int) -> bool:
    try:
        os.kill(process, 0)
    except OSError:
        return False
    return True
