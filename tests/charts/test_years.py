"""Accuracy at equal cost over the years: lines of the best within a budget."""

from dataclasses import replace

import pytest
from letters import find_lines, find_overlaps, find_shown

from archcost.charts import draw
from archcost.charts.years import find_best
from archcost.errors import ArgumentError


def date(comparison, *years):
    rows = (replace(row, year=year) for row, year in zip(comparison.rows, years, strict=True))
    return replace(comparison, rows=tuple(rows))


def test_a_budgets_line_rises_with_its_most_accurate_network(three):
    """small: 1 G, 70 %; beaten: 2 G, 65 %; large: 4 G, 76 %."""
    chart = draw("accuracy-year", date(three, 2012, 2013, 2014))
    lines = {line.get_label(): line.get_xydata().tolist() for line in chart.axes[0].get_lines()}
    assert lines["≤ 2 G multiply-adds"] == [[2012, 70], [2014.4, 70]]
    assert lines["≤ 8 G multiply-adds"] == [[2012, 70], [2014, 76], [2014.4, 76]]
    assert "≤ 0.5 G multiply-adds" not in lines
    title = "Accuracy at equal cost: within 8 G multiply-adds 70.0 % in 2012, 76.0 % in 2014"
    assert chart.get_suptitle().replace("\n", " ") == title
    texts = {text for text, _, _ in find_shown(chart)}
    assert {"small", "large"} <= texts
    assert "beaten" not in texts


def test_the_best_of_a_year_is_one_network_and_an_equal_one_adds_nothing(three):
    assert [best.row.name for best in find_best(date(three, 2012, 2012, 2012).rows, 8e9)] == ["large"]
    assert [best.row.name for best in find_best(date(three, 2013, 2012, 2014).rows, 2e9)] == ["beaten", "small"]
    again = date(replace(three, rows=three.rows[:1] * 2), 2012, 2013)
    assert [best.year for best in find_best(again.rows, 2e9)] == [2012]


def test_a_budget_that_allows_no_better_network_has_no_line(three):
    lines = draw("accuracy-year", date(three, 2012, 2013, 2014)).axes[0].get_lines()
    assert [line.get_label() for line in lines if not line.get_label().startswith("_")] == [
        "≤ 8 G multiply-adds",
        "≤ 2 G multiply-adds",
    ]
    later = draw("accuracy-year", date(replace(three, rows=three.rows[:2]), 2012, 2013))
    assert later.get_suptitle().replace("\n", " ") == "Accuracy at equal cost: nothing later is more accurate"


def test_several_pretrainings_are_told_apart_by_shape(three):
    dated = date(three, 2012, 2013, 2014)
    rows = [replace(row, pretraining=name) for row, name in zip(dated.rows, ("in1k", "in1k", "in22k"), strict=True)]
    chart = draw("accuracy-year", replace(dated, rows=tuple(rows)))
    marks = {line.get_marker() for line in chart.axes[0].get_lines() if line.get_label() == "_best"}
    assert len(marks) == 2
    assert {"in1k", "in22k"} <= {text for text, _, _ in find_shown(chart)}


def test_networks_without_a_year_are_counted(three):
    chart = draw("accuracy-year", date(three, 2012, None, 2014))
    said = " ".join(text for text, _, _ in find_shown(chart)).replace("\n", " ")
    assert "1 of them without a known year are left out" in said


@pytest.mark.parametrize(("size", "step"), [("16:9", 1), ("4:3", 2), ("body", 2)])
def test_the_labels_of_many_years_do_not_touch(three, size, step):
    rows = tuple(replace(three.rows[i % 3], year=2012 + i, spec=f"{i}") for i in range(12))
    figure = draw("accuracy-year", replace(three, rows=rows), size=size)
    years = [box for text, box, _ in find_lines(figure) if text.isdecimal() and len(text) == 4]
    assert figure.axes[0].get_xticks().tolist() == list(range(2012, 2024, step))
    assert find_overlaps([(str(i), box.expanded(1.15, 1), 1) for i, box in enumerate(years)]) == []


def test_one_year_is_no_line(three):
    with pytest.raises(ArgumentError, match="needs networks of two years; these have 2012"):
        draw("accuracy-year", date(three, 2012, None, 2012))


def test_a_network_above_each_budget_has_no_line(three):
    costly = [replace(row, totals=replace(row.totals, macs=10**12)) for row in three.rows]
    with pytest.raises(ArgumentError, match="each network costs more than 128 G multiply-adds"):
        draw("accuracy-year", date(replace(three, rows=tuple(costly)), 2012, 2013, 2014))
