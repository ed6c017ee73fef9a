"""Results in a notebook: the whole content of the page, small, without anything that a notebook strips or runs."""

from __future__ import annotations

from dataclasses import replace

import pytest
from page.html.parsed import parse
from render.reports import branched, chain, layer, report
from render.samples import sweep

from archcost.page.html.snippet import MOST
from archcost.records import Check, Checked, Comparison, ComparisonRow
from archcost.regression import diff
from archcost.render.report import build_page
from archcost.render.view import View

HOSTILE = "</td><script>alert(1)</script><img src=x onerror=alert(1)>"


def compare(*reports):
    rows = tuple(
        ComparisonRow(spec=each.network.name, name=each.network.name, family="F", input=(3, 8, 8), totals=each.totals)
        for each in reports
    )
    return Comparison(rows=rows, protocol="single-crop", collected="2026-11-21")


def results():
    before = chain()
    after = replace(before, totals=replace(before.totals, macs=before.totals.macs + 1))
    difference = diff(before, after)
    return {
        "report": branched(),
        "comparison": compare(branched(), chain()),
        "difference": difference,
        "check": Check(baseline="before", networks=(Checked(name="chain", difference=difference),)),
        "sweep": sweep(),
    }


@pytest.mark.parametrize("name", ["report", "comparison", "difference", "check", "sweep"])
def test_every_result_shows_itself(name):
    shown = results()[name]
    root = parse(shown._repr_html_())
    tables = root.all("table")
    assert tables
    assert all(table.all("tbody")[0].all("tr") for table in tables)
    assert str(shown).splitlines()[0] in root.text  # the title of the terminal's table


def test_a_report_says_what_its_page_says(branched):
    page = build_page(branched, View())
    root = parse(branched._repr_html_())
    assert all(figure.label in root.text and (figure.short or figure.digits) in root.text for figure in page.figures)
    assert all(remark.text in root.text for remark in page.remarks)
    assert all(line.label in root.text for line in page.table.lines)
    assert root.all("tr")[-1].all("td")[0].text == "Total"


def test_bars_are_as_long_as_figures():
    rows = [layer("input", "Input", (1, 3), module="")]
    rows += [layer(f"fc{n}", "Linear", (1, 3), n - 1, macs=n * 1000) for n in (1, 2)]
    styles = [cell.attributes["style"] for cell in parse(report("two", rows, modules={})._repr_html_()).all("td")]
    assert sum("50%,transparent 50%" in style for style in styles) == 1  # 1,000 of 2,000
    assert any("100%,transparent 100%" in style for style in styles)


def test_what_a_notebook_strips_or_runs_is_not_there():
    rows = [layer("input", "Input", (1, 3), module=""), layer(HOSTILE, HOSTILE, (1, 3), 0)]
    text = report(HOSTILE, rows, modules={"": HOSTILE}, uncovered={HOSTILE: 1}, warnings=(HOSTILE,))._repr_html_()
    root = parse(text)
    tags = {node.tag for node in root.nodes()}
    assert tags <= {
        "div",
        "p",
        "b",
        "span",
        "small",
        "table",
        "thead",
        "tbody",
        "tr",
        "th",
        "td",
        "strong",
        "em",
        "pre",
    }
    names = {name for node in root.nodes() for name in node.attributes}
    assert names <= {"style", "title", "class"}  # no identifiers, since two outputs of a notebook would share them
    assert "<script" not in text


def test_a_deep_network_stays_small():
    rows = [layer("input", "Input", (1, 3), module="")]
    rows += [layer(f"conv{n}", "Conv2d", (1, 3), n) for n in range(2000)]
    text = report("deep", rows, modules={})._repr_html_()
    assert len(text) < 100_000
    assert len(parse(text).all("tbody")[0].all("tr")) == MOST + 1  # and the total
    assert "The first 60 of 2,001 rows, one for each layer." in text


def test_a_shell_shows_the_table(branched):
    written = []

    class Printer:
        text = written.append

    branched._repr_pretty_(Printer, False)
    assert written[0] + "\n" == str(branched)
    assert written[0].startswith("Branched (branched)\n")
