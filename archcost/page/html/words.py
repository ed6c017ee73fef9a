"""Texts around a table that pages and notebooks share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archcost import units

if TYPE_CHECKING:
    from archcost.page.page import Table

HEADINGS = {"uncovered": "Not counted", "warning": "Warning", "uncalled": "Note", "note": "Note"}
LOUD = ("uncovered", "warning")


def write_caption(table: Table) -> str:
    """Return a caption with the number and the kind of rows."""
    count = f"{units.exact(len(table.lines))} row{'' if len(table.lines) == 1 else 's'}"
    return count if table.heading == "Row" else f"{count}, one for each {table.heading.lower()}"
