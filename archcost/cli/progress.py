"""What a person sees while a command works: how far it is, on stderr, where that is a terminal that somebody watches.

What is done soon shows nothing, and does not wait for `archcost.cli.screen` (and rich) to be imported.
"""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager, redirect_stderr
from threading import RLock, Timer
from typing import TYPE_CHECKING, Any, TextIO, cast

from archcost.cli.options import note
from archcost.cli.steps import Progress
from archcost.releases import describe_installed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from archcost.cli.screen import Screen

SOON = 1.0  # seconds that nobody minds
LATER = 3.0  # for a single network, where they are mostly those of importing torch, which must not wait for us
TENTHS = 10  # lines of a log that a long command writes
NOT_A_SCREEN = {"dumb", "unknown"}  # terminals that cannot move their cursor


def is_watched(*, quiet: bool = False) -> bool:
    """Whether somebody watches stderr: it is a terminal with a cursor, this is not a CI job, and -q was not given."""
    logged = os.environ.get("CI", "").lower() not in {"", "0", "false"} or os.environ.get("TERM") in NOT_A_SCREEN
    return not (quiet or logged) and sys.stderr is not None and sys.stderr.isatty()


@contextmanager
def show_progress(
    steps: int | None, label: str, *, quiet: bool, still: bool = False, noted: bool = False
) -> Iterator[Progress]:
    """Show how far a command is until it leaves; yield what is called with each step that is done.

    Where nobody watches, a log has a line for each ten per cent of what takes longer than a moment.

    What is written to stderr meanwhile stands above it. Enter it before `keep_process`, whose text then does too.

    Args:
        steps: how many there are, None where nobody knows.
        label: what is done with them: "Counting".
        quiet: show nothing.
        still: show it at once, and draw it between steps alone: no thread of ours runs beside what is measured.
        noted: the command's result says itself where torch is one that archcost is not tested with.
    """
    untested = None if noted else describe_installed()
    if untested:
        note(f"note: {untested}", quiet=quiet)
    told = Progress(steps, label)
    if not is_watched(quiet=quiet):
        if not quiet and steps is not None and steps >= TENTHS:
            told.changed = _Log(told, sys.stderr).tell
        yield told
        return
    stderr = _Stderr(sys.stderr)
    opening = Timer(SOON if steps else LATER, stderr.open, (told,), {"ticking": True})
    opening.daemon = True
    with redirect_stderr(cast("TextIO", stderr)):
        try:
            if still:
                stderr.open(told, ticking=False)
            else:
                opening.start()
            yield told
        finally:
            opening.cancel()
            stderr.close()


class _Log:
    """Lines for somebody who reads later: one for each tenth of the steps."""

    def __init__(self, told: Progress, file: TextIO) -> None:
        self._told = told
        self._file = file
        self._tenths = 0

    def tell(self) -> None:
        tenths = TENTHS * self._told.done // (self._told.steps or 1)
        if tenths > self._tenths:
            self._tenths = tenths
            if self._told.elapsed >= SOON:
                print(f"archcost: {self._told.label}: {self._told.describe()}", file=self._file, flush=True)


class _Stderr:
    """Stderr with a screen at its end, once it is opened: what others write appears above it."""

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self._screen: Screen | None = None
        self._closed = False
        self._lock = RLock()

    def open(self, told: Progress, *, ticking: bool) -> None:
        from archcost.cli.screen import Screen

        with self._lock:
            if not self._closed:
                self._screen = Screen(told, self._file, ticking=ticking)
                told.changed = self._screen.draw

    def close(self) -> None:
        with self._lock:
            self._closed = True
            if self._screen is not None:
                self._screen.close()
                self._screen = None

    def write(self, text: str) -> int:
        with self._lock:
            return (self._screen or self._file).write(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)
