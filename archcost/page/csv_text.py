"""A table as comma-separated values: raw numbers, one line for each row."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from archcost import units

if TYPE_CHECKING:
    from archcost.page.page import Table


def table_csv(table: Table) -> str:
    """Return the lines of a table, without containers and sums."""
    import pandas as pd

    lines = [line for line in table.lines if line.role == "row"]
    entries: dict[str, list[Any]] = {table.heading.lower(): [line.name for line in lines]}
    for name in ("call", "kind"):
        values = [getattr(line, name) for line in lines]
        if any(value not in {None, ""} for value in values):
            entries[name] = values
    for i, column in enumerate(table.columns):
        raw = [line.cells[i].raw for line in lines]
        entries[column.name] = [axes_text(value) if isinstance(value, tuple) else value for value in raw]
    return str(pd.DataFrame(entries, dtype=object).to_csv(index=False, lineterminator="\n"))


def axes_text(sizes: Any) -> str:
    """Spell out every axis, also where they agree: "7x7", "allxall"."""
    if not isinstance(sizes, tuple) or all(size is None for size in sizes):
        return ""
    return "x".join(units.extents((size,)) or "?" for size in sizes)
