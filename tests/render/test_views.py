"""The tables of each view, whose sums are the totals."""

from __future__ import annotations

import pytest
from render.reports import layer, report

from archcost.metrics import METRICS
from archcost.render.views import build_layers, build_modules, build_operators

SUMMED = tuple(name for name, each in METRICS.items() if each.sums and each.scope == "both")
PLAIN = {"sort": None, "columns": None, "binary": False}


def raws(table, name):
    i = next(i for i, column in enumerate(table.columns) if column.name == name)
    return [(line, line.cells[i].raw) for line in table.lines if line.role == "row"], table.total.cells[i].raw


@pytest.mark.parametrize("which", ["vgg16", "branched", "chain"])
@pytest.mark.parametrize("name", SUMMED)
def test_rows_add_up_to_the_total(which, name, request):
    report = request.getfixturevalue(which)
    lines, total = raws(build_layers(report, sort=None, columns=(name,), binary=False), name)
    assert sum(raw for _, raw in lines if raw is not None) == (total or 0)
    assert total == getattr(report.totals, name)


@pytest.mark.parametrize("which", ["vgg16", "branched", "chain"])
@pytest.mark.parametrize("depth", [1, 2, 9])
@pytest.mark.parametrize("name", ["params", "macs", "activation_bytes", "rows"])
def test_the_outermost_modules_add_up_to_the_total(which, depth, name, request):
    report = request.getfixturevalue(which)
    lines, total = raws(build_modules(report, depth=depth, **PLAIN), name)
    assert sum(raw for line, raw in lines if line.level == 0) == total


def test_a_module_is_the_sum_of_what_is_below_it(branched):
    lines, _ = raws(build_modules(branched, depth=3, **PLAIN), "macs")
    macs = {line.name: raw for line, raw in lines}
    assert macs["blocks"] == macs["blocks.0"] + macs["blocks.1"] == 6144 + 16384
    assert macs["blocks.0"] == macs["blocks.0.conv"] + macs["blocks.0.add"]


def test_a_container_is_the_sum_of_the_rows_below_it(branched):
    table = build_layers(branched, sort=None, columns=("macs", "depth"), binary=False)
    sums = {line.name: line.cells for line in table.lines if line.role == "container"}
    outputs, macs, depth = sums["blocks"]
    assert macs.raw == 6144 + 16384
    assert macs.text == "22,528"
    assert macs.share == "28.9"  # of 77,904
    assert (outputs.text, depth.text) == ("", "")  # neither adds up


def test_modules_keep_the_order_of_execution_and_their_children_below_them(branched):
    names = [line.name for line in build_modules(branched, depth=2, **PLAIN).lines]
    assert names[:7] == ["input", "stem", "relu", "blocks", "blocks.0", "blocks.1", "lstm"]


def test_sorted_modules_are_a_plain_list_that_adds_up(branched):
    table = build_modules(branched, depth=2, sort="params", columns=None, binary=False)
    lines, total = raws(table, "params")
    values = [raw for _, raw in lines]
    assert values == sorted(values, reverse=True)
    assert sum(values) == total
    assert {line.level for line in table.lines} == {0}


def test_operators_add_up_to_the_total(vgg16):
    lines, total = raws(build_operators(vgg16, sort=None, columns=None), "macs")
    assert sum(raw for _, raw in lines) == total == vgg16.totals.macs


def test_operators_without_a_rule_come_first_and_free_ones_last(branched):
    table = build_operators(branched, sort=None, columns=None)
    assert (table.lines[0].name, table.lines[0].mark) == ("mylib.myop", "uncovered")
    assert table.lines[0].cells[-1].text == "no rule: counted as nothing"
    assert table.lines[-1].cells[-1].text == "free: another view of the same data"
    assert build_operators(branched, sort="other_ops", columns=("macs",)).lines[0].name == "aten.relu"


def test_rows_show_their_containers_calls_and_marks(branched):
    lines = build_layers(branched, **PLAIN).lines
    shown = [(line.label, line.level, line.role, line.mark) for line in lines]
    assert shown == [
        ("input", 0, "row", ""),
        ("stem", 0, "row", ""),
        ("relu #0", 0, "row", ""),
        ("blocks", 0, "container", ""),
        ("0", 1, "container", ""),
        ("conv", 2, "row", ""),
        ("add", 2, "row", ""),
        ("1", 1, "container", ""),
        ("conv", 2, "row", ""),
        ("myop", 2, "row", "uncovered"),
        ("relu #1", 0, "row", ""),
        ("lstm", 0, "row", ""),
        ("a_head_with_a_name_that_is_longer_than_any_column", 0, "row", ""),
        ("unused", 0, "row", "uncalled"),
    ]


def test_sorted_rows_are_a_plain_list_of_whole_names(branched):
    table = build_layers(branched, sort="macs", columns=None, binary=False)
    lines, _ = raws(table, "macs")
    values = [raw for _, raw in lines]
    assert values == sorted(values, reverse=True)
    assert [line.label for line in table.lines][:3] == ["stem", "blocks.1.conv", "blocks.0.conv"]


def test_an_optional_column_of_nothing_is_left_out(chain, branched):
    assert "jump" not in [column.name for column in build_layers(chain, **PLAIN).columns]
    assert "jump" in [column.name for column in build_layers(branched, **PLAIN).columns]


def test_a_training_walk_counts_operators_of_both_passes(branched):
    from dataclasses import replace

    both = replace(branched, totals=replace(branched.totals, backward_macs=5))
    assert build_operators(both, sort=None, columns=None).total.label == "Total with backward"


def test_a_network_of_one_layer_is_called_by_its_kind():
    single = report("Net", [layer("", "Conv2d", (1, 8))], modules={"": "Conv2d"})
    for table in (build_layers(single, **PLAIN), build_modules(single, depth=1, **PLAIN)):
        assert [line.label for line in table.lines] == ["Conv2d"]
