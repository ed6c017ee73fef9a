"""build_grids(table): a table as grids that fit on slides; texts that do not fit go to the speaker's notes."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from archcost.page.layout import lay_out
from archcost.slides.deck import BODY_HEIGHT, INNER, Grid
from archcost.slides.room import break_text, deal_rows, line_height, measure_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from archcost.page.page import Line, Table

GAP = 18.0  # between columns
PAD = 5.0  # above and below a row's lines, together
WIDE = 190.0  # of a column's text: a wider text is broken into lines
LONGEST = 3 * WIDE  # longer texts go to the notes
NAMES = 130.0  # the least width of the names
LETTERS = 84  # the width of a terminal as wide as a slide: its layout chooses the columns
INDENT = "\u2007\u2007"  # of one level: as wide as two digits


class Cells(NamedTuple):
    """A table's texts: the names first, headings above, sums below."""

    headings: tuple[str, ...]
    numeric: tuple[bool, ...]
    rows: list[tuple[str, ...]]
    totals: int = 0


def build_grids(table: Table) -> tuple[list[Grid], list[str]]:
    """Return a table as grids for as many slides as it needs, and the texts that are too long for a slide."""
    shown, told = _leave_out_long(table)
    layout = lay_out(shown, LETTERS)
    kinds = not layout.folded
    headings, numeric = [shown.heading], [False]
    headings += ["Kind"] if kinds else []
    numeric += [False] if kinds else []
    for i in layout.columns:
        column = shown.columns[i]
        percent = layout.percent and column.shared
        headings += [_break_heading(column.heading, column.unit), *(["%"] if percent else [])]
        numeric += [column.numeric, *([True] if percent else [])]
    lines = [*shown.lines, *([shown.total] if shown.total else [])]
    rows = []
    for line in lines:
        row = [INDENT * line.level + line.label, *([line.kind] if kinds else [])]
        for i in layout.columns:
            cell = line.cells[i] if line.cells else None
            row.append(_break_cell(cell.text) if cell else "")
            if layout.percent and shown.columns[i].shared:
                row.append(cell.share if cell else "")
        rows.append(tuple(row))
    cells = Cells(tuple(headings), tuple(numeric), rows, 1 if shown.total else 0)
    return split_cells(cells), told


def split_cells(cells: Cells) -> list[Grid]:
    """Return grids of as many rows as a slide holds, with the same widths; the sums close the last one."""
    fitted, widths = _fit_columns(cells)
    names = [tuple(break_text(row[0], widths[0])) for row in fitted.rows]
    rows = [("\n".join(lines), *row[1:]) for lines, row in zip(names, fitted.rows, strict=True)]
    heights = [line_height(max(text.count("\n") for text in row) + 1) + PAD for row in rows]
    head = line_height(max(text.count("\n") for text in fitted.headings) + 1) + PAD
    body = len(rows) - fitted.totals
    if fitted.totals and body:  # the sums stay with the last row
        heights[body - 1] += sum(heights[body:])
    dealt = deal_rows(heights[:body] or heights, BODY_HEIGHT - head)
    grids = [
        Grid(
            headings=fitted.headings, rows=tuple(rows[i] for i in part), numeric=fitted.numeric, widths=widths
        )
        for part in dealt
    ]  # fmt: skip
    if fitted.totals and body:
        grids[-1] = replace(grids[-1], rows=(*grids[-1].rows, *rows[body:]), totals=fitted.totals)
    return grids


def _leave_out_long(table: Table) -> tuple[Table, list[str]]:
    """Return a table without blank and too long columns, and the texts of the long ones."""
    told: list[str] = []
    kept = []
    for i, column in enumerate(table.columns):
        texts = [line.cells[i].text for line in table.lines if line.cells]
        if not any(texts):
            continue
        if not column.numeric and max(map(measure_text, texts)) > LONGEST:
            told += [f"{_name_line(line, table)}: {line.cells[i].text}" for line in table.lines
                     if line.cells and line.cells[i].text]  # fmt: skip
        else:
            kept.append(i)

    def take(line: Line) -> Line:
        return replace(line, cells=tuple(line.cells[i] for i in kept) if line.cells else ())

    total = None if table.total is None else take(table.total)
    columns = tuple(table.columns[i] for i in kept)
    return replace(table, columns=columns, lines=tuple(map(take, table.lines)), total=total), told


def _break_cell(text: str) -> str:
    """Return a text on lines; a product is one word, which stays whole."""
    longest = max(map(measure_text, text.split()), default=0.0)
    return "\n".join(break_text(text, min(max(WIDE, longest), LONGEST)))


def _name_line(line: Line, table: Table) -> str:
    """Return a line's name, followed by its first text if that is short enough: lines may share a name."""
    first = next((i for i, column in enumerate(table.columns) if not column.numeric), None)
    more = line.cells[first].text if first is not None and line.cells else ""
    return f"{line.label}, {more}" if more and measure_text(more) <= LONGEST else line.label


def _break_heading(heading: str, unit: str) -> str:
    """Return a heading on two lines: its unit, or its last word, below."""
    if unit and heading:
        return f"{heading}\n{unit}"
    first, _, rest = (heading or unit).partition(", ")
    return f"{first},\n{rest}" if rest else first


def _fit_columns(cells: Cells) -> tuple[Cells, tuple[float, ...]]:
    """Return the columns that fit on a slide beside the names, and their widths."""
    while True:
        columns = list(zip(cells.headings, *cells.rows, strict=True))
        needed = [_measure_column(column) for column in columns]
        beside = sum(width + GAP for width in needed[1:])
        room = INNER - beside
        least = min(needed[0], NAMES) + GAP
        if room >= least or len(columns) == 1:
            return cells, (min(needed[0] + GAP, room), *(width + GAP for width in needed[1:]))
        cells = Cells(cells.headings[:-1], cells.numeric[:-1], [row[:-1] for row in cells.rows], cells.totals)


def _measure_column(texts: Sequence[str]) -> float:
    return max(measure_text(texts[0], bold=True), *(measure_text(text, bold=True) for text in texts[1:]), 1.0)
