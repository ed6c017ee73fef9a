"""One unit per quantity of a page: the unit of its total, which a card above the table shows."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from archcost import units

if TYPE_CHECKING:
    from collections.abc import Sequence

    from archcost.page.page import Cell, Column, Line, Table
    from archcost.units import Scale


def unify_units(table: Table) -> Table:
    """Return a table in which columns that add up have the unit of their sums."""
    total = table.total
    scales: dict[int, Scale] = {}
    for i, column in enumerate(table.columns):
        whole = total.cells[i].raw if total is not None and total.cells else None
        if column.scale is not None and isinstance(whole, int) and whole:
            scales[i] = units.scale_parts(_read_values(table.lines, i), whole, binary="i" in column.scale.prefix)
    if not scales:
        return table
    return replace(
        table,
        columns=tuple(
            _restate_column(column, scales[i]) if i in scales else column for i, column in enumerate(table.columns)
        ),
        lines=tuple(_restate_line(line, scales) for line in table.lines),
        total=None if total is None else _restate_line(total, scales),
    )


def _read_values(lines: Sequence[Line], i: int) -> list[int]:
    raw = (line.cells[i].raw for line in lines if line.cells)
    return [value for value in raw if isinstance(value, int)]


def _restate_column(column: Column, scale: Scale) -> Column:
    bare = column.unit.removeprefix(column.scale.prefix) if column.scale else column.unit
    return replace(column, unit=f"{scale.prefix}{bare}", scale=scale)


def _restate_line(line: Line, scales: dict[int, Scale]) -> Line:
    cells = (_restate_cell(cell, scales[i]) if i in scales else cell for i, cell in enumerate(line.cells))
    return replace(line, cells=tuple(cells))


def _restate_cell(cell: Cell, scale: Scale) -> Cell:
    return cell._replace(text=scale.text_of_part(cell.raw)) if isinstance(cell.raw, int) else cell
