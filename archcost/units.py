"""Formatting of numbers, and parsing of amounts; no other module does either.

Prefixes are decimal (1 k = 1000), as in the lectures; for bytes, `binary` selects KiB, MiB, ...
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from archcost.errors import ArgumentError, quote

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from fractions import Fraction

DECIMAL = (("", 1), ("k", 10**3), ("M", 10**6), ("G", 10**9), ("T", 10**12), ("P", 10**15))
SECONDS = (("n", 1), ("µ", 10**3), ("m", 10**6), ("", 10**9))  # nanoseconds per unit
BINARY = (("", 1), ("Ki", 2**10), ("Mi", 2**20), ("Gi", 2**30), ("Ti", 2**40), ("Pi", 2**50))
SPELLED_OUT = 10**4  # a slide prints smaller figures with all digits
WIDEST = 10**7  # the most digits before the point in a column


@dataclass(frozen=True, slots=True)
class Scale:
    """One prefix and one number of decimals for a whole column, so that readers can compare its figures at a glance."""

    prefix: str
    divisor: int
    decimals: int

    def text(self, value: float) -> str:
        """Format a value without its prefix: "1,849.69"; an exact zero is "0"."""
        return f"{value / self.divisor:,.{self.decimals}f}" if value else "0"

    def roughly(self, value: float) -> str:
        """Format a value with one significant digit: "~0.002", or "<0.001" if the column has no room for it."""
        digit, least = float(f"{value:.0e}") / self.divisor, 10.0**-self.decimals
        return f"<{least:.{self.decimals}f}" if digit < least / 10 else f"~{digit:g}"

    def text_of_part(self, value: float) -> str:
        """Format a value that may be too small for the column: "<0.0001"."""
        text = self.text(value)
        return f"<{10.0**-self.decimals:.{self.decimals}f}" if value and not text.strip("0.,") else text


IMAGES = Scale("", 1, 1)  # papers print images per second without a prefix


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


def scale_parts(parts: Iterable[float], whole: float, *, binary: bool = False) -> Scale:
    """Choose the prefix of a whole and its parts, with two to four decimals, so that the smallest part has two digits.

    A part below four decimals is "<0.0001".
    """
    prefix, divisor = _prefix(abs(whole), binary=binary)
    least = min((abs(part) for part in parts if part), default=whole)
    if divisor == 1:
        return Scale(prefix, divisor, 0)
    return Scale(prefix, divisor, next((n for n in (2, 3) if least / divisor >= 10.0 ** (1 - n)), 4))


def parse_bytes(text: str) -> int:
    """Read a number of bytes: "24GB" is 24 * 10^9, "24GiB" 24 * 2^30, "512" 512.

    Raises:
        ArgumentError: the text is anything else, or 0 bytes.
    """
    amount = _amount(text)
    if not amount:
        raise ArgumentError(f"{quote(text)} is not an amount of memory; write 24GB, 512MB or 8GiB")
    return int(amount)


def parse_amount(text: str) -> Decimal:
    """Read an amount of anything: "4.2G" is 4.2 * 10^9, "24Mi" 24 * 2^20, "150528" itself; a B may follow.

    Raises:
        ArgumentError: anything else.
    """
    amount = _amount(text)
    if amount is None:
        raise ArgumentError(f"{quote(text)} is not an amount; write 4.2G, 25.6M, 512Ki or 150528")
    return amount


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


def duration(ns: float) -> str:
    """Format nanoseconds with four significant digits and their prefix: "1.234 ms"."""
    prefix, divisor = [step for step in SECONDS if ns >= step[1] or step[1] == 1][-1]
    scaled = ns / divisor
    decimals = 3 - min(3, len(str(int(scaled))) - 1)
    return f"{scaled:,.{decimals if divisor > 1 else 0}f} {prefix}s"


def duration_scale(largest_ns: float) -> Scale:
    """Choose the prefix of a column of nanoseconds by its largest value; a tenth of a microsecond is precise enough."""
    if largest_ns < WIDEST:
        return Scale("µ", 10**3, 1)
    return Scale("m", 10**6, 3) if largest_ns < 10**10 else Scale("", 10**9, 3)


def rate_scale(values: Iterable[float]) -> Scale:
    """Choose the prefix of a column of rates by its largest value; much smaller rates need not be exact."""
    prefix, divisor = _prefix(max(values, default=0), binary=False)
    return Scale(prefix, divisor, 1)


def percent(part: float) -> str:
    """Format a fraction: "12.3 %", or "0.04 %" if one decimal would show 0."""
    decimals = 2 if 0 < abs(part) < 0.001 else 1  # noqa: PLR2004 - 0.1 %
    return f"{100 * part:.{decimals}f} %"


def signed(value: float, unit: str = "") -> str:
    """Format a difference: "+490.0 M", "-1.200 kB", "0"."""
    return ("+" if value > 0 else "") + short(value, unit)


def growth(before: int | None, after: int | None) -> str:
    """Format the growth of a quantity: "+12.0 %", "-0.5 %", "=" for no change, "new", "removed", "from 0"."""
    if before is None or after is None:
        return "new" if before is None else "removed"
    if before == after:
        return "="
    if before == 0:
        return "from 0"
    sign = "+" if after > before else "-"
    percent = f"{100 * abs(after - before) / before:,.1f}"
    return f"{sign}{'<0.1' if percent == '0.0' else percent} %"


def ratio(value: float) -> str:
    """Format a ratio of new to old as a change: "+3.1 %"."""
    return f"{100 * (value - 1):+,.1f} %"


def exact(value: int) -> str:
    """Format all digits: "15,470,264,320"."""
    return f"{value:,}"


def figure(value: Fraction) -> str:
    """Format an integer or a large number with all digits, others with four: "15,470,264,320", "2.778"."""
    return exact(round(value)) if value.denominator == 1 or value > SPELLED_OUT else f"{float(value):.4g}"


def figure_like(printed: str, value: Fraction) -> str:
    """Format a figure as `figure` does, in per cent beside a printed one in per cent: "6.67 %" beside "6.7 %"."""
    return f"{figure(100 * value)} %" if printed.endswith("%") else figure(value)


def share(part: float, whole: float) -> str:
    """Format a share for a column headed "%": "42.1"; "<0.1" if it would round to 0, empty for 0."""
    if not part or not whole:
        return ""
    rounded = f"{100 * part / whole:.1f}"
    return "<0.1" if rounded == "0.0" else rounded


def bar(fraction: float, width: int) -> str:
    """Draw a fraction of a width in eighths of a character; every fraction above 0 is visible."""
    eighths = max(round(fraction * width * 8), 1) if fraction > 0 else 0
    return "█" * (eighths // 8) + " ▏▎▍▌▋▊▉"[eighths % 8].strip()


def number(value: float) -> str:
    """Format a number that needs no prefix: "32", "0.5"."""
    return f"{value:g}"


def fixed(value: float, decimals: int) -> str:
    """Format with a fixed number of decimals: "71.6"."""
    return f"{value:.{decimals}f}"


def extents(sizes: Sequence[float | str | None] | None) -> str:
    """Format one size per axis: "212" if all are equal, otherwise "3x1"; empty if unknown, "?" for an unknown axis."""
    if sizes is None or all(size is None for size in sizes):
        return ""
    texts = ["?" if size is None else size if isinstance(size, str) else number(size) for size in sizes]
    return texts[0] if len(set(texts)) == 1 else "x".join(texts)


def slide(value: int) -> str:
    """Format as in the lecture's memory column: "4096", "150K" and "800K" (two digits), "3.2M" (one decimal)."""
    if value < SPELLED_OUT:
        return str(value)
    thousands = round(value / 1000, 2 - len(str(value // 1000)))
    return f"{thousands:.0f}K" if thousands < 1000 else f"{value / 10**6:.1f}M"  # noqa: PLR2004 - the next prefix


def rounded(value: float, figures: int, unit: str = "") -> str:
    """Format with few significant digits, as on a slide: "138M", "15.2M", or "61 MB" with a unit.

    No digit before the point is cut.
    """
    steps = (("", 1), ("k" if unit else "K", 10**3), ("M", 10**6), ("G", 10**9), ("T", 10**12))
    texts = []
    for prefix, divisor in steps:
        scaled = value / divisor
        decimals = max(0, figures - len(str(int(scaled)))) if divisor > 1 else 0
        texts.append((f"{scaled:.{decimals}f}", prefix))
    text, prefix = next((pair for pair in texts if float(pair[0]) < 1000), texts[-1])  # noqa: PLR2004 - the next prefix
    return f"{text} {prefix}{unit}" if unit else text + prefix


def shape(sizes: Iterable[int]) -> str:
    """Format a shape: "1x64x224x224"; a scalar is "scalar"."""
    return "x".join(map(str, sizes)) or "scalar"


def _amount(text: str) -> Decimal | None:
    found = re.fullmatch(r"\s{,9}(\d{1,40}(?:\.\d{1,40})?)\s{,9}(?:([kKMGTP])(i?))?B?\s{,9}", text)
    if found is None:
        return None
    number, prefix, binary = found.groups()
    power = "KMGTP".index(prefix.upper()) + 1 if prefix else 0
    factor: int = (1024 if binary else 1000) ** power
    return Decimal(number) * factor


def _prefix(size: float, *, binary: bool) -> tuple[str, int]:
    return [step for step in (BINARY if binary else DECIMAL) if size >= step[1] or step[1] == 1][-1]


def _next(divisor: int, *, binary: bool) -> tuple[str, int]:
    steps = BINARY if binary else DECIMAL
    return next((step for step in steps if step[1] > divisor), steps[-1])
