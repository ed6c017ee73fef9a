"""A check, as a document: differences, and whether budgets allow them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archcost.page.document import Document
from archcost.render.check_cases import yield_suites
from archcost.render.check_comment import write_comment
from archcost.render.check_data import build_rows, dump_check
from archcost.render.check_pages import yield_pages

if TYPE_CHECKING:
    from archcost.records import Check


def build_document(check: Check) -> Document:
    """Return the document of a check; its Markdown is a comment that CI edits again and again."""
    return Document(
        pages=lambda: yield_pages(check),
        data=lambda: dump_check(check),
        rows=lambda: build_rows(check),
        cases=lambda: yield_suites(check),
        own={"markdown": lambda: write_comment(check)},
    )
