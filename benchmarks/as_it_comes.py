"""A report that is written to disk line by line, so that no line is lost when the machine goes away."""

from __future__ import annotations

import os
import sys
import time
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

T = TypeVar("T")
LIMIT_SECONDS = 450  # a loan of ten minutes, less the time to start and to fetch the report


class Page:
    """A file that is written line by line, within a time limit."""

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
        """Yield items while the slowest one so far would fit into the time; then write the names of the rest."""
        left = list(wanted)
        while left and self._now() + self._longest < self._end:
            begun = self._now()
            yield left.pop(0)
            self._longest = max(self._longest, self._now() - begun)
        if left:
            self.add(f"\nNo time was left for {'; '.join(map(name, left))}.")
