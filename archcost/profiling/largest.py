"""find_largest(need, limit, most) -> int: the largest number whose need is within a limit, in few tries."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

HALVE = 3  # every third try ignores the line: it doubles the fitting number, or halves the range


def find_largest(need: Callable[[int], int], limit: int, most: int, second: int = 2) -> int | None:
    """Return the largest number from 1 to `most` whose need is within a limit; None if the need of 1 exceeds it.

    The need grows with the number. The line through two tried numbers suggests the next, so a linear need takes four
    tries: 1, the `second` and two more. The answer and the number after it are always tried.

    Example:
        >>> find_largest(lambda count: 100 + 7 * count, 1000, 10**6)
        128
    """
    need = cache(need)
    if need(1) > limit:
        return None
    fits, fails, guess, tries = 1, most + 1, min(max(second, 2), most), 1
    while fails - fits > 1:
        before, tries = fits, tries + 1
        if need(guess) <= limit:
            fits = guess
        else:
            fails = guess
        if tries % HALVE:
            slope = (need(guess) - need(before)) / (guess - before)
            guess = fits + int((limit - need(fits)) / slope) if slope > 0 else 2 * fits
        else:
            guess = 2 * fits if fails > most else (fits + fails) // 2
        guess = min(max(guess, fits + 1), fails - 1)
    return fits
