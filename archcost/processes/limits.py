"""How long a task may take and how much memory, held to within the process that runs it."""

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
    """What one task may take: so many seconds, and so many bytes beside those that the process has; None for any."""

    seconds: float | None = None
    memory: int | None = None


@contextmanager
def hold_to(limits: Limits, trace: IO[str]) -> Iterator[None]:
    """End this process where what runs takes too long; refuse it memory where it takes too much.

    A thread of C counts the time, so that a network that keeps the interpreter's lock is ended like any other. It
    writes to `trace` where the network was.
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
        if os.getpid() == process:  # in a child that a network forked, it would wait for a thread that is not there
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
    """Return the bytes that this process has asked for already: what RLIMIT_DATA counts."""
    lines = Path("/proc/self/status").read_text("ascii", "replace").splitlines()
    return next(int(line.split()[1]) << 10 for line in lines if line.startswith("VmData:"))
