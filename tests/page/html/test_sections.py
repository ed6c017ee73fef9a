"""The sections around the table: every total and remark, the important ones first."""

from __future__ import annotations

import pytest
from page.html.parsed import parse

from archcost.metrics import METRICS
from archcost.render.report import build_page, render
from archcost.render.view import View


@pytest.mark.parametrize("which", ["vgg16", "branched"])
def test_every_total_and_remark_is_there(which, request):
    report = request.getfixturevalue(which)
    shown = build_page(report, View(name="layers"))
    text = parse(render(report, "html")).text
    for figure in shown.figures:
        assert all(part in text for part in (figure.label, figure.digits, figure.short, figure.remark))
    assert all(remark.text in text for remark in shown.remarks)
    assert all(fact in text for fact in (*shown.facts, shown.conventions))


def test_what_was_not_counted_comes_before_the_totals(page):
    text = page.all("main")[0].text
    assert text.index("Not counted: mylib.myop") < text.index("Warning: the attention") < text.index("Parameters")
    assert text.index("Parameters") < text.index("Note: never called: unused")


def test_the_columns_are_explained(page):
    (details,) = page.all("details")
    assert METRICS["macs"].definition in details.text


def test_the_lecture_s_table_is_text(vgg16):
    (listing,) = parse(render(vgg16, "html", view="lecture")).all("pre")
    assert "TOTAL params: 138M" in listing.text
