"""Fresh interpreters with their own terminal, and counters in long-lived processes."""

from __future__ import annotations

import json
import os
import pty
import selectors
import subprocess
import sys
import termios
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from benchmarks.peers.counters import ARCHCOST, Counter

if TYPE_CHECKING:
    from collections.abc import Sequence

ROOT = Path(__file__).parents[2]
WORKER = (sys.executable, "-m", "benchmarks.peers.worker")
IMPORT_TORCH = (sys.executable, "-c", "import torch")


def command(counter: Counter, network: str) -> tuple[str, ...]:
    """Return a user's command to count a network once."""
    if counter is ARCHCOST:
        return (sys.executable, "-m", "archcost", "profile", network)
    return (*WORKER, counter.name, network)


def seconds(arguments: Sequence[str]) -> float | None:
    """Return the seconds of a process from start to end, with its output on a terminal; None if it fails."""
    ours, its = pty.openpty()
    termios.tcsetwinsize(its, (50, 160))
    drained = threading.Thread(target=_drain, args=(ours,))
    drained.start()
    start = time.perf_counter()
    try:
        code = subprocess.run(arguments, check=False, cwd=ROOT, stdin=its, stdout=its, stderr=its).returncode
        taken = time.perf_counter() - start
    finally:
        os.close(its)
        drained.join()
        os.close(ours)
    return None if code else taken


def _drain(terminal: int) -> None:
    try:
        while os.read(terminal, 1 << 16):
            pass
    except OSError:  # Linux's error when the other end is closed
        return


class Counting:
    """A counter in its own process; after a timeout the process is stopped, and the next question starts another."""

    def __init__(self, counter: Counter, limit: float) -> None:
        self.counter = counter
        self.limit = limit
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stop()

    def ask(self, network: str) -> dict[str, Any]:
        """Return the answer about a network: seconds, macs and params, or the error."""
        process = self._process = self._process or self._started()
        assert process.stdin is not None  # noqa: S101 - a pipe was asked for
        assert process.stdout is not None  # noqa: S101
        process.stdin.write(f"{network}\n")
        process.stdin.flush()
        with selectors.DefaultSelector() as selector:
            selector.register(process.stdout, selectors.EVENT_READ)
            ready = selector.select(self.limit)
        line = process.stdout.readline() if ready else ""
        if not line:
            self._stop()
            return {"error": "it died" if ready else f"longer than {self.limit:g} s"}
        found: dict[str, Any] = json.loads(line)
        if "error" in found:
            self._stop()  # some peers leave torch patched if a network raises
        return found

    def _started(self) -> subprocess.Popen[str]:
        pipe = subprocess.PIPE
        arguments = (*WORKER, self.counter.name)
        return subprocess.Popen(
            arguments, cwd=ROOT, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, text=True, bufsize=1
        )

    def _stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None
