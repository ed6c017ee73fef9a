"""A table that readers can sort by any column, search, filter, and fold by module."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from archcost import units
from archcost.page.html.markup import escape_text, write_element
from archcost.page.page import order

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from archcost.page.page import Cell, Column, Line, Table

STEPS = 40  # steps of a bar's length; each is a class, because the policy allows no style attribute
LONG = 30  # from this number of letters on, a text is wrapped
UNLINKED = re.compile(r"[^\w.-]+", re.ASCII)  # characters that a link has to encode
DEEPEST = 12  # the most levels with an indent of their own
MARKS = {
    "": "",
    "uncovered": ' <strong class="mark">not counted</strong>',
    "uncalled": ' <em class="mark">not called</em>',
}


def yield_table(shown: Table, caption: str, name: str) -> Iterator[str]:
    """Yield a table, its caption, and its buttons, which the script shows."""
    folds = find_parents(shown.lines)
    kinds = any(line.kind for line in shown.lines)
    yield from _yield_tools(shown, folds)
    yield f'<div class="scroll" role="group" aria-labelledby="{name}-caption" tabindex="0"><table>'
    yield write_element("caption", escape_text(caption), id=f"{name}-caption")
    yield "<thead><tr>"
    yield _write_heading(shown.heading, "name")
    if kinds:
        yield _write_heading("Kind", "kind")
    for column in shown.columns:
        heading, unit = name_column(column)
        yield _write_heading(heading, column.name, unit, numeric=column.numeric)
    yield "</tr></thead><tbody>"
    taken: set[str] = set()
    for line, fold in zip(shown.lines, folds, strict=True):
        yield _write_row(line, shown.columns, kinds=kinds, fold=fold, anchor=_name_anchor(line, name, taken))
    yield "</tbody>"
    if shown.total is not None:
        yield write_element("tfoot", _write_row(shown.total, shown.columns, kinds=kinds, fold=False))
    yield "</table></div>"


def _yield_tools(shown: Table, folds: Sequence[bool]) -> Iterator[str]:
    """Yield the controls of the rows: search, a choice of roles, buttons."""
    yield '<div class="tools" hidden><input type="search" placeholder="Search" aria-label="Search rows">'
    works = sorted({line.work for line in shown.lines if line.work})
    if len(works) > 1:
        options = (write_element("option", escape_text(work), value=work) for work in works)
        yield f'<select aria-label="Role"><option value="">All roles</option>{"".join(options)}</select>'
    if any(folds):
        yield '<button type="button" data-fold="true">Collapse all</button>'
        yield '<button type="button" data-fold="false">Expand all</button>'
    yield '<button type="button" data-copy>Copy as CSV</button><span role="status"></span></div>'


def name_column(column: Column) -> tuple[str, str]:
    """Return a column's heading and unit; without a heading, its unit or its name."""
    if column.heading:
        return column.heading, column.unit
    return column.unit or column.name.replace("_", " ").capitalize(), ""


def find_parents(lines: Sequence[Line]) -> list[bool]:
    """Return for each line whether the lines below it are its parts."""
    levels = [line.level for line in lines]
    return [line.role == "container" or after > line.level for line, after in zip(lines, [*levels, 0][1:], strict=True)]


def write_bar_rules() -> str:
    """Return the style rules of all bar lengths."""
    return "".join(f".b{step}{{--w:{100 * step / STEPS:g}%}}" for step in range(1, STEPS + 1)) + "\n"


def _name_anchor(line: Line, name: str, taken: set[str]) -> str:
    """Return a row's anchor, stable and unique in the document."""
    base = f"{name}.{UNLINKED.sub('-', line.name)}"
    anchor, n = base, 1
    while anchor in taken:
        anchor, n = f"{base}~{n}", n + 1
    taken.add(anchor)
    return anchor


def _write_heading(heading: str, name: str, unit: str = "", *, numeric: bool = False) -> str:
    button = write_element(
        "button", escape_text(heading), " ", write_element("small", escape_text(unit)), type="button"
    )
    return write_element("th", button, scope="col", aria_sort="none", class_="" if numeric else "t", data_name=name)


def _write_row(line: Line, columns: Sequence[Column], *, kinds: bool, fold: bool, anchor: str | None = None) -> str:
    heading = _write_name(line)
    if fold:
        heading = write_element("button", heading, type="button", aria_expanded="true")
    if anchor is not None:
        heading += write_element("a", href=f"#{anchor}", class_="link", aria_label="Link")
    cells = [write_element("th", heading + MARKS[line.mark], scope="row")]
    if kinds:
        cells.append(write_element("td", escape_text(line.kind), class_="t"))
    if line.cells:
        cells += [_write_cell(cell, column) for cell, column in zip(line.cells, columns, strict=True)]
    else:
        cells += [write_element("td")] * len(columns)
    level = str(min(line.level, DEEPEST)) if line.level else None
    return write_element(
        "tr",
        *cells,
        class_="parent" if fold else line.mark,
        id=anchor,
        data_level=level,
        data_work=line.work or None,
    )


def _write_name(line: Line) -> str:
    """Return a line's label after the rest of its full name, which is visible if the tree is not."""
    own = line.label if line.call is None else line.label.removesuffix(f" #{units.number(line.call)}")
    above = line.name.removesuffix(own) if line.name != own and line.name.endswith(own) else ""
    return (write_element("span", escape_text(above), class_="above") if above else "") + escape_text(line.label)


def _write_cell(cell: Cell, column: Column) -> str:
    if not column.numeric:
        return write_element("td", escape_text(cell.text), class_="t long" if len(cell.text) > LONG else "t")
    share = write_element("small", escape_text(cell.share)) if column.shared else ""
    bar = f"b{max(1, round(cell.size * STEPS))}" if cell.size else ""
    return write_element("td", escape_text(cell.text), share, class_=bar, data_v=_sort_key(cell))


def _sort_key(cell: Cell) -> str | None:
    """Return the script's sort key, unless it equals the text."""
    if cell.raw is None or isinstance(cell.raw, str):
        return None
    key = f"{order(cell.raw):.17g}"
    return None if key == cell.text.replace(",", "") else key.replace("inf", "Infinity")
