"""The columns of a table and their cells."""

from __future__ import annotations

import pytest
from render.reports import layer

from archcost.errors import ArgumentError
from archcost.page.page import order
from archcost.render.columns import (
    LAYER_RANKS,
    MODULE_RANKS,
    build_number_column,
    choose_columns,
    find_layer_metric,
    read_value,
    spell_kernel,
    spell_outputs,
)


@pytest.mark.parametrize(
    ("window", "text"),
    [
        ({}, ""),
        ({"kernel": (3, 3), "stride": (1, 1), "groups": 1}, "3x3"),
        ({"kernel": (7, 7), "stride": (2, 2)}, "7x7/2"),
        ({"kernel": (3, 1), "stride": (2, 1), "groups": 8}, "3x1/2x1 g8"),
    ],
)
def test_a_window_is_its_size_stride_and_groups(window, text):
    assert spell_kernel(layer("conv", "Conv2d", (1, 8, 4, 4), **window)) == text


def test_equal_outputs_are_counted():
    row = layer("lstm", "LSTM", (1,), outputs=((1, 9, 8), (1, 1, 8), (1, 1, 8)))
    assert spell_outputs(row) == "1x9x8, 2 of 1x1x8"
    assert spell_outputs(layer("none", "Net", (1,), outputs=())) == ""


def test_intensity_follows_from_the_row():
    assert read_value(layer("x", "X", (1,), macs=80, read_bytes=30, written_bytes=10), "intensity") == 2
    assert read_value(layer("x", "X", (1,), macs=80, read_bytes=0, written_bytes=0), "intensity") is None


def test_the_whole_input_is_larger_than_any_part_and_the_unknown_smallest():
    values = [("all", 3), (212, 212), (3, 7), 0, None, ()]
    assert sorted(values, key=order, reverse=True)[:4] == values[:4]


def test_columns_that_are_asked_for_replace_the_usual_ones():
    assert list(choose_columns(("macs", "depth"), LAYER_RANKS, None)) == ["outputs", "macs", "depth"]
    assert list(choose_columns(("macs",), MODULE_RANKS, None)) == ["macs"]


def test_what_is_sorted_by_is_shown():
    assert choose_columns(None, LAYER_RANKS, "other_ops")["other_ops"] == 0
    assert choose_columns(("macs",), LAYER_RANKS, "weights")["weights"] == 0


def test_a_quantity_of_the_whole_network_is_no_column():
    with pytest.raises(ArgumentError, match="rows have params"):
        find_layer_metric("peak_training_bytes")


def test_numbers_share_a_prefix_and_know_their_share():
    column, cells, total = build_number_column("activation_bytes", [1000, None, 3000], total=4000)
    assert (column.title, column.shared) == ("Memory kB", True)
    assert [(cell.text, cell.share, cell.size) for cell in cells] == [
        ("1.00", "25.0", 1 / 3),
        ("", "", 0.0),
        ("3.00", "75.0", 1.0),
    ]
    assert (total.text, total.raw, total.share) == ("4.00", 4000, "100.0")


def test_what_does_not_add_up_has_no_share():
    column, cells, total = build_number_column("depth", [1, 2], total=None)
    assert (column.title, column.shared, cells[1].share, total.text) == ("Depth", False, "", "")
