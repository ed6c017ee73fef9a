"""What a target can show: its width, its colours, its characters."""

from __future__ import annotations

import io

import pytest

from archcost.page.page import Page
from archcost.page.target import fitted, width_of

PAGE = Page(
    title="Net", facts=("input 1x2", "eval mode"), conventions="one two three four five six seven eight nine ten"
)
WIDE, NARROW = 120, 24


class Terminal(io.StringIO):
    encoding = "utf-8"

    def isatty(self):
        return True


class Ascii(io.StringIO):
    encoding = "ascii"


@pytest.fixture
def columns(monkeypatch):
    monkeypatch.setenv("COLUMNS", str(NARROW))
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    return monkeypatch


@pytest.mark.parametrize("color", ["never", "auto"])
@pytest.mark.parametrize("target", [None, io.StringIO()], ids=["nowhere", "a file"])
def test_without_a_terminal_there_are_no_colours_and_nothing_wraps(columns, target, color):
    assert fitted(PAGE, target, width=None, color=color) == (
        "Net\ninput 1x2 · eval mode\n\none two three four five six seven eight nine ten\n"
    )


def test_a_terminal_gets_colours_and_its_width(columns):
    assert width_of(Terminal()) == NARROW
    text = fitted(PAGE, Terminal(), width=None, color="auto")
    assert text == fitted(PAGE, None, width=NARROW, color="always")
    assert "\x1b[" in text


def test_a_width_that_is_asked_for_stands_above_the_terminals(columns):
    assert fitted(PAGE, Terminal(), width=WIDE, color="never") == fitted(PAGE, None, width=WIDE, color="never")


@pytest.mark.parametrize(("name", "value"), [("NO_COLOR", "1"), ("TERM", "dumb")])
def test_a_terminal_may_refuse_colours_unless_they_are_insisted_on(columns, name, value):
    columns.setenv(name, value)
    assert "\x1b[" not in fitted(PAGE, Terminal(), width=None, color="auto")
    assert "\x1b[" in fitted(PAGE, Terminal(), width=None, color="always")


def test_a_target_without_unicode_gets_ascii():
    text = fitted(PAGE, Ascii(), width=None, color="never")
    assert text.isascii()
    assert "input 1x2 | eval mode" in text
