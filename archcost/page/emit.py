"""emit(document, format): write a document in any format."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archcost.errors import ArgumentError
from archcost.page.formats import find_format
from archcost.page.target import Target

if TYPE_CHECKING:
    from archcost.page.document import Document

NOWHERE = Target()


def emit(document: Document, format: str = "table", target: Target = NOWHERE) -> str:  # noqa: A002 - as in --format
    """Return a document as text in one of the formats of `archcost.page.formats`.

    Raises:
        ArgumentError: the format is unknown, this document does not have it, or it is binary.
    """
    found = emit_any(document, format, target)
    if isinstance(found, bytes):
        raise ArgumentError(f"{format} is bytes, not text")
    return found


def emit_any(document: Document, format: str = "table", target: Target = NOWHERE) -> str | bytes:  # noqa: A002
    """Return a document in one of the formats of `archcost.page.formats`, as text or as bytes.

    Raises:
        ArgumentError: the format is unknown, or this document does not have it.
    """
    form = find_format(format, document.parts)
    if form.name in document.own:
        return document.own[form.name]()
    return form.load_writer()(document, target)
