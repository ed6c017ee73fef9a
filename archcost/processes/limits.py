"""The limits of a task's time and memory, enforced in the process that runs it."""

from __future__ import annotations

import faulthandler
import os
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The limits of one task: seconds, and bytes beyond those that the process already has; None means no limit."""

    seconds: float | None = None
    memory: int | None = None


@contextmanager
def hold_to(limits: Limits, trace: IO[str]) -> Iterator[None]:
    """End this process if its task takes too long; refuse memory beyond the limit.

    A C thread counts the time, so that even a network that holds the interpreter's lock is ended. It writes the
    network's place to `trace`.
    """
    trace.seek(0)
    trace.truncate()
    process = os.getpid()
    if limits.seconds is not None:
        faulthandler.dump_traceback_later(limits.seconds, exit=True, file=trace)
    try:
        with _less_memory(limits.memory):
            yield
    finally:
        if os.getpid() == process:  # a child that a network forked would wait for a thread that it does not have
            faulthandler.cancel_dump_traceback_later()


@contextmanager
def _less_memory(limit: int | None) -> Iterator[None]:
    if limit is None or sys.platform != "linux":
        yield
        return
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
    most = _read_data_bytes() + limit
    resource.setrlimit(resource.RLIMIT_DATA, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, (soft, hard))


def _read_data_bytes() -> int:
    """Return the bytes that this process has already allocated, as RLIMIT_DATA counts them."""
    lines = Path("/proc/self/status").read_text("ascii", "replace").splitlines()
    return next(int(line.split()[1]) << 10 for line in lines if line.startswith("VmData:"))
