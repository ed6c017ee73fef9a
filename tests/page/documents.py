"""Documents of handwritten pages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from archcost.page.document import Document
from archcost.page.rows import Rows

if TYPE_CHECKING:
    from archcost.page.page import Page


def document(*pages: Page, **parts: Any) -> Document:
    """Return a document with these pages, without data and rows unless given."""
    return Document(**{"pages": lambda: pages, "data": lambda: "{}\n", "rows": lambda: Rows((), ()), **parts})
