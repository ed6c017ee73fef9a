"""Bend nested skip connections into a U, as the papers draw an encoder and its decoder."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archcost.diagrams.arrangement import Bend, Row, Stack

if TYPE_CHECKING:
    from archcost.diagrams.arrangement import Part

LEVELS = 3  # skips within skips; two are a residual block with a gate


def bend(part: Part) -> Part | Bend:
    """Return an arrangement with its nested skips as a U; the arrangement itself if it has fewer than `LEVELS`."""
    if _count_skips(part) < LEVELS:
        return part
    down, up = [], []
    while isinstance(part, Stack) and _count_skips(part):
        at = max(range(len(part.parts)), key=[*map(_count_skips, part.parts)].__getitem__)
        row = part.parts[at]
        if not isinstance(row, Row):
            break
        down.append(Stack(part.parts[:at]))
        up.append(Stack(part.parts[at + 1 :]))
        part = row.parts[0]
    return Bend(tuple(down), part, tuple(up))


def _count_skips(part: Part) -> int:
    """Return how many skips lie within each other, where each skips a single branch."""
    if isinstance(part, Stack):
        return max(map(_count_skips, part.parts), default=0)
    if isinstance(part, Row) and len(part.parts) == len(part.passing) == 1 and not part.side:
        return 1 + _count_skips(part.parts[0])
    return 0
