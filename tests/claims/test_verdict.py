"""Verdicts from numbers alone."""

from fractions import Fraction

from hypothesis import given, strategies as st

from archcost.claims.printed import parse_printed
from archcost.claims.verdict import Evidence, judge

FIGURE = st.integers(0, 10**7).map(Fraction)


def verdict(printed, measured, **more):
    given_ = {name: Fraction(value) if not isinstance(value, bool) else value for name, value in more.items()}
    return judge(Evidence(printed=parse_printed(printed), measured=Fraction(measured), **given_))


def test_the_verdicts():
    assert verdict("138M", 138_357_544) == "match"
    assert verdict("35K", 34_848) == "rounding"
    assert verdict("3.8e9", 3_857_973_248) == "rounding"
    assert verdict("15.3 billion", 15_470_264_320, under=15_346_630_656) == "convention"
    assert verdict("112K", 114_688, steps_of_1024=True) == "convention"
    assert verdict("24M", 15_237_608, explained=24_420_416) == "differs"
    assert verdict("48M", 42_679_816, nearest=42_679_816) == "differs"
    assert verdict("48M", 42_679_816, comparable=False) == "not comparable"


def test_an_explanation_has_to_give_the_printed_figure():
    assert verdict("24M", 15_237_608, explained=25_000_000) == "unexplained"
    assert verdict("24M", 15_237_608) == "unexplained"


def test_a_reading_that_gives_the_printed_figure_is_no_mere_nearest():
    assert verdict("48M", 42_679_816, nearest=48_000_000) == "unexplained"


def test_another_convention_has_to_give_the_printed_figure():
    assert verdict("15.3 billion", 15_470_264_320, under=15_470_264_320) == "unexplained"


@given(FIGURE, FIGURE, FIGURE)
def test_what_agrees_needs_no_explanation(measured, explained, under):
    printed = parse_printed(str(int(measured)), 8)

    assert judge(Evidence(printed=printed, measured=measured, explained=explained, under=under)) == "match"


@given(st.integers(1, 999), FIGURE, FIGURE, FIGURE)
def test_differs_is_never_said_without_arithmetic(number, measured, explained, nearest):
    printed = parse_printed(str(number))
    found = judge(Evidence(printed=printed, measured=measured))
    explained_found = judge(Evidence(printed=printed, measured=measured, explained=explained))
    nearest_found = judge(Evidence(printed=printed, measured=measured, nearest=nearest))

    assert found in {"match", "rounding", "unexplained"}
    assert explained_found in ({found} if found != "unexplained" else {"differs", "unexplained"})
    assert nearest_found in ({found} if found != "unexplained" else {"differs", "unexplained"})
