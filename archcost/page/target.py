"""What the place that a text is written to can show: its width, its colours, its characters."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING, TextIO

from archcost.page.terminal import terminal

if TYPE_CHECKING:
    from archcost.page.page import Page

ASCII = str.maketrans(
    {"█": "#", "▉": "#", "▊": "#", "▋": "#", "▌": "#", "─": "-", "·": "|", "µ": "u", "±": "~"}
    | dict.fromkeys("▏▎▍", ".")
)


def fitted(page: Page, target: TextIO | None, *, width: int | None, color: str) -> str:
    """Return a page as text for a target.

    Args:
        page: the page.
        target: where the text will be written; one that cannot encode box-drawing characters gets ASCII.
        width: columns; None is that of the target, and cuts and wraps nothing where the target is no terminal.
        color: "always", "never", or "auto": where the target is a terminal and NO_COLOR is not set.
    """
    plain = bool(os.environ.get("NO_COLOR")) or os.environ.get("TERM") == "dumb"
    colored = color == "always" or (color == "auto" and _is_terminal(target) and not plain)
    text = terminal(page, width=width_of(target) if width is None else width, color=colored)
    return text if target is None else _encodable(text, target.encoding or "utf-8")


def width_of(target: TextIO | None) -> int | None:
    """Return the columns of a terminal; None, for no limit, where the target is none."""
    return shutil.get_terminal_size().columns if _is_terminal(target) else None


def _is_terminal(target: TextIO | None) -> bool:
    return target is not None and target.isatty()


def _encodable(text: str, encoding: str) -> str:
    """Return a text that an encoding can hold: bars and rules in ASCII where it has no others."""
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return text.translate(ASCII).encode(encoding, "replace").decode(encoding)
    return text
