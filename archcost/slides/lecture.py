"""build_lecture_deck(lecture): a report's page as slides, at least one for each output of its commands."""

from __future__ import annotations

import shlex
from functools import partial
from typing import TYPE_CHECKING, Protocol

from archcost.charts.presets import PRESETS
from archcost.slides.deck import SIZE, Deck, Picture, Slide
from archcost.slides.pages import Frame, build_picture_slide, build_prose, build_slides
from archcost.slides.room import fit_footer, fit_title
from archcost.slides.sources import OURS, list_sources

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from archcost.lectures import Lecture, Section
    from archcost.page.page import Page

DRAWING = ("draw", "plot")


class Runner(Protocol):
    """Run archcost's commands."""

    def read_pages(self, arguments: Sequence[str]) -> Sequence[Page]:
        """Return a command's pages."""

    def draw(self, arguments: Sequence[str], theme: str, format_: str) -> bytes:
        """Return the picture that a command draws."""


def build_lecture_deck(lecture: Lecture, run: Runner, *, steps: bool = False) -> Deck:
    """Return a lecture's page as slides.

    Args:
        lecture: the page.
        run: runs its commands.
        steps: build charts up step by step, and show a command's diagrams one after the other in the same place.
    """
    first = Slide(
        title=fit_title(lecture.title),
        body=build_prose([lecture.summary]),
        notes=(f"Written by `archcost slides {lecture.name}`; the text is the page's of `archcost report`.",),
        source=fit_footer((OURS,)),
    )
    slides = [slide for section in lecture.sections for slide in _yield_slides(section, run, steps=steps)]
    return Deck(title=lecture.title, slides=(first, *slides))


def _yield_slides(section: Section, run: Runner, *, steps: bool) -> Iterator[Slide]:
    for part in section.parts:
        arguments, said = part.command, (part.prose,) if part.prose else ()
        notes = (*said, f"$ archcost {shlex.join(arguments)}")
        frame = Frame(section.heading, notes, list_sources(_list_networks(arguments)))
        if arguments[0] not in DRAWING:
            for page in run.read_pages(arguments):
                cited = (page.title,) if arguments[0] == "claims" else ()
                yield from build_slides(page, frame._replace(sources=(*cited, *frame.sources)))
            continue
        stages = [partial(run.draw, each) for each in list_stages(arguments)]
        pictures = [stages] if steps or arguments[0] == "plot" else [[stage] for stage in stages]
        for each in pictures:
            shown = tuple(each if steps else each[-1:])
            yield build_picture_slide(Picture(alt=part.alt or section.heading, steps=shown), frame)


def list_stages(arguments: Sequence[str]) -> list[tuple[str, ...]]:
    """Return the commands that draw more and more of a picture.

    A diagram of several networks becomes one diagram for each, because letters of 18 points leave no room for two side
    by side; a chart of blocks gains one bar at each step.
    """
    shaped = _leave_out_files(arguments)
    names = _list_networks(shaped)
    if shaped[0] == "draw":
        rest = [each for each in shaped[1:] if each not in names]
        way = () if "--direction" in rest else ("--direction", "right")
        return [("draw", name, *rest, *way, "--size", SIZE) for name in names]
    whole = (*shaped, "--size", SIZE, "--title", "")
    if shaped[1] == "block":
        return [(*whole, "--first", str(n)) for n in range(1, len(names) + 1)]
    return [whole]


def _leave_out_files(arguments: Sequence[str]) -> tuple[str, ...]:
    """Return a command without its output files and its notes."""
    before = ("", *arguments)
    return tuple(
        each for flag, each in zip(before, arguments, strict=False) if "-o" not in {flag, each} and each != "-q"
    )


def _list_networks(arguments: Sequence[str]) -> list[str]:
    """Return the networks that a command names, by themselves or by a preset."""
    start = 2 if arguments[0] == "plot" else 1
    names = list[str]()
    for flag, each in zip(arguments[start - 1 :], arguments[start:], strict=False):
        if flag == "--preset":
            names += PRESETS[each].networks
        elif not each.startswith("-") and not (flag.startswith("-") and flag not in SWITCHES):
            names.append(each)
    return names


SWITCHES = ("-q", "--apart", "--all", "--strict")  # options without a value
