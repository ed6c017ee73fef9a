"""The positions, sizes and names of balls."""

import math
import re
from dataclasses import replace

import pytest
from letters import find_shown
from matplotlib.path import Path

from archcost.charts import SIZES, THEMES, Words, draw, draw_chart, write_svg
from archcost.charts.gather import gather
from archcost.charts.presets import find_preset
from archcost.charts.request import Request
from archcost.errors import ArgumentError

LECTURED_HERE = {"vgg16", "resnet50", "resnet152", "inception_v3", "inception_v4", "senet154", "efficientnet_b4"}


def found(figure, label):
    (artist,) = figure.findobj(lambda artist: artist.get_label() == label)
    return artist


def texts(figure):
    return [text for text, _, _ in find_shown(figure)]


def name_all(figure):
    """Return the names beside balls, and the names in the key of numbers beside balls."""
    beside = [text.get_text() for text in figure.axes[0].texts]
    key = dict(re.findall(r"(?:^|\n|   )(\d+) (.+?)(?=\n|   )", figure.get_supxlabel()))
    return [key.get(text, text) for text in beside]


def test_balls_stand_at_multiply_adds_and_accuracy(three):
    balls = found(draw("accuracy-flops", three), "balls")
    assert sorted(map(tuple, balls.get_offsets().tolist())) == [(1, 70), (2, 65), (4, 76)]


def test_areas_are_as_the_parameters_and_the_largest_lies_at_the_back(three):
    sizes = found(draw("accuracy-flops", three), "balls").get_sizes()
    assert list(sizes / sizes[0]) == pytest.approx([1, 20 / 140, 5 / 140])


def test_areas_are_as_the_multiply_adds_where_the_parameters_are_the_axis(three):
    sizes = found(draw("accuracy-params", three), "balls").get_sizes()
    assert list(sizes / sizes[0]) == pytest.approx([1, 2 / 4, 1 / 4])


def test_the_frontier_steps_over_what_is_beaten(three):
    line = found(draw("accuracy-flops", three), "pareto")
    assert list(map(tuple, line.get_xydata()[:3].tolist())) == [(1, 70), (4, 70), (4, 76)]


def test_the_x_axis_is_logarithmic_with_plain_numbers(three):
    figure = draw("accuracy-flops", three)
    assert figure.axes[0].get_xscale() == "log"
    assert {"1", "2", "5"} <= set(texts(figure))
    assert not any("10^" in text for text in texts(figure))


def test_two_operations_for_each_multiply_add_on_a_linear_axis(three):
    figure = draw("accuracy-flops", three, doubled=True, linear=True, limits=(0, 44, 50, 85))
    assert sorted(x for x, _ in found(figure, "balls").get_offsets().tolist()) == [2, 4, 8]
    assert figure.axes[0].get_xscale() == "linear"
    assert figure.axes[0].get_xlim() == (0, 44)
    assert "operations (G), two for each multiply-add" in texts(figure)


def test_legends_name_lines_and_sizes(three):
    shown_ = texts(draw("accuracy-flops", three))
    assert {"VGG", "ResNet", "Inception", "Pareto frontier", "area:\nparameters (M)", "140", "5"} <= set(shown_)


def test_the_source_line_has_protocol_and_date(three):
    (line,) = [text for text in texts(draw("accuracy-flops", three)) if "published" in text]
    assert "single-crop" in line
    assert three.collected in line


def test_a_few_networks_are_all_named(three):
    assert {"small", "beaten", "large"} <= set(texts(draw("accuracy-flops", three)))
    assert "beaten" not in texts(draw("accuracy-flops", three, labels="pareto"))
    assert not {"small", "large"} & set(texts(draw("accuracy-flops", three, labels="none")))


def test_of_many_the_frontier_is_named(everything):
    assert len(everything.rows) >= 40
    figure = draw("accuracy-flops", everything)
    assert len(found(figure, "balls").get_offsets()) == len(everything.rows)
    corners = {tuple(corner) for corner in found(figure, "pareto").get_xydata().tolist()}
    best = [row for row in everything.rows if (row.macs / 1e9, row.accuracy.top1) in corners]
    assert len(best) > 8
    assert {row.spec for row in best} <= set(name_all(figure))
    assert set(name_all(figure)) >= LECTURED_HERE


def test_time_needs_no_accuracy(three):
    figure = draw("flops-time", three)
    assert sorted(map(tuple, found(figure, "balls").get_offsets().tolist())) == [(10, 1), (20, 4), (40, 2)]
    assert "Pareto frontier" not in texts(figure)


def test_one_network_is_no_comparison(three):
    with pytest.raises(ArgumentError, match="at least two networks; 1 can be drawn"):
        draw("accuracy-flops", replace(three, rows=three.rows[:1]))


def test_balls_of_equal_accuracy_and_of_one_point_are_drawn(three):
    row = three.rows[0]
    assert len(found(draw("accuracy-flops", replace(three, rows=(row, row))), "balls").get_offsets()) == 2


def test_names_are_letters_whatever_they_hold(three):
    row = replace(three.rows[0], name="a_$x$_b", family="<my & family>")
    figure = draw("accuracy-flops", replace(three, rows=(row, *three.rows[1:])))
    assert {"a_$x$_b", "<my & family>"} <= set(texts(figure))
    assert "a_$x$_b" in write_svg(figure)
    assert "&lt;my &amp; family&gt;" in write_svg(figure)


