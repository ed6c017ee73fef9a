"""The fallback from the meta device to the CPU, allowed only if memory suffices."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from archcost import units
from archcost.errors import OutOfMemoryError, WalkError, first_line

if TYPE_CHECKING:
    from archcost.records import Trace, WalkPlan
    from archcost.sources import Network

MEMINFO = Path("/proc/meminfo")
# a container's memory limit and usage, in control groups version 2 and 1
GROUPS = (
    ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory.current"),
    ("/sys/fs/cgroup/memory/memory.limit_in_bytes", "/sys/fs/cgroup/memory/memory.usage_in_bytes"),
)


def reason_of(error: BaseException) -> str:
    """Return the first line of the network's own error."""
    cause = error.__cause__ if isinstance(error, WalkError) and error.__cause__ is not None else error
    return first_line(cause) or type(cause).__name__


def check_memory(network: Network, asked: WalkPlan, trace: Trace | None, reason: str) -> None:
    """Refuse to run a network on the CPU if its known need exceeds the free memory.

    Args:
        network: the network to run.
        asked: the requested walk.
        trace: its operators on the meta device before it failed there.
        reason: the cause of that failure.

    Raises:
        OutOfMemoryError: memory is too small; gives the need and the free memory.
    """
    free = free_memory()
    if trace is None or free is None:
        return
    from archcost.account.memory import bytes_of_kind, live_bytes

    parameters = bytes_of_kind(trace, "parameter")
    need = max(live_bytes(trace), default=0)
    if asked.training is not None and trace.ops and trace.ops[-1].phase == "forward":
        need += parameters  # for the gradients, at least
    there = 0
    if network.given is not None:  # its tensors are in memory already
        there = sum(
            tensor.nbytes for tensor in (*network.given.parameters(), *network.given.buffers()) if tensor.is_cpu
        )
    if need - there > free:
        raise OutOfMemoryError(
            f"{network.spec} cannot be walked on the meta device ({reason}), and the CPU has too little memory: it "
            f"needs at least {units.short(need - there, 'B')} more, its parameters are {units.short(parameters, 'B')}, "
            f"and {units.short(free, 'B')} are free; try a smaller --batch or --input, or a machine with more memory"
        )


def free_memory() -> int | None:
    """Return the bytes of memory that this process can still allocate; None if the system does not report them."""
    free = []
    try:
        fields = dict(line.split(":", maxsplit=1) for line in MEMINFO.read_text().splitlines())
        free.append(int(fields["MemAvailable"].split()[0]) * 1024)
    except (OSError, KeyError, ValueError):
        free += _free_pages()
    for limit, usage in GROUPS:
        try:
            free.append(int(Path(limit).read_text()) - int(Path(usage).read_text()))
        except (OSError, ValueError):  # no such group, or "max"
            continue
    return max(min(free), 0) if free else None


def _free_pages() -> list[int]:
    try:
        return [os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")]
    except (AttributeError, OSError, ValueError):
        return []
