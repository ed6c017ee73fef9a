"""Rows as comma-separated values."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from archcost.page.document import Document
    from archcost.page.target import Target

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\0")  # how a cell begins that a spreadsheet does not take for text


def write_text(document: Document, target: Target) -> str:
    """Return a document's rows below the names of their columns; what is unknown stays empty. No cell is a formula."""
    del target
    rows = document.rows()
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(rows.names)
    writer.writerows([[_disarm(value) for value in row] for row in rows.values])
    return text.getvalue()


def _disarm(value: Any) -> Any:
    """Put an apostrophe before a text that a spreadsheet would run: whoever names a layer could write a formula."""
    if not isinstance(value, str):
        return value
    text = f"'{value}" if value.startswith(FORMULA) else value
    return text.replace("\r", "\\r")  # the writer leaves it bare, and a reader takes it for the end of a line