def test_a_figure_of_ones_own_is_not_called_published(three):
    mine = replace(three.rows[0].accuracy, source="mine.csv")
    rows = (replace(three.rows[0], accuracy=mine), *three.rows[1:])
    shown_ = texts(draw("accuracy-flops", replace(three, rows=rows, own=(mine,))))
    (line,) = [text.replace("\n", " ") for text in shown_ if "crop" in text]
    assert f"ImageNet: single-crop, published, collected {three.collected}, and from mine.csv" in line
    only = replace(three, rows=tuple(replace(row, accuracy=mine) for row in rows), own=(mine,))
    assert any("single-crop, from mine.csv" in text for text in texts(draw("density", only)))


@pytest.mark.parametrize("size", ["16:9", "4:3"])
def test_no_line_to_a_name_passes_another_mark(everything, size):
    figure = draw("accuracy-flops", everything, size=size)
    axes = figure.axes[0]
    centres = axes.transData.transform(found(figure, "balls").get_offsets())
    leaders = [line for line in axes.lines if line.get_linewidth() == 0.8]
    assert leaders  # most names stand beside their points
    crossed = 0
    for leader in leaders:
        (x0, y0), (x1, y1) = axes.transData.transform(leader.get_xydata())
        if min(axes.texts, key=lambda text: gap(text.get_window_extent(), (x0, y0))).get_text().isdecimal():
            continue  # marks that almost cover its own mark lie in the way of a number
        for x, y in centres:
            ends = min((x - x0) ** 2 + (y - y0) ** 2, (x - x1) ** 2 + (y - y1) ** 2)
            share = ((x - x0) * (x1 - x0) + (y - y0) * (y1 - y0)) / ((x1 - x0) ** 2 + (y1 - y0) ** 2)
            off = abs((x - x0) * (y1 - y0) - (y - y0) * (x1 - x0)) / ((x1 - x0) ** 2 + (y1 - y0) ** 2) ** 0.5
            crossed += ends > 1 and 0 < share < 1 and off < 9  # half a mark, at 150 dots per inch
    assert crossed == 0


def gap(box, point):
    return math.hypot(max(box.x0 - point[0], 0, point[0] - box.x1), max(box.y0 - point[1], 0, point[1] - box.y1))


@pytest.mark.extras
@pytest.mark.parametrize("size", ["16:9", "4:3"])
def test_no_name_stands_nearer_to_another_mark(everything, size):
    figure = draw("accuracy-flops", everything, size=size)
    axes = figure.axes[0]
    marks = {
        row.spec: axes.transData.transform((row.macs / 1e9, row.accuracy.top1)).tolist() for row in everything.rows
    }
    assert len(axes.texts) > 8
    for text in axes.texts:
        box = text.get_window_extent()
        if text.get_text().isdecimal():  # its line and its key name its owner
            continue
        gaps = {spec: gap(box, mark) for spec, mark in marks.items()}
        own = gaps.pop(text.get_text())
        assert min(gaps.values()) >= 0.6 * own


@pytest.mark.parametrize("size", ["4:3"])
def test_the_comparison_papers_chart_names_all_its_networks(size):
    """GoogLeNet and ResNet-18 almost coincide; the picture states the differences from the paper's chart."""
    preset = find_preset("canziani-2016")
    chart = gather("accuracy-flops", Request(specs=preset.networks, jobs=1))
    figure, unplaced = draw_chart("accuracy-flops", chart.data, size=size, **preset.options)
    assert unplaced == ()
    assert sorted(name_all(figure)) == sorted(row.name.partition(", ")[0] for row in chart.data.rows)
    assert "BN-AlexNet, BN-NIN and ENet are left out" in figure.get_supxlabel().replace("\n", " ")


def test_what_is_not_to_be_looked_at_is_grey(three):
    figure = draw_chart("accuracy-flops", three, words=Words(highlight=("large",)))[0]
    light = THEMES["light"]
    hues = [line.get_color() for line in figure.axes[0].lines if line.get_marker() != "None"]
    assert hues == [light.rest, light.rest, light.hues[3]]


def test_a_user_may_write_the_headline(three):
    figure = draw_chart("accuracy-flops", three, words=Words(title="Mine", subtitle="Below it"))[0]
    shown_ = {text: box for text, box, _ in find_shown(figure)}
    assert shown_["Below it"].y1 <= shown_["Mine"].y0 + 1
    assert shown_["Below it"].y0 > figure.axes[0].get_window_extent().y1


@pytest.fixture(scope="module")
def sized(everything):
    """Return the chart of all networks at each size, with the names that had no room."""
    words = {"body": Words(title="")}
    return {size: draw_chart("accuracy-flops", everything, size=size, words=words.get(size)) for size in SIZES}


@pytest.mark.slow
def test_every_size_names_the_same_networks_or_reports_them(sized):
    """The lectures' networks come first, so they have a name or a number with a key at every size."""
    chosen = {size: {*name_all(figure), *unplaced} for size, (figure, unplaced) in sized.items()}
    assert all(each == chosen["16:9"] for each in chosen.values())
    for figure, _ in sized.values():
        assert set(name_all(figure)) >= LECTURED_HERE


@pytest.mark.slow
@pytest.mark.parametrize("size", SIZES)
def test_no_line_to_a_point_crosses_another_name(sized, size):
    axes = sized[size][0].axes[0]
    boxes = [text.get_window_extent() for text in axes.texts]
    leaders = [Path(axes.transData.transform(line.get_xydata())) for line in axes.lines if line.get_linewidth() == 0.8]
    assert leaders  # most names stand beside their points
    for leader in leaders:
        own = min(boxes, key=lambda box: gap(box, leader.vertices[0]))
        assert not any(leader.intersects_bbox(box) for box in boxes if box is not own)
