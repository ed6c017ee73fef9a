"""From a figure as it is printed ("138M", "15.3 billion", "96MB", "28 %", "55x55x96") to a number and its precision."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from fractions import Fraction
from math import floor, prod
from typing import Literal

from archcost.errors import ArgumentError, quote

HALF = Fraction(1, 2)
Relation = Literal["", "<", ">", "~"]
Agreement = Literal["match", "rounded", "cut"]
PREFIXES = {"thousand": 1, "K": 1, "k": 1, "million": 2, "M": 2, "billion": 3, "G": 3, "B": 3, "T": 4}
UNITS = ("FLOPs", "FLOPS", "FLOP", "ops", "bytes", "B", "layers", "times", "x", "px")
FORM = re.compile(
    r"(?P<relation>[<>~]|about )?\s*(?P<digits>\d[\d,]*)(?:\.(?P<decimals>\d+))?(?:e(?P<exponent>\d+))?"
    rf"\s*(?P<prefix>{'|'.join(PREFIXES)})?\s*(?P<unit>{'|'.join(UNITS)})?(?P<percent>\s*%)?"
)
# Words that stand for a figure: its value, its unit (0: exact), and the relation of a figure to it.
WORDS: dict[str, tuple[Fraction, Fraction, Relation]] = {
    "most": (Fraction(1, 2), Fraction(0), ">"),
    "more": (Fraction(1), Fraction(0), ">"),
    "less": (Fraction(1), Fraction(0), "<"),
    "similar": (Fraction(1), Fraction(1, 10), "~"),
    "doubles": (Fraction(2), Fraction(0), ""),
    "none": (Fraction(0), Fraction(1), ""),
}
PRODUCT = re.compile(r"\d+(?:x\d+)+")
RATIO = re.compile(r"(\d+)/(\d+)")
SPELLED_OUT = 10**4  # smaller figures without a prefix are counts with all digits significant
LONGEST_FIGURE, LARGEST_EXPONENT, DIGITS = 60, 30, 40
MEANT = 2  # significant digits of "400K", whose zeros may be rounding


@dataclass(frozen=True, slots=True, kw_only=True)
class Printed:
    """A printed figure: its value, one unit of its last digit, and whether it is a bound ("<", ">").

    "~" is a figure that says "less than one unit away". `thousands` is the power of 1000 of its prefix.
    """

    value: Fraction
    unit: Fraction
    thousands: int = 0
    relation: Relation = ""

    def in_steps_of_1024(self) -> Printed:
        """Return the figure whose K, M or G stand for powers of 1024."""
        factor = Fraction(1024, 1000) ** self.thousands
        return replace(self, value=self.value * factor, unit=self.unit * factor)


def parse_printed(text: str, significant: int | None = None) -> Printed:
    """Read a printed figure.

    Args:
        text: a number with a prefix and a unit ("138M", "3.6 billion FLOPs", "96MB", "28 %", "12x"), a bound (">30M"),
            a product ("28x28x672"), a ratio ("25/9"), or one of `WORDS`: "most" is more than half, "similar" less than
            a tenth away from the same, "more" and "less" are beside the same, "doubles" is twice, "none" is 0.
        significant: the number of significant digits, counted from the first that is not zero. By default all of them;
            but zeros before a prefix or at the end of a large number count only up to two digits.

    Raises:
        ArgumentError: anything else.

    Example:
        >>> parse_printed("3.2M")
        Printed(value=Fraction(3200000, 1), unit=Fraction(100000, 1), thousands=2, relation='')
    """
    text = text.strip()
    if significant is not None and not 0 < significant <= DIGITS:
        raise ArgumentError(f"significant is a number of digits, from 1 to {DIGITS}, not {significant}")
    if len(text) > LONGEST_FIGURE:
        raise ArgumentError(f"{quote(text)} has {len(text):,} characters, and a figure at most {LONGEST_FIGURE}")
    if text in WORDS:
        value, unit, relation = WORDS[text]
        return Printed(value=value, unit=unit, relation=relation)
    if PRODUCT.fullmatch(text):
        return Printed(value=Fraction(prod(map(int, text.split("x")))), unit=Fraction(1))
    ratio = RATIO.fullmatch(text)
    if ratio and int(ratio[2]):
        value = Fraction(int(ratio[1]), int(ratio[2]))
        return Printed(value=value, unit=value / int(ratio[2]))
    found = FORM.fullmatch(text)
    if found is None:
        raise ArgumentError(
            f"{quote(text)} is not a figure; write 138M, 15.3 billion, 96MB, 28 %, 12x, 28x28x672, 25/9, >30M"
        )
    digits, decimals = found["digits"].replace(",", ""), found["decimals"] or ""
    power = int(found["exponent"] or 0)
    if power > LARGEST_EXPONENT:
        raise ArgumentError(f"{quote(text)} is too large for a figure; an exponent is at most {LARGEST_EXPONENT}")
    power -= 2 if found["percent"] else 0
    thousands = PREFIXES[found["prefix"]] if found["prefix"] else 0
    scale = Fraction(10) ** power * 1000**thousands
    if not decimals and significant is None and (thousands or int(digits) >= SPELLED_OUT):
        significant = max(len(digits.rstrip("0")), min(MEANT, len(digits)))
    places = -len(decimals)
    if significant is not None and int(digits + decimals):
        places = len((digits + decimals).lstrip("0")) - significant - len(decimals)
    bound: Relation = "<" if found["relation"] == "<" else ">" if found["relation"] == ">" else ""
    return Printed(
        value=Fraction(int(digits + decimals), 10 ** len(decimals)) * scale,
        unit=Fraction(10) ** places * scale,
        thousands=thousands,
        relation=bound,
    )


def find_agreement(printed: Printed, measured: Fraction) -> Agreement | None:
    """Compare a measured figure with a printed one; None where they differ.

    "match": the measured figure has the printed digits whether it is rounded or cut, or a printed bound holds.
    "rounded": it has them when it is rounded to the nearest. "cut": when digits are cut off.
    """
    if printed.relation:
        off = measured - printed.value
        holds = {"<": off < 0, ">": off > 0, "~": abs(off) < printed.unit}
        return "match" if holds[printed.relation] else None
    if measured == printed.value:
        return "match"
    if not printed.unit:
        return None
    steps, shown = measured / printed.unit, printed.value / printed.unit
    cut, rounded = floor(steps) == shown, floor(steps + HALF) == shown
    return "match" if cut and rounded else "rounded" if rounded else "cut" if cut else None
