"""Slow tests: `slow.txt` lists them, and `python -m tests --quick` skips them.

A test is slow if it and the programs that it starts use half a second of processor time, which, unlike wall time,
hardly depends on other work of the machine. A run names the tests that the list lacks; with ARCHCOST_UPDATE_SLOW=1 it
rewrites the list for the files that it runs.

Tests that share a slow fixture, whose cost falls on the first of them, carry the marker `slow`.

Coverage is measured by the quick tests and the first cases of each: it doubles the time of a walk, and slow tests and
later cases run the same lines. A slow test that alone runs many lines carries the marker `covered`.
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
TOLERATED = 3.0  # limit of an unlisted test on a machine slower than the one that wrote the list
COVERED_CASES = 3  # cases of each test
TAKEN = "processor seconds"

_taken: dict[str, float] = {}  # seconds of each test of this run
_marked: set[str] = set()  # tests with the marker, which need not be listed


def listed() -> list[str]:
    """Return the slow tests: tests/ROOM/test_FILE.py::test_NAME, followed by [CASE] if other cases are quick."""
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
            item.add_marker("no_cover")  # an option of pytest-cov


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item):
    begun = _processor_seconds()
    try:
        return (yield)
    finally:
        if item.nodeid not in _marked:
            item.user_properties.append((TAKEN, _processor_seconds() - begun))


def pytest_runtest_logreport(report):
    """Record the time of a test; if processes share the tests, the main one collects all times here."""
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
    """Return the slow tests of this run; the function's name if all its cases are slow."""
    quick = {_function(name) for name, seconds in _taken.items() if seconds < SLOW}
    slow = [name for name, seconds in _taken.items() if seconds >= SLOW]
    return {name if _function(name) in quick else _function(name) for name in slow}


def _processor_seconds() -> float:
    """Return the processor seconds of this process and of its ended children."""
    return sum(os.times()[:4])


def _file(name: str) -> str:
    return name.partition("::")[0]


def _function(name: str) -> str:
    """Return a test's name without its parameters."""
    return name.partition("[")[0]
