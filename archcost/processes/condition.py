"""Changes that a network may make to its process and that would affect later networks.

Starting a worker is slow, so it runs many networks as long as each finds the process as the first network found it. The
known effects of importing libraries are ignored: new modules, new environment variables, warning filters.
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

MORE_FILES = 100  # open descriptors that networks may leave behind in total
MORE_BYTES = 1 << 30  # of memory that networks may leave behind in total
PATCHED = ("builtins", "json", "os", "torch.nn.functional")  # modules whose functions all networks call


class Condition:
    """A snapshot of the process; `has_changed` compares the process with it."""

    def __init__(self) -> None:
        self._settings = _read_settings()
        self._files, self._bytes = _count_files(), _count_bytes()
        self._threads = set(threading.enumerate())
        self._names = [(space, dict(space)) for space in _list_namespaces()]

    @property
    def has_changed(self) -> bool:
        """Whether the next network would find a changed process."""
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
    """Return the settings of the process and the global settings of Python and torch."""
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
    """Yield the namespaces that must keep their names and values; new names are allowed."""
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
