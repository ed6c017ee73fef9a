"""A table that can be sorted by any column, and whose modules can be folded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archcost import units
from archcost.page.html.markup import element, text
from archcost.page.page import order

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from archcost.page.page import Cell, Column, Line, Table

STEPS = 40  # of a bar's length: the policy allows no style attribute, so each length is a class
LONG = 30  # letters from which on a text is broken into lines
DEEPEST = 12  # levels that are indented further
MARKS = {
    "": "",
    "uncovered": ' <strong class="mark">not counted</strong>',
    "uncalled": ' <em class="mark">not called</em>',
}


def table(shown: Table, caption: str, name: str) -> Iterator[str]:
    """Yield a table, its caption, and the buttons that act on it, which its script shows."""
    folds = parents(shown.lines)
    kinds = any(line.kind for line in shown.lines)
    yield '<div class="tools" hidden>'
    if any(folds):
        yield '<button type="button" data-fold="true">Collapse all</button>'
        yield '<button type="button" data-fold="false">Expand all</button>'
    yield '<span role="status"></span></div>'
    yield f'<div class="scroll" role="group" aria-labelledby="{name}-caption" tabindex="0"><table>'
    yield element("caption", text(caption), id=f"{name}-caption")
    yield "<thead><tr>"
    yield _heading(shown.heading)
    if kinds:
        yield _heading("Kind")
    yield from (_heading(column.heading, column.unit, numeric=column.numeric) for column in shown.columns)
    yield "</tr></thead><tbody>"
    for line, fold in zip(shown.lines, folds, strict=True):
        yield _row(line, shown.columns, kinds=kinds, fold=fold)
    yield "</tbody>"
    if shown.total is not None:
        yield element("tfoot", _row(shown.total, shown.columns, kinds=kinds, fold=False))
    yield "</table></div>"


def parents(lines: Sequence[Line]) -> list[bool]:
    """Say of each line whether the lines below it are its parts."""
    levels = [line.level for line in lines]
    return [line.role == "container" or after > line.level for line, after in zip(lines, [*levels, 0][1:], strict=True)]


def bar_rules() -> str:
    """Return the style of every length that a bar can have."""
    return "".join(f".b{step}{{--w:{100 * step / STEPS:g}%}}" for step in range(1, STEPS + 1)) + "\n"


def _heading(heading: str, unit: str = "", *, numeric: bool = False) -> str:
    if not heading:  # remarks, which are in no order
        return "<td></td>"
    button = element("button", text(heading), " ", element("small", text(unit)), type="button")
    return element("th", button, scope="col", aria_sort="none", class_="" if numeric else "t")


def _row(line: Line, columns: Sequence[Column], *, kinds: bool, fold: bool) -> str:
    heading = _name(line)
    if fold:
        heading = element("button", heading, type="button", aria_expanded="true")
    cells = [element("th", heading + MARKS[line.mark], scope="row")]
    if kinds:
        cells.append(element("td", text(line.kind), class_="t"))
    if line.cells:
        cells += [_cell(cell, column) for cell, column in zip(line.cells, columns, strict=True)]
    else:
        cells += [element("td")] * len(columns)
    level = str(min(line.level, DEEPEST)) if line.level else None
    return element("tr", *cells, class_="parent" if fold else line.mark, data_level=level)


def _name(line: Line) -> str:
    """Return a line's label behind the rest of its whole name, which shows where the tree does not."""
    own = line.label if line.call is None else line.label.removesuffix(f" #{units.number(line.call)}")
    above = line.name.removesuffix(own) if line.name != own and line.name.endswith(own) else ""
    return (element("span", text(above), class_="above") if above else "") + text(line.label)


def _cell(cell: Cell, column: Column) -> str:
    if not column.numeric:
        return element("td", text(cell.text), class_="t long" if len(cell.text) > LONG else "t")
    share = element("small", text(cell.share)) if column.shared else ""
    bar = f"b{max(1, round(cell.size * STEPS))}" if cell.size else ""
    return element("td", text(cell.text), share, class_=bar, data_v=_sort_key(cell))


def _sort_key(cell: Cell) -> str | None:
    """Return what the script sorts by, unless the text says it as well."""
    if cell.raw is None or isinstance(cell.raw, str):
        return None
    key = f"{order(cell.raw):.17g}"
    return None if key == cell.text.replace(",", "") else key.replace("inf", "Infinity")
