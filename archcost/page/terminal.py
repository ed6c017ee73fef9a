"""A page as text for a terminal, never cut, and complete without colour."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from archcost import units
from archcost.page.layout import PERCENT, Layout, find_last_name, lay_out, list_names
from archcost.page.page import Passage, clean_page

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from archcost.page.document import Document
    from archcost.page.page import Cell, Column, Figure, Line, Page, Remark, Table
    from archcost.page.target import Target

Span = tuple[str, str]  # text and style
HEADINGS = {"uncovered": "! NOT COUNTED", "warning": "! Warning", "uncalled": "Note", "note": "Note"}
REMARK_STYLES = {"uncovered": "bold red", "warning": "yellow", "uncalled": "", "note": ""}
MARK_STYLES = {"": "", "uncovered": "bold yellow", "uncalled": "dim"}
BAR_STYLE = "cyan"
CODES = {"bold": "1", "dim": "2", "bold red": "1;31", "yellow": "33", "bold yellow": "1;33", "cyan": "36"}
LEAST_PROSE = 20


def write_text(document: Document, target: Target) -> str:
    """Return a document's listing or pages in the target's width and colours."""
    pages = (document.listing or document.pages)()
    texts = (write_page(page, width=target.columns, color=target.colored) for page in pages)
    return target.make_encodable("\n".join(texts))


def write_page(page: Page, *, width: int | None, color: bool) -> str:
    """Return a page for a terminal of this width; None does not limit lines."""
    lines = list(_yield_page(clean_page(page), width))
    return "".join(map(_write_colored if color else _write_plain, lines))


def _yield_page(page: Page, width: int | None) -> Iterator[list[Span]]:
    """Yield the parts of a page, with empty lines between them."""
    parts: list[list[list[Span]]] = [
        [[(page.title, "bold")], *(_yield_prose(" · ".join(page.facts), width, "dim") if page.facts else ())],
        [] if page.table is None else list(_yield_table(page.table, lay_out(page.table, width))),
        [[(text, "")] for entry in page.listing for text in _break_entry(entry, width)],
        list(_yield_figures(page.figures, width)) if page.figures else [],
        list(_yield_prose(page.conventions, width, "dim")) if page.conventions else [],
        *(list(_yield_remark(remark, width)) for remark in page.remarks),
    ]
    for n, part in enumerate(filter(None, parts)):
        if n:
            yield []
        yield from part


def _yield_table(table: Table, layout: Layout) -> Iterator[list[Span]]:
    yield _write_heading(table, layout)
    rule = [("─" * layout.width, "dim")]
    yield rule
    for line, name in zip(table.lines, list_names(table, folded=layout.folded), strict=True):
        yield from _yield_line(line, name, table.columns, layout)
    if table.total is not None:
        yield rule
        yield from _yield_line(table.total, table.total.label, table.columns, layout)


def _write_heading(table: Table, layout: Layout) -> list[Span]:
    text = f"{table.heading:<{layout.names}}"
    if not layout.folded:
        text += f"{'':{layout.gap}}{'Kind':<{layout.kinds}}"
    for i, width in zip(layout.columns, layout.widths, strict=True):
        column = table.columns[i]
        if not column.numeric:
            text += f"{'':{layout.gap}}{column.title:<{width - layout.gap}}"
            continue
        shares = _measure_shares(column, layout)
        text += f"{column.title:>{width - shares}}"
        if shares:
            text += f"{'%':>{PERCENT}}" if layout.percent else ""
            text += " " * (layout.bar + 1 if layout.bar else 0)
    return [(text, "bold")]


def _yield_line(line: Line, name: str, columns: Sequence[Column], layout: Layout) -> Iterator[list[Span]]:
    if line.role == "container":
        kind = "" if layout.folded else f"{'':{layout.gap}}{line.kind}"
        yield [(f"{name:<{layout.names}}{kind}", "bold")]
        return
    style = "bold" if line.role == "total" else MARK_STYLES[line.mark]
    if len(name) > layout.names:
        yield [(name, style)]
        name = ""
    spans = [(f"{name:<{layout.names}}", style)]
    if not layout.folded:
        kind = "" if line.kind == find_last_name(line) else line.kind
        spans.append((f"{'':{layout.gap}}{kind:<{layout.kinds}}", style))
    later: list[list[str]] = []
    for i, width in zip(layout.columns, layout.widths, strict=True):
        cell, column = line.cells[i], columns[i]
        if column.numeric:
            spans += _yield_number(cell, column, width, layout, style)
            later.append([])
        else:
            first, *rest = cell.text.split(", ") if layout.parted else [cell.text]
            spans.append((f"{'':{layout.gap}}{first:<{width - layout.gap}}", style))
            later.append(rest)
    yield spans
    yield from _yield_continued(later, layout, style)


def _yield_continued(later: Sequence[Sequence[str]], layout: Layout, style: str) -> Iterator[list[Span]]:
    """Yield the second and later lines of cells with lists."""
    for n in range(max(map(len, later), default=0)):
        text = " " * (layout.names + layout.kinds_width)
        for items, width in zip(later, layout.widths, strict=True):
            text += f"{'':{layout.gap}}{items[n] if n < len(items) else '':<{width - layout.gap}}"
        yield [(text, style)]


def _yield_number(cell: Cell, column: Column, width: int, layout: Layout, style: str) -> Iterator[Span]:
    shares = _measure_shares(column, layout)
    yield f"{cell.text:>{width - shares}}", style or ("dim" if cell.text == "0" else "")
    if shares and layout.percent:
        yield f"{cell.share:>{PERCENT}}", style
    if shares and layout.bar:
        yield f" {units.bar(cell.size, layout.bar):<{layout.bar}}", BAR_STYLE


def _measure_shares(column: Column, layout: Layout) -> int:
    if not column.shared:
        return 0
    return (PERCENT if layout.percent else 0) + (layout.bar + 1 if layout.bar else 0)


def _yield_figures(figures: Sequence[Figure], width: int | None) -> Iterator[list[Span]]:
    labels = [" " * (2 * figure.level) + figure.label for figure in figures]
    first, second = max(map(len, labels)), max(len(figure.digits) for figure in figures)
    third = max(len(_spell_short(figure)) for figure in figures)
    indent = first + 2 + second + third + 2
    for figure, label in zip(figures, labels, strict=True):
        remarks = _break_text(figure.remark, None if width is None else width - indent) or [""]
        yield [
            (f"{label:<{first}}", "" if figure.level else "bold"),
            (f"  {figure.digits:>{second}}", ""),
            (f"{_spell_short(figure):<{third}}", "bold"),
            (f"  {remarks[0]}", "dim"),
        ]
        for remark in remarks[1:]:
            yield [(" " * indent + remark, "dim")]


def _spell_short(figure: Figure) -> str:
    return f" = {figure.short}" if figure.short and figure.short != figure.digits else ""


def _yield_remark(remark: Remark, width: int | None) -> Iterator[list[Span]]:
    yield from _yield_prose(f"{HEADINGS[remark.kind]}: {remark.text}", width, REMARK_STYLES[remark.kind], hang=2)


def _yield_prose(text: str, width: int | None, style: str, hang: int = 0) -> Iterator[list[Span]]:
    for line in _break_text(text, width, hang):
        yield [(line, style)]


def _break_entry(entry: str | Passage, width: int | None) -> list[str]:
    return _break_text(entry.text, width, entry.hang, entry.indent) if isinstance(entry, Passage) else [entry]


def _break_text(text: str, width: int | None, hang: int = 0, indent: int = 0) -> list[str]:
    """Wrap a text between words; without a width, return it whole."""
    if width is None:
        return [" " * indent + text]
    return textwrap.wrap(
        text,
        max(width, hang + LEAST_PROSE),
        initial_indent=" " * indent,
        subsequent_indent=" " * hang,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _write_plain(line: Iterable[Span]) -> str:
    return "".join(text for text, _ in line).rstrip() + "\n"


def _write_colored(line: Sequence[Span]) -> str:
    """Return a line with colour codes, without spaces at its end."""
    text = ""
    for part, style in reversed(line):
        shown = part if text else part.rstrip()
        text = (f"\x1b[{CODES[style]}m{shown}\x1b[0m" if style and shown else shown) + text
    return text + "\n"
