"""emit(document, format): the one door to every form."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archcost.page.formats import find_format
from archcost.page.target import Target

if TYPE_CHECKING:
    from archcost.page.document import Document

NOWHERE = Target()


def emit(document: Document, format: str = "table", target: Target = NOWHERE) -> str | bytes:  # noqa: A002 - as in --format
    """Return a document in one of the forms of `archcost.page.formats`: text, or bytes where it is none.

    Raises:
        ArgumentError: a form that there is not, or that this document cannot have.
    """
    form = find_format(format, document.parts)
    if form.name in document.own:
        return document.own[form.name]()
    return form.load_writer()(document, target)
