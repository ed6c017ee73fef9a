"""A report that is on the disk after each of its lines, so that a machine that goes away takes none of them along."""

from __future__ import annotations

import os
import sys
import time
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

T = TypeVar("T")
LIMIT_SECONDS = 450  # a loan of ten minutes, less what it takes to start and to bring the report back


class Page:
    """A file that is written line by line, within so many seconds."""

    def __init__(self, path: Path, limit_seconds: float, now: Callable[[], float] = time.monotonic) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path, self._now = path, now
        self._end = now() + limit_seconds
        self._longest = 0.0
        path.write_text("", encoding="utf-8")

    def add(self, text: str) -> None:
        """Write a line, and show it."""
        with self._path.open("a", encoding="utf-8") as file:
            file.write(f"{text}\n")
            file.flush()
            os.fsync(file.fileno())
        print(text, file=sys.stderr, flush=True)

    def each_in_time(self, wanted: Iterable[T], name: Callable[[T], str] = str) -> Iterator[T]:
        """Yield what there is time for, by the longest so far; then say what is left out."""
        left = list(wanted)
        while left and self._now() + self._longest < self._end:
            begun = self._now()
            yield left.pop(0)
            self._longest = max(self._longest, self._now() - begun)
        if left:
            self.add(f"\nNo time was left for {'; '.join(map(name, left))}.")
