"""Printed figures, and their agreement with measured ones."""

from fractions import Fraction

import pytest
from hypothesis import given, strategies as st

from archcost.claims.printed import find_agreement, parse_printed
from archcost.errors import ArgumentError


@pytest.mark.parametrize(
    ("text", "value", "unit"),
    [
        ("138M", 138 * 10**6, 10**6),
        ("15.3 billion", 15_300 * 10**6, 10**8),
        ("3.6 billion FLOPs", 36 * 10**8, 10**8),
        ("1.94B", 194 * 10**7, 10**7),
        ("96MB", 96 * 10**6, 10**6),
        ("~70k", 70_000, 1000),
        ("4.1e9", 41 * 10**8, 10**8),
        ("22,855,952", 22_855_952, 1),
        ("28 %", Fraction(28, 100), Fraction(1, 100)),
        ("12x", 12, 1),
        ("55x55x96", 290_400, 1),
        ("400K", 400_000, 10_000),  # means two digits
        ("650,000", 650_000, 10_000),
        ("1001", 1001, 1),
        ("200", 200, 1),  # an integer count is exact
        ("0.27M", 270_000, 10_000),
        ("0", 0, 1),
    ],
)
def test_a_figure_has_a_value_and_a_last_digit(text, value, unit):
    printed = parse_printed(text)

    assert (printed.value, printed.unit) == (value, unit)


def test_the_digits_that_are_meant_can_be_said():
    assert parse_printed("1000K", 4).unit == 1000
    assert parse_printed("60,000", 5).unit == 1


def test_k_may_stand_for_1024():
    printed = parse_printed("112K", 3).in_steps_of_1024()

    assert find_agreement(printed, Fraction(114_688)) == "match"
    assert find_agreement(parse_printed("112K", 3), Fraction(114_688)) is None


@pytest.mark.parametrize("text", ["", "many", "1.2.3", "12 apples", "-5M", "1/0", "M5", "5 MM"])
def test_anything_else_is_refused(text):
    with pytest.raises(ArgumentError, match="not a figure"):
        parse_printed(text)


@pytest.mark.parametrize(
    ("text", "measured", "found"),
    [
        ("138M", 138_357_544, "match"),
        ("35K", 34_848, "rounded"),
        ("3.8e9", 3_857_973_248, "cut"),
        ("24M", 15_237_608, None),
        ("3 times", Fraction(2269, 1000), None),  # 2.27 becomes 3 by neither rounding nor cutting
        (">30M", 33_734_922, "match"),
        ("<0.5M", 1_000_000, None),
        ("most", Fraction(6, 10), "match"),
        ("most", Fraction(1, 2), None),
        ("similar", Fraction(109, 100), "match"),
        ("similar", Fraction(9, 10), None),
        ("doubles", 2, "match"),
        ("doubles", Fraction(201, 100), None),
        ("none", 0, "match"),
        ("none", 1, None),
        ("25/9", Fraction(25, 9), "match"),
        ("1/12", Fraction(1, 9), None),
    ],
)
def test_agreement(text, measured, found):
    assert find_agreement(parse_printed(text), Fraction(measured)) == found


@given(st.integers(1, 10**12), st.integers(1, 12))
def test_a_figure_agrees_with_its_own_rounding_and_its_own_cutting(measured, figures):
    digits = len(str(measured))
    figures = min(figures, digits)
    unit = 10 ** (digits - figures)

    assert find_agreement(parse_printed(str(measured // unit * unit), figures), Fraction(measured)) in {"match", "cut"}
    rounded = (2 * measured + unit) // (2 * unit) * unit
    if len(str(rounded)) == digits:
        assert find_agreement(parse_printed(str(rounded), figures), Fraction(measured)) in {"match", "rounded"}


@given(st.integers(10, 999), st.fractions(min_value=0, max_value=2000))
def test_what_agrees_is_less_than_one_unit_away(printed, measured):
    found = find_agreement(parse_printed(str(printed)), measured)

    assert (found is not None) == (-Fraction(1, 2) <= measured - printed < 1)
    assert (found == "match") == (0 <= measured - printed < Fraction(1, 2))
