"""Pages as an HTML fragment for notebooks, which drop scripts and style sheets from untrusted outputs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archcost import units
from archcost.page.html.markup import escape_text, write_element
from archcost.page.html.scales import unify_units
from archcost.page.html.table import MARKS, find_parents, name_column
from archcost.page.html.words import HEADINGS, LOUD, write_caption
from archcost.page.page import clean_page

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from archcost.page.page import Cell, Column, Figure, Line, Page, Remark, Table

MOST = 60  # rows; a notebook file stores its outputs
BAR = "rgba(0,114,178,.22)"  # readable on white and on black
LEFT, RIGHT = (f"text-align:{side};white-space:nowrap;padding:.1em .5em" for side in ("left", "right"))
SCROLL = "overflow-x:auto;max-height:30em"


def write_snippet(pages: Iterable[Page]) -> str:
    """Return pages, each with its totals and its first rows."""
    return "\n".join(write_element("div", *_yield_parts(clean_page(page))) for page in pages)


def _yield_parts(page: Page) -> Iterator[str]:
    facts = f" · {escape_text(' · '.join(page.facts))}" if page.facts else ""
    yield write_element("p", write_element("b", escape_text(page.title)), facts)
    yield from (_write_remark(remark) for remark in page.remarks if remark.kind in LOUD)
    if page.figures:
        yield write_element("p", " · ".join(map(_write_figure, page.figures)))
    if page.table is not None:
        yield from _yield_table(unify_units(page.table))
    if page.listing:
        yield write_element("pre", escape_text("\n".join(page.lines)), style=SCROLL)
    yield from (_write_remark(remark) for remark in page.remarks if remark.kind not in LOUD)
    if page.conventions:
        yield write_element("p", write_element("small", escape_text(page.conventions)))


def _write_remark(remark: Remark) -> str:
    return write_element("p", write_element("b", f"{HEADINGS[remark.kind]}:"), f" {escape_text(remark.text)}")


def _write_figure(figure: Figure) -> str:
    """Return a total; its remark appears under the pointer."""
    more = ", ".join(part for part in (figure.digits if figure.short else "", figure.remark) if part)
    value = write_element("b", escape_text(figure.short or figure.digits))
    return write_element("span", escape_text(figure.label), "&nbsp;", value, title=more or None)


def _yield_table(table: Table) -> Iterator[str]:
    kinds = any(line.kind for line in table.lines)
    folds = find_parents(table.lines)
    heads = [write_element("th", escape_text(table.heading), style=LEFT)]
    heads += [write_element("th", "Kind", style=LEFT)] if kinds else []
    heads += [_write_head(column) for column in table.columns]
    yield f'<div style="{SCROLL}"><table><thead>{write_element("tr", *heads)}</thead><tbody>'
    for line, fold in list(zip(table.lines, folds, strict=True))[:MOST]:
        yield write_element("tr", *_yield_cells(line, table.columns, kinds=kinds, bold=fold))
    if table.total is not None:
        yield write_element("tr", *_yield_cells(table.total, table.columns, kinds=kinds, bold=True))
    yield "</tbody></table></div>"
    if len(table.lines) > MOST:
        yield write_element("p", f"The first {units.exact(MOST)} of {escape_text(write_caption(table))}.")


def _write_head(column: Column) -> str:
    heading, unit = name_column(column)
    return write_element("th", escape_text(f"{heading} {unit}".strip()), style=RIGHT if column.numeric else LEFT)


def _yield_cells(line: Line, columns: Sequence[Column], *, kinds: bool, bold: bool) -> Iterator[str]:
    name = escape_text(line.label)
    indent = f"{LEFT};padding-left:{0.5 + min(line.level, 12):g}em"
    yield write_element("td", write_element("b", name) if bold else name, MARKS[line.mark], style=indent)
    if kinds:
        yield write_element("td", escape_text(line.kind), style=LEFT)
    for column, cell in zip(columns, line.cells, strict=False):  # a container may have no sums
        yield _write_cell(cell, column)


def _write_cell(cell: Cell, column: Column) -> str:
    if not column.numeric:
        return write_element("td", escape_text(cell.text), style=LEFT)
    share = f" <small>{escape_text(cell.share)}&nbsp;%</small>" if column.shared and cell.share else ""
    end = f"{100 * cell.size:.0f}%"
    bar = f";background:linear-gradient(90deg,{BAR} {end},transparent {end})" if cell.size else ""
    return write_element("td", escape_text(cell.text), share, style=RIGHT + bar)
