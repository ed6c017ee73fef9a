"""The abilities of a target: its width, its colours, its characters."""

from __future__ import annotations

import io

import pytest
from page.documents import document

from archcost.page.emit import emit
from archcost.page.page import Page
from archcost.page.target import Target

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


def text_for(**place):
    return emit(document(PAGE), "table", Target(**place))


@pytest.fixture
def columns(monkeypatch):
    monkeypatch.setenv("COLUMNS", str(NARROW))
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    return monkeypatch


@pytest.mark.parametrize("color", ["never", "auto"])
@pytest.mark.parametrize("target", [None, io.StringIO()], ids=["nowhere", "a file"])
def test_without_a_terminal_there_are_no_colours_and_nothing_wraps(columns, target, color):
    assert text_for(stream=target, width=None, color=color) == (
        "Net\ninput 1x2 · eval mode\n\none two three four five six seven eight nine ten\n"
    )


def test_a_terminal_gets_colours_and_its_width(columns):
    assert Target(stream=Terminal()).columns == NARROW
    text = text_for(stream=Terminal(), width=None, color="auto")
    assert text == text_for(stream=None, width=NARROW, color="always")
    assert "\x1b[" in text


def test_a_width_that_is_asked_for_stands_above_the_terminals(columns):
    assert text_for(stream=Terminal(), width=WIDE, color="never") == text_for(stream=None, width=WIDE, color="never")


@pytest.mark.parametrize(("name", "value"), [("NO_COLOR", "1"), ("TERM", "dumb")])
def test_a_terminal_may_refuse_colours_unless_they_are_insisted_on(columns, name, value):
    columns.setenv(name, value)
    assert "\x1b[" not in text_for(stream=Terminal(), width=None, color="auto")
    assert "\x1b[" in text_for(stream=Terminal(), width=None, color="always")


def test_a_target_without_unicode_gets_ascii():
    text = text_for(stream=Ascii(), width=None, color="never")
    assert text.isascii()
    assert "input 1x2 | eval mode" in text
