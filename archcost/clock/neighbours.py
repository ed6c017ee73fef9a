"""Other processes that use the CPU during a measurement, by name, on Linux."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

PROC = Path("/proc")
LEAST_SHARE = 0.1  # of one core


class Process(NamedTuple):
    """A process and its CPU time."""

    name: str
    seconds: float


def list_processes() -> dict[int, Process]:
    """Return the other processes that this one can see; none outside of Linux."""
    found = {}
    for folder in PROC.glob("[0-9]*"):
        if int(folder.name) == os.getpid():
            continue
        with suppress(OSError, ValueError, IndexError):  # the process has ended
            head, _, tail = (folder / "stat").read_text(encoding="utf-8", errors="replace").rpartition(")")
            fields = tail.split()
            ticks = int(fields[11]) + int(fields[12])  # user and system time are fields 14 and 15
            found[int(folder.name)] = Process(head.partition("(")[2], ticks / os.sysconf("SC_CLK_TCK"))
    return found


def describe_busiest(before: Mapping[int, Process], seconds: float) -> str | None:
    """Name the process that has worked most since `before`; None if no process took a tenth of a core."""
    worked = {
        pid: (now.seconds - before[pid].seconds, now.name)
        for pid, now in list_processes().items()
        if pid in before and now.name == before[pid].name
    }
    pid = max(worked, key=lambda pid: worked[pid][0], default=None)
    if pid is None or worked[pid][0] < LEAST_SHARE * seconds:
        return None
    share, name = worked[pid]
    return f"{name} (process {pid}) took {share / seconds:.1f} cores"
