"""Escaped text, and the elements around it."""

from __future__ import annotations

import re
from html import escape

# Characters that HTML forbids, and halves of surrogate pairs, which UTF-8 cannot hold.
FORBIDDEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


def escape_text(value: str) -> str:
    """Return a text as HTML; a module's name may hold any character."""
    return escape(FORBIDDEN.sub("\N{REPLACEMENT CHARACTER}", value))


def write_element(tag: str, *content: str, **attributes: str | None) -> str:
    """Return an element around finished HTML; attribute values are escaped; None or an empty class drops one.

    `class_` and `data_v` stand for `class` and `data-v`.
    """
    written = "".join(
        f' {name.rstrip("_").replace("_", "-")}="{escape_text(value)}"'
        for name, value in attributes.items()
        if value is not None and (value or name != "class_")
    )
    return f"<{tag}{written}>{''.join(content)}</{tag}>"
