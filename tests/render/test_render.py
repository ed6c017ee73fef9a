"""Every format of every view: whole texts, and common invariants."""

from __future__ import annotations

import json
import re

import pytest

from archcost.errors import ArgumentError
from archcost.page.formats import select_formats
from archcost.render.report import render
from archcost.render.view import VIEWS

CASES = {
    "vgg16_80": {"width": 80},
    "vgg16_120": {"width": 120},
    "vgg16_piped": {},
    "vgg16_lecture": {"view": "lecture"},
    "vgg16_modules": {"view": "modules", "width": 80},
    "vgg16_ops": {"view": "ops", "width": 100},
    "vgg16_markdown": {"format": "markdown"},
    "branched_50": {"width": 50},
    "branched_80": {"width": 80},
    "branched_120": {"width": 120},
    "branched_piped": {},
    "branched_modules": {"view": "modules", "depth": 2, "width": 120},
    "branched_ops": {"view": "ops", "width": 80},
    "branched_sorted": {"sort": "receptive_field", "columns": ("weights", "intensity"), "width": 120},
    "branched_markdown": {"format": "markdown"},
    "chain_lecture": {"view": "lecture"},
    "chain_lecture_markdown": {"view": "lecture", "format": "markdown"},
}


@pytest.mark.parametrize("name", CASES)
def test_golden(name, golden, request):
    report = request.getfixturevalue(name.partition("_")[0])
    golden(name, render(report, **CASES[name]))


@pytest.mark.parametrize(
    "figure",
    ["138,357,544", "138,344,128", "15,470,264,320", "15,237,608", "60.95 MB", "13,556,712", "30,940,528,640"],
)
@pytest.mark.parametrize("form", ["table", "markdown"])
def test_every_digit_of_a_total_is_shown(vgg16, figure, form):
    assert figure in render(vgg16, form)


def test_depth_and_receptive_field_are_shown(vgg16):
    text = render(vgg16)
    assert re.search(r"^Depth +16 ", text, re.MULTILINE)
    assert re.search(r"^Receptive field +212 +at features\.30; all after it$", text, re.MULTILINE)


@pytest.mark.parametrize("width", [64, 80, 100, 120, 160, 200])
def test_a_wide_enough_terminal_needs_no_wrapping(vgg16, width):
    longest = max(map(len, render(vgg16, width=width).splitlines()))
    assert longest <= width


@pytest.mark.parametrize("width", [20, 50, 80, 120, None])
def test_no_name_is_cut(branched, width):
    text = render(branched, width=width)
    for name in ("a_head_with_a_name_that_is_longer_than_any_column", "1x16x8", "2 of 1x1x8", "1x8x16x16"):
        assert name in text


def test_a_terminal_that_is_wide_enough_shows_what_a_pipe_gets(vgg16):
    assert render(vgg16, width=200) == render(vgg16)


def test_piped_every_row_is_one_line(vgg16):
    text = render(vgg16)
    assert "~" not in text
    assert "…" not in text
    assert len([line for line in text.splitlines() if "x" in line and "Conv2d" in line]) == 13


def test_colours_change_nothing_but_colours(branched):
    colored = render(branched, color="always", width=80)
    assert "\x1b[" in colored
    assert re.sub(r"\x1b\[[0-9;]*m", "", colored) == render(branched, color="never", width=80)


def test_what_was_not_counted_is_loud(branched):
    text = render(branched)
    assert "NOT COUNTED: mylib.myop: 1 call counted as nothing" in text
    assert 'archcost.rule("mylib::myop")' in text
    assert "myop !" in text
    assert "unused (not called)" in text
    assert "Warning: the attention mask" in text


def test_json_is_the_whole_report(branched):
    assert render(branched, "json", view="modules") == branched.to_json()
    json.loads(render(branched, "json"))


def test_rendering_is_repeatable(branched):
    for form in select_formats():
        assert render(branched, form) == render(branched, form)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"format": "xml"}, "no format 'xml'; there are table, json, csv, "),
        ({"view": "tree"}, "no view 'tree'; there are layers, modules, ops, lecture"),
        ({"color": "red"}, "no color 'red'"),
        ({"depth": 1}, "--depth belongs to --view modules"),
        ({"view": "modules", "depth": 0}, "at least 1, not 0"),
        ({"view": "lecture", "sort": "macs"}, "need another --view"),
        ({"view": "lecture", "format": "csv"}, "not CSV"),
        ({"sort": "mac"}, "did you mean macs"),
        ({"columns": ("peak_inference_bytes",)}, "of the whole network, not of a row"),
        ({"view": "modules", "columns": ("depth",)}, "cannot be added up"),
        ({"view": "ops", "columns": ("params",)}, "operators have no params; they have macs, other_ops"),
    ],
)
def test_a_wrong_option_is_refused_with_what_is_allowed(branched, options, message):
    with pytest.raises(ArgumentError, match=re.escape(message)):
        render(branched, **options)


def test_all_views_are_offered():
    assert VIEWS == ("layers", "modules", "ops", "lecture", "memory", "saved", "time")
