"""A page as Markdown, as GitHub shows it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from archcost.page.flat import HEADINGS, flatten_table
from archcost.page.names import write_code
from archcost.page.page import clean_page

if TYPE_CHECKING:
    from collections.abc import Iterator

    from archcost.page.document import Document
    from archcost.page.page import Figure, Line, Page, Remark, Table
    from archcost.page.target import Target

BREAKING = frozenset("`|")  # characters that would end code, or a table cell, within code
MENTION = re.compile(r"@\w")
BLOCK = re.compile(r"^(#|>|~|[-+=](?= ))")  # characters that begin a heading, a quotation, code or a list
MARKS = {"": "", "uncovered": " **!**", "uncalled": " (not called)"}


def write_text(document: Document, target: Target) -> str:
    """Return a document's pages, with full names where the terminal shows a tree."""
    del target
    return "\n".join(map(write_page, document.pages()))


def write_page(page: Page) -> str:
    """Return one page."""
    return "\n".join(_yield_page(clean_page(page))) + "\n"


def _yield_page(page: Page) -> Iterator[str]:
    yield f"### {_escape_text(page.title)}"
    if page.facts:
        yield ""
        yield _escape_text(" · ".join(page.facts))
    for paragraph in page.prose:
        yield from ("", _escape_text(paragraph))
    for heading, text in page.folded.items():
        yield from ("", f"<details><summary>{heading}</summary>", "", _escape_text(text), "", "</details>")
    if page.table is not None:
        yield ""
        yield from _yield_table(page.table)
    if page.listing:
        yield from ("", "```text", *page.lines, "```")
    if page.figures:
        yield ""
        yield from _yield_figures(page.figures)
    if page.conventions:
        yield from ("", _escape_text(page.conventions))
    for remark in page.remarks:
        yield from ("", _write_remark(remark))


def _yield_table(table: Table) -> Iterator[str]:
    flat = flatten_table(table)
    yield _write_row([table.heading, *flat.headings])
    yield _write_row([":--", *("--:" if numeric else ":--" for numeric in flat.numeric)])
    for line, cells in flat.lines:
        texts = [_write_name(line), *map(_escape_text, cells)]
        yield _write_row([f"**{text}**" if text and line.role == "total" else text for text in texts])


def _write_name(line: Line) -> str:
    if line.role == "total":
        return line.label
    call = line.label.rpartition(" #")
    number = f" #{call[2]}" if call[1] else ""
    name = line.name or line.label
    quoted = f"`{name}`" if BREAKING.isdisjoint(name) else write_code(name, whole=True)
    return f"{quoted}{number}{MARKS[line.mark]}"


def _yield_figures(figures: tuple[Figure, ...]) -> Iterator[str]:
    yield _write_row(["Total", "", "", ""])
    yield _write_row([":--", "--:", "--:", ":--"])
    for figure in figures:
        label = "&emsp;" * figure.level + figure.label
        yield _write_row(
            [label, figure.digits, figure.short if figure.short != figure.digits else "", _escape_text(figure.remark)]
        )


def _write_remark(remark: Remark) -> str:
    return f"**{HEADINGS[remark.kind]}:** {_escape_text(remark.text)}"


def _write_row(texts: list[str]) -> str:
    return "| " + " | ".join(texts) + " |"


def _escape_text(text: str) -> str:
    """Escape Markdown's markup, and write text that would mention somebody as code."""
    words = (write_code(word, whole=True) if MENTION.search(word) else _escape_word(word) for word in text.split(" "))
    return BLOCK.sub(r"\\\1", " ".join(words))


def _escape_word(text: str) -> str:
    for mark in ("\\", "|", "*", "_", "`", "<"):
        text = text.replace(mark, f"\\{mark}")
    return text.replace("](", "]\\(").replace("]:", "]\\:")
