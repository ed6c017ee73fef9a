"""JSON: a document's data, unchanged."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from archcost.page.document import Document
    from archcost.page.target import Target


def write_text(document: Document, target: Target) -> str:
    """Return a document's data."""
    del target
    return document.data()


def dump_json(values: Any, *, indent: int | None = 1, sort: bool = True) -> str:
    """Return values as JSON, with keys sorted or in their own order; infinities are refused."""
    return json.dumps(values, indent=indent, sort_keys=sort, allow_nan=False, ensure_ascii=False) + "\n"
