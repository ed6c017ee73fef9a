"""What a network may change in the process that runs it, and the networks after it would meet.

A worker is worth its start for many networks, as long as each finds what the first one found. What libraries are known
to change when they are imported is left out: more modules, more variables of the environment, filters of warnings.
"""

from __future__ import annotations

import gc
import os
import signal
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

MORE_FILES = 100  # open ones that networks may leave between them
MORE_BYTES = 1 << 30  # of memory, likewise
PATCHED = ("builtins", "json", "os", "torch.nn.functional")  # modules whose functions every network calls


class Condition:
    """The process as it is now; `has_changed` says whether it still is."""

    def __init__(self) -> None:
        self._settings = _read_settings()
        self._files, self._bytes = _count_files(), _count_bytes()
        self._threads = set(threading.enumerate())
        self._names = [(space, dict(space)) for space in _list_namespaces()]

    @property
    def has_changed(self) -> bool:
        """Whether a network that comes next would find another process."""
        try:
            return (
                _read_settings() != self._settings
                or _count_files() > self._files + MORE_FILES
                or _count_bytes() > self._bytes + MORE_BYTES
                or not self._threads.issuperset(threading.enumerate())
                or not all(_keeps(space, before) for space, before in self._names)
            )
        except Exception:  # noqa: BLE001 - it was changed so much that it cannot be asked
            return True


def _read_settings() -> list[Any]:
    """Return what belongs to the process, and what Python and torch have one of."""
    found: list[Any] = [(each.st_dev, each.st_ino) for each in map(os.fstat, range(3))]
    found += [sys.stdin, sys.stdout, sys.stderr, sys.excepthook, sys.gettrace(), sys.getprofile()]
    found += [sys.getrecursionlimit(), gc.isenabled(), gc.get_threshold()]
    found += map(signal.getsignal, sorted(signal.valid_signals()))
    if sys.platform != "win32":
        import resource

        limits = [value for name, value in sorted(vars(resource).items()) if name.startswith("RLIMIT_")]
        found += map(resource.getrlimit, limits)
        found += [signal.pthread_sigmask(signal.SIG_BLOCK, ()), os.nice(0), *_read_umask()]
        found += map(signal.getitimer, (signal.ITIMER_REAL, signal.ITIMER_VIRTUAL, signal.ITIMER_PROF))
    if hasattr(os, "sched_getaffinity"):
        found.append(os.sched_getaffinity(0))
    torch = sys.modules.get("torch")
    if torch is not None:
        found += [torch.get_default_dtype(), torch.get_default_device(), torch.is_grad_enabled()]
    return found


def _keeps(space: Mapping[str, Any], before: Mapping[str, Any]) -> bool:
    return all((found := space.get(name)) is value or found == value for name, value in before.items())


def _list_namespaces() -> Iterator[Mapping[str, Any]]:
    """Yield what must keep the names and values that it has; it may get more."""
    yield sys.modules
    yield os.environ
    for name in PATCHED:
        yield vars(sys.modules[name]) if name in sys.modules else {}
    layers = sys.modules.get("torch.nn")
    yield from (vars(each) for each in vars(layers or object).values() if isinstance(each, type))


def _read_umask() -> list[str]:
    with suppress(OSError):
        return [line for line in Path("/proc/self/status").read_text("ascii").splitlines() if line[:6] == "Umask:"]
    return []


def _count_files() -> int:
    return len(os.listdir("/proc/self/fd")) if sys.platform == "linux" else 0  # noqa: PTH208 - it is quick


def _count_bytes() -> int:
    if sys.platform != "linux":
        return 0
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")
