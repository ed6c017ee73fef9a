"""The table: every cell of the page's table, what a browser sorts by, what folds."""

from __future__ import annotations

import pytest
from page.html.parsed import parse

from archcost.page.html.table import STEPS, find_parents, write_bar_rules, yield_table
from archcost.page.page import Cell, Column, Line, Table, order
from archcost.render.report import build_page, render
from archcost.render.view import View


def rows_of(root):
    (body,) = root.all("tbody")
    return body.all("tr")


def column(root, title):
    titles = [node.text.strip() for node in root.all("thead")[0].all("th")]
    return titles.index(title)


def key(cell):
    written = cell.attributes.get("data-v") or next(iter(cell.children), "")
    return float(written.replace(",", "")) if written else None


@pytest.mark.parametrize("view", ["layers", "modules", "ops"])
def test_every_line_and_cell_is_there(vgg16, view):
    shown = build_page(vgg16, View(name=view)).table
    root = parse(render(vgg16, "html", view=view))
    assert len(rows_of(root)) == len(shown.lines)
    for row, line in zip(rows_of(root), shown.lines, strict=True):
        cells = row.all("td")[-len(shown.columns) :]
        assert row.all("th")[0].text.endswith(line.label)
        assert [cell.text for cell in cells] == [
            cell.text + (cell.share if each.shared else "")
            for cell, each in zip(line.cells or [Cell()] * len(shown.columns), shown.columns, strict=True)
        ]


@pytest.mark.parametrize("name", ["macs", "receptive_field", "activation_bytes", "depth"])
def test_the_browser_sorts_by_the_raw_figures(branched, name):
    shown = build_page(branched, View(name="layers")).table
    i = next(i for i, each in enumerate(shown.columns) if each.name == name)
    root = parse(render(branched, "html"))
    for row, line in zip(rows_of(root), shown.lines, strict=True):
        raw = line.cells[i].raw
        assert key(row.all("td")[1 + i]) == (None if raw is None else order(raw))


def test_a_heading_is_a_button_that_names_its_column(page):
    headings = page.all("thead")[0].all("th")
    assert {node.attributes["aria-sort"] for node in headings} == {"none"}
    assert {node.attributes["scope"] for node in headings} == {"col"}
    assert all(len(node.all("button")) == 1 for node in headings)


def test_a_row_is_headed_by_its_whole_name(page):
    names = [row.all("th")[0] for row in rows_of(page)]
    assert {node.attributes["scope"] for node in names} == {"row"}
    texts = [node.text for node in names]
    assert "blocks.0.conv" in texts
    assert "relu #1" in texts
    assert "blocks.1.myop not counted" in texts
    assert "unused not called" in texts


def test_modules_fold_and_show_their_sums(page):
    folding = [row for row in rows_of(page) if row.all("button")]
    assert [row.all("th")[0].text for row in folding] == ["blocks", "blocks.0", "blocks.1"]
    assert all(row.all("button")[0].attributes["aria-expanded"] == "true" for row in folding)
    cell = folding[0].all("td")[1:][column(page, "MACs") - 2]
    assert cell.text == "22,52828.9"


def test_the_total_stands_apart(page):
    (foot,) = page.all("tfoot")
    assert foot.all("th")[0].text == "Total"
    assert "77,904" in foot.text


def test_a_line_deeper_than_the_one_before_is_its_part():
    levels = (0, 1, 2, 1, 0)
    assert find_parents([Line(name=str(i), label=str(i), level=level) for i, level in enumerate(levels)]) == [
        True, True, False, False, False,
    ]  # fmt: skip


def test_a_bar_is_as_long_as_its_figure():
    sizes = (0.0, 0.001, 0.5, 1.0)
    shown = Table(
        heading="Network",
        columns=(Column(name="macs", heading="MACs", shared=True),),
        lines=tuple(Line(name=str(s), label=str(s), cells=(Cell(text="1", raw=1, size=s),)) for s in sizes),
    )
    root = parse("".join(yield_table(shown, "caption", "t")))
    classes = [row.all("td")[0].attributes.get("class") for row in rows_of(root)]
    assert classes == [None, "b1", f"b{STEPS // 2}", f"b{STEPS}"]
    assert f".b{STEPS // 2}{{--w:50%}}" in write_bar_rules()
    assert not root.all("tfoot")
