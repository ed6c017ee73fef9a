"""Pages of `archcost diff` and `archcost check`, by the same code."""

from __future__ import annotations

import pytest
from page.html.parsed import parse


@pytest.fixture
def root(difference_html):
    return parse(difference_html)


def test_the_headline_heads_the_page_and_each_part_has_its_heading(root):
    (heading,) = root.all("h1")
    assert heading.text == "chain: MACs 21.92 k -> 23.84 k (+8.8 %) · 1 changed of 2 networks"
    assert [node.text for node in root.all("h2")] == ["chain: changed", "1 layer explains 100 % of +1.920 k MACs"]


def test_every_table_can_be_sorted_by_what_it_shows(root):
    networks, totals, layers = root.all("table")
    growth = networks.all("tbody")[0].all("tr")[0].all("td")[1]
    assert (growth.text, growth.attributes["data-v"]) == ("23.84 k +8.8 %", "1920")
    assert totals.all("tbody")[0].all("tr")[0].all("td")[0].attributes["data-v"] == "21920"
    assert [row.all("th")[0].text for row in layers.all("tbody")[0].all("tr")] == ["fc1"]
