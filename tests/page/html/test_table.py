"""The table: every cell, the sort keys for a browser, and folding."""

from __future__ import annotations

import pytest
from page.html.parsed import parse

from archcost import units
from archcost.page.html.scales import unify_units
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
    shown = unify_units(build_page(vgg16, View(name=view)).table)
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
    shown = unify_units(build_page(branched, View(name="layers")).table)
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
    cell = folding[0].all("td")[1:][column(page, "MACs k") - 2]
    assert cell.text == "22.52828.9"


def test_the_total_stands_apart(page):
    (foot,) = page.all("tfoot")
    assert foot.all("th")[0].text == "Total"
    assert "77.90" in foot.text


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


def test_every_column_has_a_heading_to_sort_by():
    """A rate is headed by its unit, remarks by their type."""
    columns = (
        Column(name="flops_per_second", heading="", unit="GFLOP/s"),
        Column(name="remark", heading="", numeric=False),
        Column(name="macs", heading="MACs", unit="M"),
    )
    line = Line(name="a", label="a", cells=(Cell("1.0", 1e9), Cell("peak", "peak"), Cell("2.0", 2_000_000)))
    root = parse("".join(yield_table(Table(heading="Row", columns=columns, lines=(line,)), "caption", "t")))
    headings = root.all("thead")[0].all("tr")[0].all("th")
    assert [node.all("button")[0].text.strip() for node in headings] == ["Row", "GFLOP/s", "Remark", "MACs M"]
    assert {node.attributes["aria-sort"] for node in headings} == {"none"}


def test_a_column_has_the_unit_of_its_total():
    """Of 138,357,544 in all, 1,792 are 0.0018 M; a millionth of it is too small for four decimals."""
    scale = units.scale([7, 138_357_544])
    parts = {"a": 138_355_745, "b": 1792, "c": 7, "d": 0}
    lines = tuple(Line(name=name, label=name, cells=(Cell(scale.text(n), n),)) for name, n in parts.items())
    total = Line(name="total", label="Total", cells=(Cell(scale.text(138_357_544), 138_357_544),))
    column = Column(name="params", heading="Params", unit=scale.prefix, scale=scale)
    found = unify_units(Table(heading="Layer", columns=(column,), lines=lines, total=total))
    assert found.columns[0].unit == "M"
    assert [line.cells[0].text for line in found.lines] == ["138.3557", "0.0018", "<0.0001", "0"]
    assert found.total.cells[0].text == "138.3575"


def test_bytes_in_steps_of_1024_stay_so():
    scale = units.scale([2048, 3 * 2**20], binary=True)
    line = Line(name="a", label="a", cells=(Cell(scale.text(2**20), 2**20),))
    column = Column(name="read_bytes", heading="Read", unit=f"{scale.prefix}B", scale=scale)
    total = Line(name="total", label="Total", cells=(Cell("", 3 * 2**20),))
    found = unify_units(Table(heading="Layer", columns=(column,), lines=(line,), total=total))
    assert (found.columns[0].unit, found.lines[0].cells[0].text) == ("MiB", "1.00")


def test_a_row_has_a_link_of_its_own():
    lines = tuple(Line(name=name, label=name, cells=(Cell(),)) for name in ("a.b", "a.b", "a b", "caption"))
    shown = Table(heading="Layer", columns=(Column(name="macs", heading="MACs"),), lines=lines)
    root = parse("".join(yield_table(shown, "caption", "page0")))
    names = [row.attributes["id"] for row in rows_of(root)]
    assert names == ["page0.a.b", "page0.a.b~1", "page0.a-b", "page0.caption"]
    assert [row.all("a")[0].attributes["href"] for row in rows_of(root)] == [f"#{name}" for name in names]
    ids = [node.attributes["id"] for node in root.nodes() if "id" in node.attributes]
    assert len(ids) == len(set(ids))


def test_rows_say_what_they_do(vgg16):
    root = parse(render(vgg16, "html"))
    found = {row.attributes.get("data-work") for row in rows_of(root)}
    assert {"convolution", "linear", "pooling"} <= found
    (choice,) = root.all("select")
    assert [each.attributes["value"] for each in choice.all("option")] == ["", *sorted(found - {None})]
