"""The progress of a command on stderr, if that is a terminal that somebody watches.

A quick command shows nothing and does not import `archcost.cli.screen` (and rich).
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

SOON = 1.0  # seconds without a display
LATER = 3.0  # for a single network, whose time is mostly the import of torch, which must not wait for a display
TENTHS = 10  # log lines of a long command
NOT_A_SCREEN = {"dumb", "unknown"}  # terminals without cursor movement


def is_watched(*, quiet: bool = False) -> bool:
    """Whether somebody watches stderr: it is a terminal with a cursor, this is not a CI job, and -q was not given."""
    logged = os.environ.get("CI", "").lower() not in {"", "0", "false"} or os.environ.get("TERM") in NOT_A_SCREEN
    return not (quiet or logged) and sys.stderr is not None and sys.stderr.isatty()


@contextmanager
def show_progress(
    steps: int | None, label: str, *, quiet: bool, still: bool = False, noted: bool = False
) -> Iterator[Progress]:
    """Show the progress of a command; yield the function to call with each finished step.

    If nobody watches, write a log line for each ten per cent of a longer command.

    Other text on stderr appears above the display. Enter this context before `keep_process`, so that redirected text
    does too.

    Args:
        steps: their number; None if it is unknown.
        label: the activity: "Counting".
        quiet: show nothing.
        still: show it at once, and draw only between steps, so that no thread disturbs a measurement.
        noted: the command's result already names an untested torch.
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
    """Lines for a log: one for each tenth of the steps."""

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
    """Stderr with a display at its end, once it is opened; other text appears above it."""

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
