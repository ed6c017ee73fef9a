"""The columns of a LaTeX table: how large its letters are, which texts are wrapped, and whether the page is turned."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from archcost.page.latex_columns import LEAST, TURNED, UPRIGHT, fit_columns


def fit(widths, numeric):
    return fit_columns([["x" * width] for width in widths], numeric)


def measure(fitted, widths):
    """Return the width of a table in points."""
    letters = sum(natural if width is None else width for width, natural in zip(fitted.widths, widths, strict=True))
    return letters * fitted.size.letter + len(widths) * fitted.size.gap


@pytest.mark.parametrize(
    ("widths", "size", "wrapped", "turned"),
    [
        ((20, 30), "normalsize", (None, None), False),  # 50 x 5.25 + 2 x 12 = 286.5
        ((20, 45), "small", (None, None), False),  # 65 x 4.75 + 24 = 332.75; 365.25 in the larger size
        ((20, 57), "footnotesize", (None, None), False),  # 77 x 4.3 + 12 = 343.1
        ((20, 63), "scriptsize", (None, None), False),  # 83 x 4 + 12 = 344
        ((20, 200), "footnotesize", (None, 57), False),  # (345 - 12) / 4.3 - 20 = 57.4
    ],
)
def test_texts_get_smaller_before_they_are_wrapped(widths, size, wrapped, turned):
    fitted = fit(widths, (False, False))

    assert (fitted.size.name, fitted.widths, fitted.turned) == (size, wrapped, turned)


def test_numbers_that_leave_no_room_turn_the_page():
    fitted = fit((30, *(9,) * 10), (False, *(True,) * 10))  # 120 letters: 120 x 4 + 11 x 6 = 546

    assert (fitted.size.name, fitted.turned, set(fitted.widths)) == ("scriptsize", True, {None})
    assert fitted.align((False, *(True,) * 10)) == "l" + "r" * 10


def test_the_widest_texts_are_wrapped_to_the_same_width():
    fitted = fit((10, 300, 200, 8), (False, False, False, True))

    assert fitted.widths == (None, 28, 28, None)  # ((345 - 24) / 4.3 - 10 - 8) / 2 = 28.3


def test_wrapped_rows_take_lines():
    fitted = fit((10, 200), (False, False))
    width = fitted.widths[1]

    assert fitted.count_lines(("a", "b")) == 1
    assert fitted.count_lines(("a", "x" * 3 * width)) == 4  # with a fifth for ends of lines


@given(st.lists(st.tuples(st.integers(0, 120), st.booleans()), min_size=1, max_size=12))
def test_a_table_fits_its_page_unless_its_numbers_do_not(columns):
    widths, numeric = zip(*columns, strict=True)
    fitted = fit(widths, numeric)
    numbers = sum(width for width, number in columns if number)
    least = numbers + sum(min(width, LEAST) for width, number in columns if not number)

    assert all(width is None or not number for width, number in zip(fitted.widths, numeric, strict=True))
    if least * 4.0 + len(widths) * 6 <= TURNED:
        assert measure(fitted, widths) <= (TURNED if fitted.turned else UPRIGHT)
