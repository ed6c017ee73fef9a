"""Numbers as text."""

from __future__ import annotations

from decimal import Decimal

import pytest

from archcost import units
from archcost.errors import ArgumentError


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (4096, "4096"),
        (9999, "9999"),
        (25_088, "25K"),
        (100_352, "100K"),
        (150_528, "150K"),
        (200_704, "200K"),
        (401_408, "400K"),
        (802_816, "800K"),
        (999_000, "1.0M"),
        (1_605_632, "1.6M"),
        (3_211_264, "3.2M"),
    ],
)
def test_a_slide_shows_two_digits(value, text):
    assert units.slide(value) == text


@pytest.mark.parametrize(
    ("value", "figures", "unit", "text"),
    [
        (5, 3, "", "5"),
        (999, 3, "", "999"),
        (61_470, 3, "", "61.5K"),
        (999_999, 3, "", "1.00M"),
        (15_237_608, 3, "", "15.2M"),
        (138_344_128, 3, "", "138M"),
        (60_950_432, 2, "B", "61 MB"),
        (6_930_604, 2, "B", "6.9 MB"),
        (238_000_000, 2, "B", "238 MB"),
        (62_504, 2, "B", "63 kB"),
        (2 * 10**18, 3, "", "2000000T"),
    ],
)
def test_rounded_keeps_few_digits_and_all_before_the_point(value, figures, unit, text):
    assert units.rounded(value, figures, unit) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (999, "999"),
        (1000, "1.000 k"),
        (15_470_264_320, "15.47 G"),
        (999_950, "1.000 M"),
        (999_940, "999.9 k"),
        (138_357_544, "138.4 M"),
    ],
)
def test_short_has_four_digits(value, text):
    assert units.short(value) == text


def test_short_in_binary():
    assert units.short(553_430_176, "B", binary=True) == "527.8 MiB"
    assert units.short(2**20 - 1, "B", binary=True) == "1.000 MiB"


def test_a_column_has_one_prefix_that_its_smallest_value_can_be_read_in():
    scale = units.scale([0, 1792, 138_357_544])
    assert (scale.prefix, scale.text(1792), scale.text(138_357_544), scale.text(0)) == ("k", "1.79", "138,357.54", "0")


def test_a_column_without_values_has_no_prefix():
    assert units.scale([0, 0]).prefix == ""
    assert units.scale([0.5]).text(0.5) == "0.50"


def test_a_column_never_has_more_than_seven_digits():
    assert units.scale([1, 10**10]).text(10**10) == "10,000,000.00"[:6] + ".00"


def test_binary_columns_count_in_1024():
    assert units.scale([2048, 4096], binary=True).text(4096) == "4.00"


@pytest.mark.parametrize(
    ("part", "text"), [(0, ""), (1, "<0.1"), (49, "<0.1"), (50, "0.1"), (21_100, "21.1"), (100_000, "100.0")]
)
def test_a_share_says_nothing_only_for_nothing(part, text):
    assert units.share(part, 100_000) == text
    assert units.share(part, 0) == ""


@pytest.mark.parametrize(
    ("fraction", "text"), [(0, ""), (1e-9, "▏"), (0.25, "█"), (0.3, "█▎"), (0.5, "██"), (1, "████"), (-1, "")]
)
def test_a_bar_is_drawn_in_eighths(fraction, text):
    assert units.bar(fraction, 4) == text


@pytest.mark.parametrize(
    ("sizes", "text"),
    [
        (None, ""),
        ((), ""),
        ((None, None), ""),
        ((7, 7), "7"),
        ((3, 1), "3x1"),
        ((2.0, 2.0), "2"),
        ((0.5, 1.0), "0.5x1"),
        (("all", "all"), "all"),
        (("all", 3), "allx3"),
        ((None, 3), "?x3"),
    ],
)
def test_extents_are_said_once_where_axes_agree(sizes, text):
    assert units.extents(sizes) == text


def test_shapes_and_digits():
    assert units.shape((1, 64, 224, 224)) == "1x64x224x224"
    assert units.shape(()) == "scalar"
    assert units.exact(15_470_264_320) == "15,470,264,320"
    assert units.number(32.0) == "32"


@pytest.mark.parametrize(
    ("ns", "text"),
    [
        (0, "0 ns"), (17, "17 ns"), (999, "999 ns"), (1000, "1.000 µs"), (12_345, "12.35 µs"), (999_949, "999.9 µs"),
        (1_234_000, "1.234 ms"), (15_003_000_000, "15.00 s"), (4e12, "4,000 s"),
    ],
)  # fmt: skip
def test_durations_have_four_digits_and_their_prefix(ns, text):
    assert units.duration(ns) == text


def test_a_column_of_durations_has_the_prefix_of_its_largest():
    assert units.duration_scale(9_999_999).text(1_234_567) == "1,234.6"
    assert units.duration_scale(10_000_000).text(1_234_567) == "1.235"
    assert units.duration_scale(10**10).text(12_345_678_901) == "12.346"


def test_a_column_of_rates_has_the_prefix_of_its_largest():
    scale = units.rate_scale([3e9, 2e12])
    assert (scale.prefix, scale.text(3e9)) == ("T", "0.0")
    assert units.rate_scale([]).text(0) == "0"


@pytest.mark.parametrize(("part", "text"), [(0, "0.0 %"), (0.5, "50.0 %"), (-0.031, "-3.1 %"), (0.0004, "0.04 %")])
def test_parts_of_one_are_per_cents(part, text):
    assert units.percent(part) == text


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("0", 0),
        ("150528", 150_528),
        ("4.2G", 4_200_000_000),
        ("25.6 M", 25_600_000),
        ("24MB", 24_000_000),
        ("1.5Ki", 1536),
        ("8GiB", 8 * 2**30),
        ("0.5", Decimal("0.5")),
        ("123456789012345678.9k", 123_456_789_012_345_678_900),
    ],
)
def test_amounts_are_read_exactly(text, amount):
    assert units.parse_amount(text) == amount


@pytest.mark.parametrize("text", ["", "G", "-1", "4,2G", "4.2X", "1e9", "2%", "4.2 G B", "1_000"])
def test_what_is_no_amount(text):
    with pytest.raises(ArgumentError, match=r"is not an amount; write 4\.2G"):
        units.parse_amount(text)


@pytest.mark.parametrize(
    ("before", "after", "text"),
    [
        (100, 112, "+12.0 %"),
        (1000, 995, "-0.5 %"),
        (100_000, 100_001, "+<0.1 %"),
        (100_000, 99_999, "-<0.1 %"),
        (1, 1001, "+100,000.0 %"),
        (100, 0, "-100.0 %"),
        (5, 5, "="),
        (0, 0, "="),
        (0, 5, "from 0"),
        (None, 5, "new"),
        (5, None, "removed"),
    ],
)
def test_growth_is_never_a_number_without_its_base(before, after, text):
    assert units.growth(before, after) == text


def test_a_difference_has_its_sign():
    assert [units.signed(value, "B") for value in (490_000_000, -1200, 5)] == ["+490.0 MB", "-1.200 kB", "+5 B"]
    assert units.signed(0) == "0"


def test_digits_behind_the_point_are_kept_even_where_they_are_zeros():
    assert (units.fixed(71.588, 1), units.fixed(14, 2)) == ("71.6", "14.00")
