"""A page is a text in `pages/` with commands in it; running the commands writes the page again.

A line `$ archcost ...` of such a text becomes the command for the reader, followed by its output. Output paths are
relative to the page.
"""

from __future__ import annotations

import itertools
import re
import shlex
from dataclasses import dataclass, replace
from importlib.resources import files
from typing import TYPE_CHECKING

from archcost.errors import ArgumentError, closest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

PROMPT = "$ archcost "
INDEX = "README.md"
MARKDOWN = ("--format", "markdown")


@dataclass(frozen=True, slots=True)
class Part:
    """A command of a section, the paragraphs before it, and what its picture shows."""

    command: tuple[str, ...]
    prose: str = ""
    alt: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """The part of a page below a heading."""

    heading: str
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Lecture:
    """One page: its name, and its text with commands in place of their outputs."""

    name: str
    text: str

    @classmethod
    def read(cls, name: str) -> Lecture:
        """Return the page whose text is in `pages/`."""
        return cls(name, files("archcost.lectures").joinpath(f"pages/{name}.md").read_text(encoding="utf-8"))

    @property
    def title(self) -> str:
        """The first line."""
        return self.text.partition("\n")[0].removeprefix("# ")

    @property
    def summary(self) -> str:
        """The first paragraph."""
        return self.text.split("\n\n")[1].replace("\n", " ")

    @property
    def commands(self) -> list[tuple[str, ...]]:
        """The arguments of each command, in the order of the page."""
        return [tuple(shlex.split(line)[2:]) for line in self.text.splitlines() if line.startswith(PROMPT)]

    @property
    def sections(self) -> list[Section]:
        """The headings, and below each its commands; commands above the first heading are the title's."""
        head, *rest = re.split(r"^## ", self.text, flags=re.MULTILINE)
        first = f"{self.title}\n\n{head.split(chr(10) * 2, 2)[-1]}"
        sections = [Section(text.partition("\n")[0], tuple(_yield_parts(text))) for text in (first, *rest)]
        return [section for section in sections if section.parts]

    @property
    def files(self) -> list[str]:
        """The files that the commands write, relative to the page."""
        return [after for each in self.commands for before, after in itertools.pairwise(each) if before == "-o"]


LECTURES: Mapping[str, Lecture] = {
    name: Lecture.read(name)
    for name in (
        "vgg16",
        "memory",
        "inception",
        "inception-family",
        "resnet-family",
        "networks",
        "charts",
        "published",
        "diagrams",
        "claims",
        "rules",
    )
}


def find_lecture(name: str) -> Lecture:
    """Return the page with a name.

    Raises:
        ArgumentError: no page has this name.
    """
    if name not in LECTURES:
        hint = closest(name, LECTURES, f"there are {', '.join(LECTURES)}")
        raise ArgumentError(f"there is no page {name!r}; {hint}")
    return LECTURES[name]


def write_page(shown: Lecture, run: Callable[[Sequence[str]], str]) -> str:
    """Return a page as Markdown.

    Args:
        shown: the page.
        run: runs a command of archcost with the given arguments and returns its output.
    """
    return "\n".join((*_yield_lines(shown, run), "", "---", "", f"Written by `archcost report {shown.name}`.", ""))


def write_index(others: Iterable[tuple[str, str]]) -> str:
    """Return the page that links to all pages; `others` are further files with their titles."""
    lines = [
        "# Reports",
        "",
        "What the lectures' networks cost. Each page says which commands printed it; `archcost report` writes all of",
        "them again, and a test fails where that changes a byte.",
        "",
        *(f"- [{each.title}]({each.name}.md): {each.summary}" for each in LECTURES.values()),
    ]
    measured = [f"- [{title}]({name})" for name, title in others]
    if measured:
        lines += ["", "Measured, on the machine that each page names, by the programs of `benchmarks/`:", "", *measured]
    return "\n".join((*lines, ""))


def _yield_parts(section: str) -> Iterator[Part]:
    """Yield the commands of a section, whose first line is its heading."""
    said: list[str] = []
    found: list[Part] = []
    for paragraph in section.split("\n\n")[1:]:
        picture = re.match(r"!\[(.+)\]", paragraph)
        if paragraph.startswith(PROMPT):
            found.append(Part(tuple(shlex.split(paragraph)[2:]), " ".join(said)))
            said = []
        elif picture and found:
            found[-1] = replace(found[-1], alt=picture[1])
        else:
            said.append(paragraph.replace("\n", " "))
    yield from found


def _yield_lines(shown: Lecture, run: Callable[[Sequence[str]], str]) -> Iterator[str]:
    commands = iter(shown.commands)
    for line in shown.text.rstrip("\n").split("\n"):
        if not line.startswith(PROMPT):
            yield line
            continue
        yield from ("```console", line, "```")
        arguments = next(commands)
        printed = run(arguments).rstrip("\n")
        if printed:
            plain = " ".join(MARKDOWN) not in " ".join(arguments)
            yield from ("", *(("```text", printed, "```") if plain else (printed,)))
