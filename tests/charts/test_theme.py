"""Colours that are distinct from their background, and matplotlib settings that do not leak."""

import matplotlib as mpl
import pytest

from archcost.charts import SIZES, THEMES, compute_contrast
from archcost.charts.theme import find_size, find_theme, use_settings
from archcost.errors import ArgumentError

EVERY_THEME = pytest.mark.parametrize("theme", THEMES.values(), ids=lambda theme: theme.name)


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [("#000000", "#ffffff", 21), ("#ffffff", "#ffffff", 1), ("#767676", "#ffffff", 4.54), ("#ff0000", "#ffffff", 4.0)],
)
def test_contrast_is_that_of_wcag(one, other, expected):
    assert compute_contrast(one, other) == compute_contrast(other, one) == pytest.approx(expected, abs=0.01)


@EVERY_THEME
def test_hues_stand_out_from_their_background(theme):
    assert min(compute_contrast(hue, theme.background) for hue in theme.hues) >= 3
    assert len(set(theme.hues)) == len(theme.hues) == 7
    assert compute_contrast(theme.rest, theme.background) >= 3


@EVERY_THEME
def test_letters_stand_out_as_letters_must(theme):
    assert compute_contrast(theme.text, theme.background) >= 7
    assert compute_contrast(theme.muted, theme.background) >= 4.5


def test_settings_come_and_go_and_a_users_own_do_not_matter():
    with mpl.rc_context({"font.size": 3, "axes.grid": True}):
        with use_settings(THEMES["light"], SIZES["16:9"]):
            assert mpl.rcParams["font.size"] == 14
            assert mpl.rcParams["axes.grid"] is False
        assert mpl.rcParams["font.size"] == 3


def test_unknown_names_are_refused():
    with pytest.raises(ArgumentError, match="no theme 'lite'"):
        find_theme("lite")
    with pytest.raises(ArgumentError, match="there are 16:9, 4:3, slide, body, paper"):
        find_size("A4")


def test_a_font_is_points_or_a_family_or_both():
    assert (find_size("slide").font, find_size("slide").width) == (18, 13.333)
    assert find_size("16:9", "20").font == 20
    assert (find_size("16:9", "dejavu serif").family, find_size("16:9", "dejavu serif").font) == ("DejaVu Serif", 14)
    assert (find_size("16:9", "DejaVu Serif 20").family, find_size("16:9", "DejaVu Serif 20").font) == (
        "DejaVu Serif",
        20,
    )
    with pytest.raises(ArgumentError, match="this font is not installed; did you mean DejaVu Serif"):
        find_size("16:9", "DejaVu Seri")
    with pytest.raises(ArgumentError, match="4 to 40 points"):
        find_size("16:9", "99")
