"""The only place where numbers become text.

Decimal prefixes (1 k = 1000) for everything, as in the lectures; `binary` asks for KiB, MiB, ... instead, for bytes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

DECIMAL = (("", 1), ("k", 10**3), ("M", 10**6), ("G", 10**9), ("T", 10**12), ("P", 10**15))
BINARY = (("", 1), ("Ki", 2**10), ("Mi", 2**20), ("Gi", 2**30), ("Ti", 2**40), ("Pi", 2**50))
WIDEST = 10**7  # a column's largest figure has at most seven digits before the point


@dataclass(frozen=True, slots=True)
class Scale:
    """One prefix and one number of decimals for a whole column, so that it can be compared by eye."""

    prefix: str
    divisor: int
    decimals: int

    def text(self, value: float) -> str:
        """Format a value without its prefix: "1,849.69"; an exact zero is "0"."""
        return f"{value / self.divisor:,.{self.decimals}f}" if value else "0"


def scale(values: Iterable[float], *, binary: bool = False) -> Scale:
    """Choose the prefix of a column: the largest that leaves its smallest value other than zero at least one.

    A column whose largest value would then have more than seven digits gets a larger prefix.
    """
    sizes = sorted(abs(value) for value in values if value)
    if not sizes:
        return Scale("", 1, 0)
    prefix, divisor = _prefix(sizes[0], binary=binary)
    while sizes[-1] / divisor >= WIDEST and divisor < DECIMAL[-1][1]:
        prefix, divisor = _next(divisor, binary=binary)
    if divisor == 1:
        return Scale(prefix, divisor, 0 if all(float(size).is_integer() for size in sizes) else 2)
    return Scale(prefix, divisor, 2 if sizes[0] / divisor < 10 else 1)  # noqa: PLR2004 - two figures at least


def short(value: float, unit: str = "", *, binary: bool = False) -> str:
    """Format one value with four significant digits and its prefix: "15.47 G", "60.95 MB"."""
    prefix, divisor = _prefix(abs(value), binary=binary)
    if divisor == 1:
        return f"{value:,g} {unit}".rstrip()
    scaled = value / divisor
    decimals = 3 - min(3, len(str(int(abs(scaled)))) - 1)
    if round(abs(scaled), decimals) >= (1024 if binary else 1000):
        prefix, divisor = _next(divisor, binary=binary)
        scaled, decimals = value / divisor, 3
    return f"{scaled:.{decimals}f} {prefix}{unit}"


def exact(value: int) -> str:
    """Format every digit: "15,470,264,320"."""
    return f"{value:,}"


def percent(part: float, whole: float) -> str:
    """Format a share: "42.1 %"; empty where there is no whole."""
    return f"{100 * part / whole:.1f} %" if whole else ""


def shape(sizes: Iterable[int]) -> str:
    """Format a shape: "1x64x224x224"; a scalar is "scalar"."""
    return "x".join(map(str, sizes)) or "scalar"


def _prefix(size: float, *, binary: bool) -> tuple[str, int]:
    return [step for step in (BINARY if binary else DECIMAL) if size >= step[1] or step[1] == 1][-1]


def _next(divisor: int, *, binary: bool) -> tuple[str, int]:
    steps = BINARY if binary else DECIMAL
    return next((step for step in steps if step[1] > divisor), steps[-1])
