"""The text of second opinions."""

import csv
import io
import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from archcost.page.emit import emit
from archcost.page.target import Target
from archcost.render.opinions import build_document
from archcost.verify import CountDifference

GOLDEN = Path(__file__).parent / "golden"


def render(opinions, form="table", **place):
    return emit(build_document(opinions), form, Target(**place))


@pytest.mark.parametrize(
    ("name", "form", "width"), [("wide.txt", "table", None), ("80.txt", "table", 80), ("page.md", "markdown", None)]
)
def test_the_whole_text(unversioned, name, form, width):
    path = GOLDEN / f"resnet18_{name}"
    text = render(unversioned, form, width=width)
    if os.environ.get("ARCHCOST_UPDATE_GOLDEN"):
        path.write_text(text, encoding="utf-8")
    stored = path.read_text(encoding="utf-8") if path.exists() else ""
    if text != stored:
        path.with_suffix(".got").write_text(text, encoding="utf-8")
    assert text == stored


def test_no_line_is_wider_than_the_terminal(unversioned):
    assert max(map(len, render(unversioned, width=80).splitlines())) <= 80


def test_json_has_every_figure(resnet18):
    data = json.loads(render(resnet18, "json"))
    assert data["schema"] == "archcost.opinions/1"
    assert data["macs"] == resnet18.macs
    fvcore, torch = data["opinions"]
    assert fvcore["total"] - data["macs"] == sum(each["macs"] for each in fvcore["differences"])
    assert (fvcore["unexplained"], torch["differences"]) == (0, [])
    assert list(data) == sorted(data)


def test_csv_has_one_line_for_each_operator(resnet18):
    lines = list(csv.DictReader(io.StringIO(render(resnet18, "csv"))))
    assert list(lines[0]) == ["operator", "calls", "archcost", "fvcore", "torch"]
    assert sum(int(line["fvcore"]) for line in lines) == resnet18.opinions[0].total


def test_a_difference_without_a_reason_is_said_to_be_unexplained(unversioned):
    fvcore = unversioned.opinions[0]
    open_ = replace(fvcore, differences=(CountDifference(operator="linear", macs=-8, reason=None),))
    text = render(replace(unversioned, opinions=(open_,)))
    assert "  -8  linear: unexplained\n= -8  unexplained: -8\n" in text


def test_a_counter_that_failed_gives_its_reason_and_no_column(unversioned):
    fvcore, torch = unversioned.opinions
    failed = replace(fvcore, total=None, differences=(), skipped={}, failure="RuntimeError: no trace")
    text = render(replace(unversioned, opinions=(failed, torch)))
    assert "fvcore 1.0: no count. RuntimeError: no trace\n" in text
    assert text.splitlines()[3].split() == ["Operator", "Calls", "archcost", "torch"]


def test_what_archcost_has_no_rule_for_is_loud(unversioned):
    text = render(replace(unversioned, uncovered={"mine.mul": 2}))
    assert "! NOT COUNTED: archcost has no rule for mine.mul (2x)" in text


def test_colour_is_asked_for(unversioned):
    assert "\x1b[" in render(unversioned, color="always")
    assert "\x1b[" not in render(unversioned)
