"""Rows as comma-separated values."""

from __future__ import annotations

import csv
import io
import re
from typing import TYPE_CHECKING, Any

from archcost.page.names import make_printable

if TYPE_CHECKING:
    from archcost.page.document import Document
    from archcost.page.target import Target

FORMULA = ("=", "+", "-", "@")  # first characters of cells that a spreadsheet does not read as text
NUMBER = re.compile(r"[+-]?[\d.,]+( ?%)?")


def write_text(document: Document, target: Target) -> str:
    """Return a document's rows below their column names; unknown values stay empty. No cell is a formula."""
    del target
    rows = document.rows()
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(rows.names)
    writer.writerows(map(_clean_cell, values) for values in rows.values)
    return text.getvalue()


def _clean_cell(value: Any) -> Any:
    """Write a text on one line, with an apostrophe in front if a spreadsheet would run it."""
    if not isinstance(value, str):
        return value
    text = make_printable(value)
    return f"'{text}" if text.startswith(FORMULA) and not NUMBER.fullmatch(text) else text
