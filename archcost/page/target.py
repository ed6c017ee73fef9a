"""The abilities of an output: its width, its colours, its characters."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from typing import TextIO

from archcost.errors import ArgumentError

COLORS = ("auto", "always", "never")
ASCII = str.maketrans(
    {"█": "#", "▉": "#", "▊": "#", "▋": "#", "▌": "#", "─": "-", "·": "|", "µ": "u", "±": "~"}
    | dict.fromkeys("▏▎▍", ".")
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """The output that receives a text.

    Args:
        stream: an open file, which may be a terminal; None if the text goes elsewhere.
        width: columns; None means the terminal's width; other outputs are neither cut nor wrapped.
        color: "always", "never", or "auto": colours if the stream is a terminal and NO_COLOR is not set.

    Raises:
        ArgumentError: `color` is anything else.
    """

    stream: TextIO | None = None
    width: int | None = None
    color: str = "auto"

    def __post_init__(self) -> None:
        if self.color not in COLORS:
            raise ArgumentError(f"there is no color {self.color!r}; there are {', '.join(COLORS)}")

    @property
    def columns(self) -> int | None:
        """Return the longest line's length; None (no limit) without a terminal."""
        if self.width is not None:
            return self.width
        return shutil.get_terminal_size().columns if self._is_terminal else None

    @property
    def colored(self) -> bool:
        """Whether the text has colours."""
        plain = bool(os.environ.get("NO_COLOR")) or os.environ.get("TERM") == "dumb"
        return self.color == "always" or (self.color == "auto" and self._is_terminal and not plain)

    @property
    def _is_terminal(self) -> bool:
        return self.stream is not None and self.stream.isatty()

    def make_encodable(self, text: str) -> str:
        """Return a text that the stream can encode, with bars and rules in ASCII if necessary."""
        if self.stream is None:
            return text
        encoding = self.stream.encoding or "utf-8"
        try:
            text.encode(encoding)
        except UnicodeEncodeError:
            return text.translate(ASCII).encode(encoding, "replace").decode(encoding)
        return text
