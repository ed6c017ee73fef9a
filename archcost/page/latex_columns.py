"""fit_columns(columns): a LaTeX table's columns that fit a page: the letters' size, wrapped texts, a turned page."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

UPRIGHT, TURNED = 345.0, 550.0  # points: the text's width and height in LaTeX's class `article`
LEAST = 16  # letters to which a text is wrapped


class Size(NamedTuple):
    """A size of letters: LaTeX's name, and in points the width of a letter and the gap between columns."""

    name: str
    letter: float
    gap: float


SIZES = (
    Size("normalsize", 5.25, 12),
    Size("small", 4.75, 12),
    Size("footnotesize", 4.3, 6),
    Size("scriptsize", 4.0, 6),
)


class Fitted(NamedTuple):
    """The columns of a table: `widths` holds the letters of each wrapped column, None for the others."""

    size: Size
    widths: tuple[int | None, ...]
    turned: bool = False

    def align(self, numeric: Sequence[bool]) -> str:
        """Return the columns in LaTeX's letters."""
        wrapped = r">{{\raggedright\arraybackslash}}p{{{:.0f}pt}}"
        return "".join(
            wrapped.format(width * self.size.letter) if width is not None else "r" if right else "l"
            for width, right in zip(self.widths, numeric, strict=True)
        )

    def count_lines(self, row: Sequence[str]) -> int:
        """Return the lines that a row takes, estimated."""
        return max(
            math.ceil(1.2 * len(text) / width) or 1 if width is not None else 1
            for text, width in zip(row, self.widths, strict=True)
        )


def fit_columns(columns: Sequence[Sequence[str]], numeric: Sequence[bool]) -> Fitted:
    """Return the largest letters at which all columns fit a page; if none does, wrap texts, or turn the page.

    Args:
        columns: the texts of each column, its heading included.
        numeric: whether each column has numbers, which are never wrapped.
    """
    natural = [max(map(len, texts), default=0) for texts in columns]
    plain: tuple[None, ...] = (None,) * len(natural)
    for size in SIZES[:2]:
        if sum(natural) <= _count_letters(size, len(natural), UPRIGHT):
            return Fitted(size, plain)
    for turned, width in ((False, UPRIGHT), (True, TURNED)):
        rooms = {size: _count_letters(size, len(natural), width) for size in SIZES[2:]}
        for size, room in rooms.items():
            if sum(natural) <= room:
                return Fitted(size, plain, turned)
        for size, room in rooms.items():
            fitted = Fitted(size, _wrap(natural, numeric, room), turned)
            taken = [each if letters is None else letters for each, letters in zip(natural, fitted.widths, strict=True)]
            if sum(taken) <= room and all(letters is None or letters >= LEAST for letters in fitted.widths):
                return fitted
    widths = tuple(None if letters is None else max(letters, LEAST) for letters in fitted.widths)
    return fitted._replace(widths=widths)


def _count_letters(size: Size, columns: int, width: float) -> float:
    return (width - columns * size.gap) / size.letter


def _wrap(natural: Sequence[int], numeric: Sequence[bool], room: float) -> tuple[int | None, ...]:
    """Return the widths of texts beside the numbers: the widest are wrapped to the same width."""
    left = room - sum(letters for letters, number in zip(natural, numeric, strict=True) if number)
    texts = sorted(letters for letters, number in zip(natural, numeric, strict=True) if not number)
    widest = 0.0
    for place, letters in enumerate(texts):
        widest = left / (len(texts) - place)
        if letters > widest:
            break
        left -= letters
    return tuple(
        None if number or letters <= widest else int(widest) for letters, number in zip(natural, numeric, strict=True)
    )
