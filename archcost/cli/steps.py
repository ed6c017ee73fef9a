"""How far a command is: what was done, what failed, what is worked on, how long it may take."""

from __future__ import annotations

import time
from threading import RLock
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


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
        self._lock = RLock()  # networks that are counted side by side are done in several threads

    def __call__(self, step: str) -> None:
        """Count a step that is done, and a failure where it is a `Done` that failed."""
        with self._lock:
            self.done += 1
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
    def remaining(self) -> float | None:
        """Seconds that are left if the other steps take as long as those that are done; None before the first."""
        return self.elapsed / self.done * (self.steps - self.done) if self.steps and self.done else None
