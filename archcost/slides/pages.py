"""build_slides(page): a command's page as slides; its arithmetic and remarks go to the speaker's notes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from archcost.page.flat import HEADINGS
from archcost.page.page import clean_page
from archcost.slides.deck import BODY_HEIGHT, INNER, Grid, Prose, Slide
from archcost.slides.grids import Cells, build_grids, split_cells
from archcost.slides.room import break_fixed, break_text, deal_rows, fit_footer, fit_title, line_height, measure_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from archcost.page.page import Page
    from archcost.slides.deck import Picture

LECTURE = re.compile(r"^(?P<layer>.*?)  memory: (?P<memory>.*?)  params: (?P<params>.*?)(?:  ops: (?P<ops>.*))?$")
TOTAL = re.compile(r"^TOTAL (memory|params|ops): (\S+)")
FORMULA = re.compile(r"(\])  .*$")  # the formula of a size, which follows the size
LAYERS = 470.0  # the widest text of a layer in the lecture's table


class Frame(NamedTuple):
    """The common parts of a page's slides: title, first notes and sources."""

    title: str
    notes: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()


def build_slides(page: Page, frame: Frame) -> list[Slide]:
    """Return the slides of a page: a table, a listing, or its totals."""
    page = clean_page(page)
    bodies, told = _build_bodies(page)
    if not bodies:
        return []
    facts = " · ".join((page.title, *page.facts))
    totals = (
        f"{figure.label}: {' '.join(filter(None, (figure.digits, figure.short and f'({figure.short})')))}"
        for figure in page.figures
    )
    remarks = (f"{HEADINGS[remark.kind]}: {remark.text}" for remark in page.remarks)
    notes = (*frame.notes, facts, *told, *page.prose, *totals, *filter(None, (page.conventions,)), *remarks)
    return list(_yield_parts(bodies, frame._replace(notes=notes)))


def build_picture_slide(picture: Picture, frame: Frame) -> Slide:
    """Return the slide of a chart or a diagram."""
    return next(_yield_parts([picture], frame))


def build_prose(lines: Sequence[str]) -> Prose:
    """Return paragraphs broken into lines that fit on a slide."""
    return Prose(lines=tuple(part for line in lines for part in (*break_text(line, INNER), ""))[:-1])


def _yield_parts(bodies: Sequence[Picture | Grid | Prose], frame: Frame) -> Iterator[Slide]:
    for n, body in enumerate(bodies, 1):
        part = f"{frame.title} ({n} of {len(bodies)})" if len(bodies) > 1 else frame.title
        title = fit_title(part)
        notes = frame.notes if n == 1 else ()
        more = (part,) if title != part else ()
        cited = (f"Sources: {'; '.join(frame.sources)}",) if frame.sources and n == 1 else ()
        yield Slide(title=title, body=body, notes=(*more, *notes, *cited), source=fit_footer(frame.sources))


def _build_bodies(page: Page) -> tuple[list[Grid | Prose], list[str]]:
    """Return the bodies of a page's slides, and the texts for the notes."""
    if page.table is not None and page.table.lines:
        grids, told = build_grids(page.table)
        return [*grids], told
    lines = page.lines
    if any(map(LECTURE.match, lines)):
        return [*split_cells(_read_lecture(lines))], lines
    if lines:
        return [*_split_lines(lines)], []
    if page.figures:
        totals = Cells(("Total", "", ""), (False, True, False), [])
        totals.rows.extend((figure.label, figure.short or figure.digits, figure.remark) for figure in page.figures)
        return [*split_cells(totals)], []
    return [], []


def _read_lecture(lines: Sequence[str]) -> Cells:
    """Return the lecture's table without its products, which go to the notes."""
    rows, totals = [], {}
    operations = any("  ops: " in line for line in lines)
    for line in lines:
        found, total = LECTURE.match(line), TOTAL.match(line)
        if found is not None:
            figures = (_find_result(found[name]) for name in ("memory", "params", *(["ops"] if operations else [])))
            rows.append((_shorten_layer(found["layer"]), *figures))
        elif total is not None:
            totals[total[1]] = total[2]
        elif line and not totals:  # a module's heading
            rows.append((_shorten_layer(line), *([""] * (2 + operations))))
    rows.append(("TOTAL", *(totals.get(name, "") for name in ("memory", "params", *(["ops"] if operations else [])))))
    headings = ("Layer", "Memory\n(values)", "Weights", *(["Multiply-\nadds"] if operations else []))
    return Cells(headings, (False, *(True for _ in headings[1:])), rows, 1)


def _shorten_layer(text: str) -> str:
    """Return a layer's window and size, without the size's formula if the text would be too wide."""
    indent = len(text) - len(text.lstrip(" "))
    kept = text.strip(" ")
    if measure_text(kept) > LAYERS:
        kept = FORMULA.sub(r"\1", kept)
    return "\u2007" * (indent // 2) + kept.replace("  ", "\u2007\u2007")


def _find_result(product: str | None) -> str:
    """Return a product's result, "4,096" of "64*64 = 4,096", without the remark behind it."""
    return "" if product is None else product.partition(" (and ")[0].rpartition("=")[2].strip()


def _split_lines(lines: Sequence[str]) -> Iterator[Prose]:
    broken = [part for line in lines for part in break_fixed(line, INNER)]
    for part in deal_rows([line_height()] * len(broken), BODY_HEIGHT):
        yield Prose(lines=tuple(broken[i] for i in part), fixed=True)
