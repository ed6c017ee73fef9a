"""The ways in which a worker can end: it ran too long, ran out of memory, crashed or was stopped."""

from __future__ import annotations

import os
import re
import signal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from archcost.records.failure import KILLED

if TYPE_CHECKING:
    from archcost.processes.limits import Limits
    from archcost.records import FailureKind

OTHERS = (str(Path(__file__).parents[1]), str(Path(os.__file__).parent), "<")  # their code does not belong to a network
OVERDUE = "Timeout ("  # the first line of a trace by `faulthandler`
FRAME = re.compile(r'^  File "(.*)", line (\d+) in (.*)$', re.MULTILINE)
NAMES = {"hang": "TimedOut", "memory": "OutOfMemory", "crash": "Died", "interruption": "Interrupted"}
NEARLY = 0.9  # of the memory limit: a process that used this much and was ended by a signal ran out of memory


class DiedError(Exception):
    """A worker that gave no answer; `kind` says whether it hung, ran out of memory, crashed or was interrupted.

    `name` is used like the name of an exception's class.
    """

    def __init__(self, message: str, kind: FailureKind = "crash", name: str = "") -> None:
        super().__init__(message)
        self.kind = kind
        self.name = name or NAMES[kind]

    def __reduce__(self) -> tuple[Any, ...]:
        """Support pickling, which a cluster needs."""
        return type(self), (str(self), self.kind, self.name)


def describe_ending(words: Any, limits: Limits, *, out_of_memory: bool) -> DiedError:
    """Return the error in a keeper's last words; `out_of_memory`: the system killed processes for lack of memory."""
    match words:
        case {"ended": int(code), "trace": str(trace), "peak_bytes": int(peak)}:
            pass
        case _:
            return DiedError("the process that ran it was killed together with its parent", name=KILLED)
    place = _find_place(trace)
    if trace.startswith(OVERDUE):
        return describe_overdue(limits, place)
    if code >= 0:
        return DiedError(f"the process that ran it ended with exit code {code}")
    name = _name_signal(-code)
    if (limits.memory and peak >= NEARLY * limits.memory) or (out_of_memory and code == -signal.SIGKILL):
        return DiedError(f"there was too little memory for it: {name} ended it{place}", "memory")
    if code == -signal.SIGKILL:
        return DiedError(f"the process that ran it was killed by {name}: by itself or by somebody else", name=KILLED)
    return DiedError(f"the process that ran it was killed by {name}{place}")


def describe_overdue(limits: Limits, place: str = "") -> DiedError:
    """Return the error of a worker that took longer than its limit."""
    return DiedError(f"it was not done after {limits.seconds:g} s{place}; a longer limit lets it go on", "hang")


def read_kills() -> int:
    """Return how many processes the system has killed for lack of memory; 0 if that is unknown."""
    try:
        found = re.search(r"^oom_kill (\d+)$", Path("/proc/vmstat").read_text("ascii"), re.MULTILINE)
    except OSError:
        return 0
    return int(found[1]) if found else 0


def _find_place(trace: str) -> str:
    """Return the main thread's place in a trace: its innermost line in the network's own code, if there is one.

    The main thread is the last in the list; after a crash it may be the first.
    """
    threads = re.split(r"^(?:Current t|T)hread .*$", trace, flags=re.MULTILINE)[1:]
    current = threads[0] if "Current thread" in trace and threads else (threads or [""])[-1]
    frames = FRAME.findall(current)
    own = [frame for frame in frames if "site-packages" not in frame[0] and not frame[0].startswith(OTHERS)]
    if not frames:
        return ""
    file, line, function = (own or frames)[0]
    return f", in {function}, line {line} of {Path(file).name}"


def _name_signal(number: int) -> str:
    try:
        return f"{signal.Signals(number).name} (signal {number})"
    except ValueError:
        return f"signal {number}"
