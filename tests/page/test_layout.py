"""The layout within the available width."""

from __future__ import annotations

import pytest

from archcost.page.layout import lay_out, list_names
from archcost.render.views import build_layers, build_operators


@pytest.fixture
def table(vgg16):
    return build_layers(vgg16, sort=None, columns=None, binary=False)


def shown(table, width):
    return [table.columns[i].name for i in lay_out(table, width).columns]


def test_eighty_columns_hold_the_shares(table):
    layout = lay_out(table, 80)
    assert layout.bar
    assert layout.folded
    assert layout.broken == 0
    assert shown(table, 80) == ["outputs", "params", "activation_bytes", "macs", "receptive_field"]


def test_more_room_shows_more(table):
    layout = lay_out(table, 200)
    assert layout.percent
    assert not layout.folded
    assert len(shown(table, 80)) < len(shown(table, 120)) < len(shown(table, 200)) == len(table.columns)


@pytest.mark.parametrize("width", range(64, 220, 4))
def test_the_table_fits_and_never_shrinks(table, width):
    assert lay_out(table, width).width <= width
    assert len(shown(table, width)) >= 4


def test_without_a_width_everything_is_shown_on_one_line_each(branched):
    table = build_layers(branched, sort=None, columns=None, binary=False)
    layout = lay_out(table, None)
    assert layout.broken == 0
    assert len(layout.columns) == len(table.columns)


def test_a_kind_that_says_what_the_name_says_is_not_repeated(branched):
    names = list_names(build_layers(branched, sort=None, columns=None, binary=False), folded=True)
    assert "    add" in names
    assert "relu #0" in names
    assert "stem    Conv2d" in names
    assert "blocks Sequential" in names


def test_a_table_without_kinds_has_no_column_for_them(branched):
    assert lay_out(build_operators(branched, sort=None, columns=None), 200).folded
