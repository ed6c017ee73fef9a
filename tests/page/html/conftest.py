"""Pages of the two reports that the other renderers are tested with."""

from __future__ import annotations

from dataclasses import replace

import pytest
from page.html.parsed import parse
from render.reports import chain

from archcost.page.emit import emit
from archcost.records import Check, Checked
from archcost.regression import diff
from archcost.render.check import build_document
from archcost.render.report import render


@pytest.fixture(scope="session")
def vgg16_html(vgg16):
    return render(vgg16, "html")


@pytest.fixture(scope="session")
def difference_html():
    """Return the page of a network whose fully connected layer costs twice as much, and of an unchanged one."""
    before = chain()
    rows = tuple(row._replace(macs=2 * row.macs) if row.name == "fc1" else row for row in before.layers)
    after = replace(before, layers=rows, totals=replace(before.totals, macs=sum(row.macs for row in rows)))
    networks = (
        Checked(name="chain", difference=diff(before, after)),
        Checked(name="<same>", difference=diff(before, before)),
    )
    return emit(build_document(Check(baseline="before", networks=networks)), "html")


@pytest.fixture
def page(branched):
    return parse(render(branched, "html"))
