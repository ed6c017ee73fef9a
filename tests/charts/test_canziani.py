"""The charts of Canziani et al. 2016: the paper's values beside ours, and charts of what archcost measured."""

import csv
from dataclasses import replace

import pytest
from letters import find_shown

from archcost.charts import draw
from archcost.charts.gather import gather
from archcost.charts.presets import PRESETS, READ_DENSITIES, READ_POINTS, find_preset
from archcost.charts.request import Request
from archcost.comparison.times import read_times
from archcost.errors import ArgumentError

TIMED = {
    "canziani-time": "time-batch", "canziani-power": "power-batch", "canziani-memory": "allocation-batch",
    "canziani-operations": "flops-time", "canziani-efficiency": "accuracy-rate",
}  # fmt: skip
COLUMNS = ("network", "batch", "seconds", "peak_allocated_bytes", "watts", "device")
ROWS = [
    ("googlenet", 1, 0.004, 60e6, 150, "GPU"),
    ("googlenet", 16, 0.016, 300e6, 240, "GPU"),
    ("vgg16", 1, 0.010, 700e6, 210, "GPU"),
    ("vgg16", 16, 0.080, 1.9e9, 330, "GPU"),
]


@pytest.fixture
def times(tmp_path):
    path = tmp_path / "times.csv"
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([COLUMNS, *ROWS])
    return read_times(path)


def marks(figure, label):
    return [
        (float(x), float(y))
        for axes in figure.axes
        for line in axes.lines
        if line.get_label() == label
        for x, y in zip(line.get_xdata(), line.get_ydata(), strict=True)
    ]


def text(figure):
    return " ".join(shown for shown, _, _ in find_shown(figure))


def draw_measured(preset, times):
    kind, known = TIMED[preset], find_preset(preset)
    chart = gather(kind, Request(specs=known.networks, times=times, jobs=1))
    return draw(kind, chart.data, **{**chart.options, **known.options}), chart


def test_the_papers_points_stand_in_the_chart_of_accuracy_against_operations(everything):
    figure = draw("accuracy-flops", everything, **find_preset("canziani-2016").options)
    shown = {row.spec for row in everything.rows} & set(READ_POINTS)

    assert {"googlenet", "vgg16"} <= shown
    assert sorted(marks(figure, "printed")) == sorted(READ_POINTS[spec] for spec in shown)
    assert "as read from" in text(figure)


@pytest.mark.parametrize("spec", READ_POINTS)
def test_the_papers_points_are_near_ours(everything, spec):
    """A reading is off by a tenth, or by a line's width in a chart that ends at 40 G, and by 5 points of accuracy."""
    preset = gather("accuracy-flops", Request(specs=(spec,), jobs=1)).data.rows[0]
    operations, top1 = READ_POINTS[spec]

    assert operations == pytest.approx(2 * preset.macs / 1e9, rel=0.1, abs=1.2)
    assert top1 == pytest.approx(preset.accuracy.top1, abs=5)


def test_misread_values_are_left_out():
    """The reading of ResNet-101's accuracy, Inception-v3's operations and Inception-v4's density is off."""
    assert not READ_POINTS.keys() & {"resnet101_v1.5", "inception_v3", "inception_v4"}
    assert "inception_v4" not in READ_DENSITIES
    assert "resnet101_v1.5" not in find_preset("canziani-accuracy").options["printed"]


def test_bars_of_accuracy_have_their_length_and_the_papers_marks(three):
    figure = draw("accuracy", three, printed={three.rows[0].spec: 71.0})
    (container,) = figure.axes[0].containers

    assert [bar.get_width() for bar in container] == pytest.approx([76, 70, 65])
    assert marks(figure, "as read from the paper's figure") == [(71.0, 1.0)]
    assert "Top-1 accuracy: highest in large" in text(figure)


@pytest.mark.parametrize("preset", TIMED)
def test_what_nobody_measured_is_asked_for_with_a_command(preset):
    with pytest.raises(ArgumentError, match=r"give --times FILE, .*`archcost time NET .*-o times.csv` writes it"):
        draw_measured(preset, ())


def test_a_table_of_times_alone_has_no_power(times):
    unmetered = tuple(replace(time, watts=None) for time in times)

    assert len(draw_measured("canziani-time", unmetered)[1].data) == 2
    with pytest.raises(ArgumentError, match=r"needs measured power: .* seconds and watts"):
        draw_measured("canziani-power", unmetered)


def test_each_measured_quantity_has_its_line(times):
    lines = {preset: draw_measured(preset, times)[1].data for preset in list(TIMED)[:3]}

    assert [curve.points for curve in lines["canziani-time"]] == [((1, 0.004), (16, 0.001)), ((1, 0.01), (16, 0.005))]
    assert [curve.points for curve in lines["canziani-power"]] == [((1, 150), (16, 240)), ((1, 210), (16, 330))]
    assert [curve.points for curve in lines["canziani-memory"]] == [((1, 60e6), (16, 300e6)), ((1, 700e6), (16, 1.9e9))]


def test_only_measured_networks_are_drawn_and_the_others_are_named(times):
    for preset in TIMED:
        figure, chart = draw_measured(preset, times)
        assert {"GoogLeNet", "VGG-16"} <= set(text(figure).replace(",", " ").split()), preset
        assert "resnet18" in {lost.spec for lost in chart.left_out}, preset
        assert "measured on GPU" in text(figure), preset


def test_the_faster_is_further_right_and_operations_are_two_for_each_multiply_add(times):
    rate, _ = draw_measured("canziani-efficiency", times)
    operations, chart = draw_measured("canziani-operations", times)

    assert [rate.axes[0].get_xlabel(), operations.axes[0].get_ylabel()] == [
        "images a second",
        "operations (G), two for each multiply-add",
    ]
    (balls,) = [each for each in rate.axes[0].collections if each.get_label() == "balls"]
    assert sorted(balls.get_offsets()[:, 0]) == pytest.approx([100, 250])  # 1 / 0.010 and 1 / 0.004
    (balls,) = [each for each in operations.axes[0].collections if each.get_label() == "balls"]
    assert sorted(balls.get_offsets()[:, 1]) == pytest.approx(sorted(2 * row.macs / 1e9 for row in chart.data.rows))


def test_every_preset_of_the_paper_is_listed():
    assert {name for name in PRESETS if name.startswith("canziani")} == {
        "canziani-2016", "canziani-density", "canziani-accuracy", *TIMED
    }  # fmt: skip
