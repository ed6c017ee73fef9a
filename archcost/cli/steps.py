"""The progress of a command: finished steps, failures, the current step, the remaining time."""

from __future__ import annotations

import time
from collections import deque
from threading import RLock
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


RECENT = 50  # the most recent steps that give the pace, because steps from a journal take no time


class Progress:
    """The progress of a command. Call it with each finished step; `begin` names the current step."""

    def __init__(self, steps: int | None, label: str) -> None:
        self.steps = steps
        self.label = label
        self.done = 0
        self.failures = 0
        self.name = ""
        self.table: Callable[[], str] = str
        self.changed: Callable[[], None] = lambda: None
        self._begun = time.monotonic()
        self._recent: deque[float] = deque(maxlen=RECENT)  # times at which steps were finished
        self._lock = RLock()  # networks that are counted side by side finish in several threads

    def __call__(self, step: str) -> None:
        """Count a finished step, and a failure if it is a failed `Done`."""
        with self._lock:
            self.done += 1
            self._recent.append(time.monotonic())
            self.failures += getattr(step, "failed", False)
            self.name = str(step)
        self.changed()

    def begin(self, name: str) -> None:
        """Name the current step."""
        self.name = name
        self.changed()

    @property
    def elapsed(self) -> float:
        """Seconds since the command began."""
        return time.monotonic() - self._begun

    @property
    def rate(self) -> float | None:
        """Recent steps per second; None before the first step."""
        with self._lock:
            whole = len(self._recent) < RECENT
            since, steps = (self._begun, len(self._recent)) if whole else (self._recent[0], RECENT - 1)
        return steps / max(time.monotonic() - since, 1e-9) if steps else None

    @property
    def remaining(self) -> float | None:
        """Remaining seconds at this rate; None before the first step."""
        rate = self.rate
        return (self.steps - self.done) / rate if self.steps and rate else None

    def describe(self) -> str:
        """Return the progress as text: "12 of 60, 2 failed, 3.1/s, 0:15 left"."""
        parts = [f"{self.done} of {self.steps}", *([f"{self.failures} failed"] if self.failures else [])]
        rate, left = self.rate, self.remaining
        return ", ".join(
            [*parts, *([f"{rate:.3g}/s"] if rate else []), *([f"{spell_time(left)} left"] if left else [])]
        )


def spell_time(seconds: float) -> str:
    """Return a time as on a clock: "0:15", "2:03:00"."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
