"""Bars drawn by hand: one for each row above zero, as high as its figure."""

from __future__ import annotations

import re
from dataclasses import replace

from page.html.parsed import parse

from archcost.page.html.chart import CROWDED, HEIGHT, yield_chart
from archcost.page.html.scales import unify_units
from archcost.page.page import Cell, Column, Line, Table
from archcost.render.report import build_page
from archcost.render.view import View

LONGEST = "a_head_with_a_name_that_is_longer_than_any_column"


def bars(path):
    return {
        int(x): (HEIGHT - float(top)) / HEIGHT
        for x, top in re.findall(rf"M(\d+) {HEIGHT}V([\d.]+)h[\d.]+V{HEIGHT}z", path.attributes["d"])
    }


def test_a_panel_for_each_column_of_shares(vgg16):
    table = unify_units(build_page(vgg16, View(name="layers")).table)
    panels = parse("".join(yield_chart(table))).all("svg")
    assert len(panels) == len([column for column in table.columns if column.shared]) == 3
    lines = [line for line in table.lines if line.role == "row"]
    for panel, i in zip(panels, (i for i, column in enumerate(table.columns) if column.shared), strict=True):
        drawn = bars(panel.all("path")[1])
        assert drawn.keys() == {n for n, line in enumerate(lines) if line.cells[i].raw}
        assert all(abs(drawn[n] - max(lines[n].cells[i].size, 0.005)) < 0.001 for n in drawn)
        assert max(drawn.values()) == 1


def test_what_a_panel_shows_is_also_said(vgg16):
    drawn = parse("".join(yield_chart(unify_units(build_page(vgg16, View(name="layers")).table))))
    said = [panel.attributes["aria-label"] for panel in drawn.all("svg")]
    assert said[0] == "Params of each row; most in classifier.0: 102.7645 M, 74.3 %"
    assert said[2] == "MACs of each row; most in features.2: 1.8497 G, 12.0 %"


def test_a_module_and_its_parts_are_not_drawn_twice(branched):
    table = build_page(branched, View(name="modules", depth=2)).table
    drawn = bars(parse("".join(yield_chart(table))).all("path")[1])
    leaves = [line.name for line in table.lines if line.name != "blocks"]
    assert {leaves[i] for i in drawn} == {"stem", "blocks.0", "blocks.1", LONGEST, "unused"}
    assert max(drawn.values()) == 1


def test_many_bars_touch(vgg16):
    table = build_page(vgg16, View(name="layers")).table
    rows = tuple(line for line in table.lines if line.role == "row")
    many = replace(table, lines=rows * (CROWDED // len(rows) + 1))
    assert "h1V" in parse("".join(yield_chart(many))).all("path")[1].attributes["d"]


def test_one_row_needs_no_chart(vgg16):
    table = build_page(vgg16, View(name="layers")).table
    assert "".join(yield_chart(replace(table, lines=table.lines[:1]))) == ""


def test_an_axis_says_how_much_the_highest_bar_is(vgg16):
    drawn = parse("".join(yield_chart(unify_units(build_page(vgg16, View(name="layers")).table))))
    axes = [node for node in drawn.all("div") if node.attributes.get("class") == "axis"]
    assert [[tick.text for tick in axis.all("span")] for axis in axes] == [
        ["102.7645 M", "½", "0"], ["12.8451 MB", "½", "0"], ["1.8497 G", "½", "0"],
    ]  # fmt: skip


def test_a_chart_of_shares_alone_says_shares():
    """For times whose events cost too much, the figures are not shown."""
    lines = tuple(
        Line(name=name, label=name, cells=(Cell(raw=size / 4, share=share, size=size / 3),))
        for name, size, share in (("a", 1, "25.0"), ("b", 3, "75.0"))
    )
    table = Table(heading="Row", columns=(Column(name="share", heading="Time", shared=True),), lines=lines)
    (panel,) = parse("".join(yield_chart(table))).all("svg")
    assert panel.attributes["aria-label"] == "Time of each row; most in b: 75.0 %"
