"""How far a command is: what was done, what failed, what is worked on, how long it may take."""

from __future__ import annotations

import time
from collections import deque
from threading import RLock
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


RECENT = 50  # steps by which the pace is judged: those that a journal knew take no time, and say nothing of the rest


class Progress:
    """How far a command is. It is called with each step that is done; `begin` names the one that is begun."""

    def __init__(self, steps: int | None, label: str) -> None:
        self.steps = steps
        self.label = label
        self.done = 0
        self.failures = 0
        self.name = ""
        self.table: Callable[[], str] = str
        self.changed: Callable[[], None] = lambda: None
        self._begun = time.monotonic()
        self._recent: deque[float] = deque(maxlen=RECENT)  # when they were done
        self._lock = RLock()  # networks that are counted side by side are done in several threads

    def __call__(self, step: str) -> None:
        """Count a step that is done, and a failure where it is a `Done` that failed."""
        with self._lock:
            self.done += 1
            self._recent.append(time.monotonic())
            self.failures += getattr(step, "failed", False)
            self.name = str(step)
        self.changed()

    def begin(self, name: str) -> None:
        """Name what is worked on now."""
        self.name = name
        self.changed()

    @property
    def elapsed(self) -> float:
        """Seconds since the command began."""
        return time.monotonic() - self._begun

    @property
    def rate(self) -> float | None:
        """Steps that are done in a second, as of late; None before the first."""
        with self._lock:
            whole = len(self._recent) < RECENT
            since, steps = (self._begun, len(self._recent)) if whole else (self._recent[0], RECENT - 1)
        return steps / max(time.monotonic() - since, 1e-9) if steps else None

    @property
    def remaining(self) -> float | None:
        """Seconds that are left at this rate; None before the first step is done."""
        rate = self.rate
        return (self.steps - self.done) / rate if self.steps and rate else None

    def describe(self) -> str:
        """Say how far it is: "12 of 60, 2 failed, 3.1/s, 0:15 left"."""
        parts = [f"{self.done} of {self.steps}", *([f"{self.failures} failed"] if self.failures else [])]
        rate, left = self.rate, self.remaining
        return ", ".join(
            [*parts, *([f"{rate:.3g}/s"] if rate else []), *([f"{spell_time(left)} left"] if left else [])]
        )


def spell_time(seconds: float) -> str:
    """Write a time as a clock does: "0:15", "2:03:00"."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
