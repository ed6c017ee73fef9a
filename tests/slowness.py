"""Which tests are slow: those that `slow.txt` names, which `python -m tests --quick` leaves out.

A test is slow where it, with the programs that it starts, keeps a processor busy for half a second. That time, unlike
the clock's, hardly depends on what else the machine does. A run says which tests the list lacks; with
ARCHCOST_UPDATE_SLOW=1 it writes the list anew for the files that it runs.

Tests that share what is slow, so that the first that runs pays for all, are marked `slow` where they stand.

Coverage is measured by the other tests, and by the first cases of each: it makes a walk take twice as long, and the
lines that slow tests and later cases run are those that these run. A test that alone runs many lines is marked
`covered`.
"""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

import pytest
import torch  # noqa: F401 - before the first test, which would be taken for a slow one otherwise

ROOT = Path(__file__).parent.parent
LIST = Path(__file__).with_name("slow.txt")
UPDATE = "ARCHCOST_UPDATE_SLOW"
SLOW = 0.5
TOLERATED = 3.0  # what a test that is not listed may take on a machine slower than the one that wrote the list
COVERED_CASES = 3  # of each test
TAKEN = "processor seconds"

_taken: dict[str, float] = {}  # by each test that this run has run
_marked: set[str] = set()  # tests that are marked as slow where they stand, and need not be listed


def listed() -> list[str]:
    """Return the slow tests: tests/ROOM/test_FILE.py::test_NAME, and [CASE] behind it where other cases are quick."""
    return LIST.read_text(encoding="utf-8").splitlines()


def pytest_collection_modifyitems(items):
    slow = set(listed())
    cases = Counter[str]()
    for item in items:
        if item.get_closest_marker("slow"):
            _marked.add(item.nodeid)
        elif slow & {item.nodeid, _function(item.nodeid)}:
            item.add_marker("slow")
        cases[_function(item.nodeid)] += 1
        covered = not item.get_closest_marker("slow") and cases[_function(item.nodeid)] <= COVERED_CASES
        if not (covered or item.get_closest_marker("covered")):
            item.add_marker("no_cover")  # pytest-cov's own


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item):
    begun = _processor_seconds()
    try:
        return (yield)
    finally:
        if item.nodeid not in _marked:
            item.user_properties.append((TAKEN, _processor_seconds() - begun))


def pytest_runtest_logreport(report):
    """Note what a test took; where processes share the tests, theirs come together here."""
    if report.when == "call":
        _taken[report.nodeid] = dict(report.user_properties).get(TAKEN, 0.0)


def pytest_terminal_summary(terminalreporter):
    slow = listed()
    if os.environ.get(UPDATE):
        run = {name.partition("::")[0] for name in _taken}
        kept = [
            name for name in slow if name.partition("::")[0] not in run and (ROOT / name.partition("::")[0]).exists()
        ]
        LIST.write_text("".join(f"{name}\n" for name in sorted({*kept, *_slow()})), encoding="utf-8")
        return
    lacking = {
        name: seconds
        for name, seconds in _taken.items()
        if seconds > TOLERATED and not {name, _function(name)}.intersection(slow)
    }
    if lacking:
        terminalreporter.section(f"slow tests that tests/slow.txt lacks; {UPDATE}=1 adds them")
        for name, seconds in lacking.items():
            terminalreporter.line(f"{name} ({seconds:.0f} s)")


def _slow() -> set[str]:
    """Return the slow tests of this run; functions where all their cases are."""
    quick = {_function(name) for name, seconds in _taken.items() if seconds < SLOW}
    slow = [name for name, seconds in _taken.items() if seconds >= SLOW]
    return {name if _function(name) in quick else _function(name) for name in slow}


def _processor_seconds() -> float:
    """Return what this process has used, and the programs that it started and that have ended."""
    return sum(os.times()[:4])


def _file(name: str) -> str:
    return name.partition("::")[0]


def _function(name: str) -> str:
    """Return a test's name without its parameters."""
    return name.partition("[")[0]
