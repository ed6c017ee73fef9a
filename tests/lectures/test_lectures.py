"""A page is its text with the output of its commands; the index links to every page."""

from __future__ import annotations

import re

import pytest

from archcost.cli import COMMANDS
from archcost.errors import ArgumentError
from archcost.lectures import LECTURES, Lecture, find_lecture, write_index, write_page


@pytest.fixture
def shown():
    return Lecture(
        "made_up",
        "# Title: of it\n\nWhat it is\nabout.\n\n"
        '$ archcost profile "a b" --format markdown\n'
        "$ archcost list\n"
        "$ archcost plot layers x -o charts/x.svg\n\n"
        "The end.\n",
    )


def test_a_text_says_what_it_is_and_what_it_writes(shown):
    assert shown.title == "Title: of it"
    assert shown.summary == "What it is about."
    assert shown.commands[0] == ("profile", "a b", "--format", "markdown")
    assert shown.files == ["charts/x.svg"]


def test_each_command_is_followed_by_what_it_printed(shown):
    printed = {"profile": "| a |\n", "list": "plain\n", "plot": ""}
    asked = []

    def run(arguments):
        asked.append(tuple(arguments))
        return printed[arguments[0]]

    assert write_page(shown, run).split("\n")[5:] == [
        "```console", '$ archcost profile "a b" --format markdown', "```", "", "| a |",
        "```console", "$ archcost list", "```", "", "```text", "plain", "```",
        "```console", "$ archcost plot layers x -o charts/x.svg", "```",
        "", "The end.", "", "---", "", "Written by `archcost report made_up`.", "",
    ]  # fmt: skip
    assert asked == shown.commands


def test_an_unknown_page_is_refused_with_those_that_there_are():
    assert find_lecture("vgg16").name == "vgg16"
    with pytest.raises(ArgumentError, match="did you mean vgg16"):
        find_lecture("vgg61")
    with pytest.raises(ArgumentError, match="there are vgg16, memory, inception"):
        find_lecture("xyz")


@pytest.mark.parametrize("name", LECTURES)
def test_every_page_has_a_title_a_summary_and_commands_that_exist(name):
    found = LECTURES[name]
    assert found.text.startswith(f"# {found.title}\n\n{found.summary[:20]}")
    assert found.commands
    assert {arguments[0] for arguments in found.commands} <= COMMANDS.keys()


@pytest.mark.parametrize("name", LECTURES)
def test_a_page_shows_the_charts_that_it_writes(name):
    found = LECTURES[name]
    assert re.findall(r"!\[.+\]\((.+)\)", found.text) == found.files


def test_no_two_pages_write_the_same_file():
    written = [path for found in LECTURES.values() for path in found.files]
    assert len(written) == len(set(written))


def test_the_index_leads_to_every_page():
    text = write_index([("timing.md", "Times")])
    assert re.findall(r"\]\((.+?)\)", text) == [*(f"{name}.md" for name in LECTURES), "timing.md"]
    assert "Measured" in text
    assert "Measured" not in write_index([])
