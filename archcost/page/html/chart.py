"""Bars for each row of a table, as handwritten SVG: importing a plotting library would take longer than the page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archcost.page.html.markup import escape_text, write_element
from archcost.page.html.table import find_parents, name_column

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from archcost.page.page import Cell, Column, Line, Table

HEIGHT = 100
CROWDED = 200  # from this number of rows on, bars touch
LEAST = 2  # the most rows in a chart
GRID = f"M0 0h%dM0 {HEIGHT // 2}h%d"  # at the largest figure and at half of it


def yield_chart(table: Table) -> Iterator[str]:
    """Yield a panel of bars for each column with sizes, in the order of the table; nothing for a single row.

    Lines without parts get a bar. The script redraws the bars when modules fold.
    """
    folds = find_parents(table.lines)
    lines = [line for line, fold in zip(table.lines, folds, strict=True) if not fold]
    panels = [i for i, _ in enumerate(table.columns) if any(line.cells[i].size for line in lines)]
    if len(lines) < LEAST or not panels:
        return
    yield '<figure class="chart">'
    for i in panels:
        yield _write_panel(table.columns[i], lines, [line.cells[i] for line in lines])
    yield f"<figcaption><span>{escape_text(lines[0].name)}</span>"
    yield f" <span>{escape_text(lines[-1].name)}</span></figcaption></figure>"


def spell_cell(column: Column, cell: Cell) -> str:
    """Return a figure with its unit, or its share if the figure itself is not shown."""
    if not cell.text:
        return f"{cell.share} %"
    unit = name_column(column)[1]
    return f"{cell.text} {unit}".rstrip()


def _write_panel(column: Column, lines: Sequence[Line], cells: Sequence[Cell]) -> str:
    largest = max(range(len(cells)), key=lambda i: cells[i].size)
    top = spell_cell(column, cells[largest])
    share = f", {cells[largest].share} %" if cells[largest].text and cells[largest].share else ""
    most = f"most in {lines[largest].name}: {top}{share}"
    heading, count = name_column(column)[0], len(cells)
    svg = write_element(
        "svg",
        write_element("path", class_="grid", d=GRID % (count, count)),
        write_element("path", class_="bars", d=_write_bars([cell.size for cell in cells])),
        viewBox=f"0 0 {count} {HEIGHT}",
        preserveAspectRatio="none",
        role="img",
        aria_label=f"{heading} of each row; {most}",
    )
    ticks = (write_element("span", escape_text(tick)) for tick in (top, "½", "0"))
    return write_element(
        "div",
        write_element("p", write_element("b", escape_text(heading)), " ", write_element("span", escape_text(most))),
        write_element("div", *ticks, class_="axis", aria_hidden="true"),
        write_element("div", svg, class_="field"),
        class_="panel",
        data_column=column.name,
    )


def _write_bars(sizes: Sequence[float]) -> str:
    """Return one path with all bars; every bar above 0 is visible."""
    width = "1" if len(sizes) > CROWDED else ".8"
    largest = max(sizes)  # less than 1 if a module has the column's largest figure
    tops = [round(HEIGHT - max(size / largest * HEIGHT, 0.5), 1) if size else None for size in sizes]
    return "".join(f"M{i} {HEIGHT}V{top:g}h{width}V{HEIGHT}z" for i, top in enumerate(tops) if top is not None)
