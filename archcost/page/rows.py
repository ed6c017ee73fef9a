"""Rows of raw values, for spreadsheets and data frames."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from archcost import units

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from archcost.page.page import Table


class Rows(NamedTuple):
    """The names of the columns, and the values of each row in their order."""

    names: Sequence[str]
    values: Sequence[Sequence[Any]]


def read_records(records: Iterable[Mapping[str, Any]], names: Sequence[str] = ()) -> Rows:
    """Return mappings as rows. The first record with columns names the columns; without records, `names` does."""
    records = list(records)
    columns = list(dict.fromkeys(name for record in records for name in record)) or list(names)
    return Rows(columns, [[record.get(name) for name in columns] for record in records])


def read_table(table: Table) -> Rows:
    """Return the lines of a table, without containers and sums."""
    lines = [line for line in table.lines if line.role == "row"]
    columns: dict[str, list[Any]] = {table.heading.lower(): [line.name for line in lines]}
    for name in ("call", "kind"):
        values = [getattr(line, name) for line in lines]
        if any(value not in {None, ""} for value in values):
            columns[name] = values
    for i, column in enumerate(table.columns):
        raw = [line.cells[i].raw for line in lines]
        columns[column.name] = [spell_axes(value) if isinstance(value, tuple) else value for value in raw]
    return Rows(list(columns), list(zip(*columns.values(), strict=True)))


def spell_axes(sizes: Any) -> str:
    """Spell out every axis, even if all are equal: "7x7", "allxall"."""
    if not isinstance(sizes, tuple) or all(size is None for size in sizes):
        return ""
    return "x".join(units.extents((size,)) or "?" for size in sizes)
