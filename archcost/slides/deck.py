"""A deck independent of its file format: slides of finished texts, fitted tables, and pictures drawn on writing.

Lengths are points: a slide is 13.33 x 7.5 inches, and no letter on it is smaller than `FONT`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

WIDTH, HEIGHT = 960.0, 540.0
MARGIN = 24.0
FONT, TITLE_FONT = 18.0, 24.0
LEADING = 1.25  # of the font, from line to line
TITLE_TOP, TITLE_HEIGHT = 14.0, 62.0  # two lines
BODY_TOP, BODY_HEIGHT = 84.0, 410.0
FOOT_TOP, FOOT_HEIGHT = 503.0, 26.0
NUMBER_WIDTH = 84.0  # for the slide's number, beside the footer
INNER = WIDTH - 2 * MARGIN
SIZE = "body"  # of the charts and diagrams: INNER x BODY_HEIGHT

Draw: TypeAlias = Callable[[str, str], bytes]  # theme and format: the picture


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A chart or a diagram. Each of `steps` draws more of it, the last one all; `alt` describes it."""

    alt: str
    steps: tuple[Draw, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """A table. Line breaks in texts are kept. `widths` holds the columns' widths; the last `totals` rows are sums."""

    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numeric: tuple[bool, ...]
    widths: tuple[float, ...]
    totals: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Prose:
    """Lines of text; if `fixed`, in a monospaced font that keeps spaces."""

    lines: tuple[str, ...]
    fixed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Slide:
    """A title that states the finding, one body, the speaker's notes, and a footer that names the sources."""

    title: str
    body: Picture | Grid | Prose
    notes: tuple[str, ...] = ()
    source: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deck:
    """The slides, under one title."""

    title: str
    slides: tuple[Slide, ...]
