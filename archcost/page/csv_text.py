"""Rows as comma-separated values."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from archcost.page.document import Document
    from archcost.page.target import Target


def write_text(document: Document, target: Target) -> str:
    """Return a document's rows below the names of their columns; what is unknown stays empty."""
    del target
    rows = document.rows()
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(rows.names)
    writer.writerows(rows.values)
    return text.getvalue()
