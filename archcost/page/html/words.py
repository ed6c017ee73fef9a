"""What pages and notebooks say alike around a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archcost import units

if TYPE_CHECKING:
    from archcost.page.page import Table

HEADINGS = {"uncovered": "Not counted", "warning": "Warning", "uncalled": "Note", "note": "Note"}
LOUD = ("uncovered", "warning")


def write_caption(table: Table) -> str:
    """Say how many rows there are, and what each one is."""
    count = f"{units.exact(len(table.lines))} row{'' if len(table.lines) == 1 else 's'}"
    return count if table.heading == "Row" else f"{count}, one for each {table.heading.lower()}"
