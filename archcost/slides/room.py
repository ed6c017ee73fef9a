"""Fitting to a slide: breaking texts into lines, and distributing rows over slides."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from archcost.diagrams.plan import measure
from archcost.slides.deck import FONT, INNER, LEADING, NUMBER_WIDTH, TITLE_FONT

if TYPE_CHECKING:
    from collections.abc import Sequence

BOLD = 1.16  # times the width of plain letters
FIXED = 0.605  # times the font: the width of a monospaced letter
MOST_TITLE_LINES = 2


def measure_text(text: str, *, bold: bool = False) -> float:
    """Return the width of a text's widest line, estimated with a wide font."""
    return max(measure(line, FONT) for line in text.split("\n")) * (BOLD if bold else 1.0)


def break_text(text: str, width: float, *, font: float = FONT, bold: bool = False) -> list[str]:
    """Break a text into lines of a width: between words, or within a word that is wider than a line."""
    room = width / (BOLD if bold else 1.0)
    lines = [""]
    for word in text.split(" "):
        longer = f"{lines[-1]} {word}" if lines[-1] else word
        if measure(longer, font) <= room:
            lines[-1] = longer
            continue
        *whole, rest = _break_word(word, room, font)
        lines += [*whole, rest]
    return [line for line in lines if line] or [""]


def _break_word(word: str, room: float, font: float) -> list[str]:
    parts = [""]
    for letter in word:
        if parts[-1] and measure(parts[-1] + letter, font) > room:
            parts.append("")
        parts[-1] += letter
    return parts


def break_fixed(line: str, width: float) -> list[str]:
    """Break a monospaced line; indent the lines that follow by two more columns."""
    import textwrap

    most = int(width / (FIXED * FONT))
    start = len(line) - len(line.lstrip(" "))
    hang = " " * min(start + 2, most // 2)
    return textwrap.wrap(line, most, subsequent_indent=hang, drop_whitespace=True, replace_whitespace=False) or [""]


def fit_title(title: str) -> str:
    """Return a title of at most two lines; shorten a longer one with an ellipsis."""
    lines = break_text(title, INNER, font=TITLE_FONT, bold=True)
    if len(lines) <= MOST_TITLE_LINES:
        return title
    words = " ".join(lines[:MOST_TITLE_LINES])
    while len(break_text(f"{words}…", INNER, font=TITLE_FONT, bold=True)) > MOST_TITLE_LINES:
        words = words[:-1]
    return f"{words.rstrip()}…"


def fit_footer(sources: Sequence[str]) -> str:
    """Return as many sources as fit on one line, and the number of the others."""
    for shown in range(len(sources), 0, -1):
        left = len(sources) - shown
        text = "; ".join(sources[:shown]) + (f"; and {left} more" if left else "")
        if measure(text, FONT) <= INNER - NUMBER_WIDTH:
            return text
    if not sources:
        return ""
    more = f"…; and {len(sources) - 1} more" if len(sources) > 1 else "…"
    return break_text(sources[0], INNER - NUMBER_WIDTH - measure(more, FONT))[0] + more


def deal_rows(heights: Sequence[float], room: float) -> list[range]:
    """Return the rows of each slide: as few slides as possible, about equally full."""
    count = max(1, math.ceil(sum(heights) / room))
    while True:
        dealt = _deal(heights, sum(heights) / count)
        if all(sum(heights[i] for i in rows) <= room for rows in dealt) or count >= len(heights):
            return dealt
        count += 1


def _deal(heights: Sequence[float], share: float) -> list[range]:
    """Split the rows into parts of about this share."""
    ends, filled, parts = [0], 0.0, 1
    for i, height in enumerate(heights):
        if filled + height / 2 > parts * share and i > ends[-1]:
            ends.append(i)
            parts += 1
        filled += height
    return [range(start, end) for start, end in zip(ends, [*ends[1:], len(heights)], strict=True)]


def line_height(lines: int = 1) -> float:
    """Return the height of N lines of text."""
    return lines * LEADING * FONT
