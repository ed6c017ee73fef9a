"""A table for paper: the columns that fit a page, without the tree and other elements of a screen."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from archcost.page.page import Line, Table

MOST_RANK = 3  # columns with a higher rank would make the table wider than a page
HEADINGS = {"uncovered": "Not counted", "warning": "Warning", "uncalled": "Note", "note": "Note"}  # of remarks


class Flat(NamedTuple):
    """The headings after the name's, flags for numeric columns, and the texts of each line."""

    headings: list[str]
    numeric: list[bool]
    lines: list[tuple[Line, list[str]]]


def flatten_table(table: Table) -> Flat:
    """Return a table's rows and its sums; shares have columns of their own, because paper has no bars."""
    shown = [i for i, column in enumerate(table.columns) if column.rank <= MOST_RANK]
    kinds = any(line.kind for line in table.lines)
    headings, numeric = (["Kind"], [False]) if kinds else ([], [])
    for column in (table.columns[i] for i in shown):
        shares = ["%"] if column.shared else []
        headings += [column.title, *shares]
        numeric += [column.numeric, *(True for _ in shares)]
    lines = [line for line in (*table.lines, *([table.total] if table.total else [])) if line.role != "container"]
    return Flat(headings, numeric, [(line, list(_yield_texts(table, line, shown, kinds=kinds))) for line in lines])


def _yield_texts(table: Table, line: Line, shown: list[int], *, kinds: bool) -> Iterator[str]:
    if kinds:
        yield line.kind
    for i in shown:
        yield line.cells[i].text
        if table.columns[i].shared:
            yield line.cells[i].share
