"""Measured times in charts: their positions, intervals, and untrustworthy ones."""

from dataclasses import replace

import pytest
from letters import find_shown
from matplotlib.path import Path

from archcost.charts import draw
from archcost.comparison.times import read_seconds, read_times
from archcost.errors import TableError
from archcost.records import Curve, MeasuredTime

ONE = MeasuredTime(network="a", batch=1, seconds=0.245, n=1, place="Intel Xeon", setting="float32, eager")
MANY = MeasuredTime(
    network="a", batch=2, seconds=0.25, low=0.2, high=0.4, n=300, place="Intel Xeon", setting="float32, eager"
)
UNMET = replace(MANY, batch=4, unmet=("warm-up: it did not settle",))


def texts(figure):
    return " ".join(text.replace("\n", " ") for text, _, _ in find_shown(figure))


def curve(*times):
    return Curve(name="a", points=tuple((time.batch, time.seconds / time.batch) for time in times), times=times)


def test_a_table_of_times_has_its_conditions(tmp_path):
    path = tmp_path / "times.csv"
    path.write_text(
        "network,batch,seconds,p10_seconds,p90_seconds,n,dtype,device,driver,unmet\n"
        "a,2,0.25,0.2,0.4,300,float32,H200,580.1,warm-up: x; end to end: y\n"
    )
    (time,) = read_times(path)
    assert (time.low, time.high, time.n) == (0.2, 0.4, 300)
    assert (time.place, time.setting) == ("H200, driver 580.1", "float32")
    assert time.unmet == ("warm-up: x", "end to end: y")


def test_times_of_two_devices_do_not_stand_side_by_side(tmp_path):
    path = tmp_path / "times.csv"
    path.write_text("network,seconds,device\na,0.2,Xeon\nb,0.1,H200\n")
    with pytest.raises(TableError, match="times of several devices: Xeon and H200"):
        read_seconds(path)
    path.write_text("network,seconds,device\na,0.2,Xeon\na,0.1,H200\n")
    assert len(read_times(path)) == 2
    with pytest.raises(TableError, match=r"line 3.*keep one device"):
        read_seconds(path)


def test_whiskers_reach_from_the_10th_to_the_90th_percentile_of_an_image():
    figure = draw("time-batch", [curve(ONE, MANY)])
    (whisker,) = [each for each in figure.axes[0].collections if each.get_label() == "_whisker"]
    assert whisker.get_segments()[0].tolist() == [[2, 100], [2, 200]]  # 0.2 s and 0.4 s for two images


def test_a_single_sample_and_an_unmet_condition_are_hollow():
    marks = [
        line.get_label()
        for line in draw("time-batch", [curve(ONE, MANY, UNMET)]).axes[0].lines
        if line.get_marker() != "None"
    ]
    assert marks == ["_hollow", "_point", "_hollow"]


def test_no_name_lies_over_a_whisker(three):
    rows = [
        replace(row, seconds=0.25, time=replace(MANY, seconds=0.25 + 0.01 * i), spec=f"n{i}")
        for i, row in enumerate(three.rows)
    ]
    axes = draw("flops-time", replace(three, rows=tuple(rows))).axes[0]
    whiskers = [Path(axes.transData.transform(end)) for each in axes.collections if each.get_label() == "_whisker"
                for end in each.get_segments()]  # fmt: skip
    assert len(whiskers) == len(axes.texts) == 3
    assert not any(line.intersects_bbox(text.get_window_extent()) for line in whiskers for text in axes.texts)


def test_the_line_below_says_where_how_often_and_what_was_unmet():
    said = texts(draw("time-batch", [curve(ONE, MANY, UNMET)]))
    assert "measured on Intel Xeon; float32, eager; n = 1 to 300; whiskers from the 10th to the 90th percentile" in said
    assert "hollow where a condition was unmet (warm-up)" in said
    assert "on a device that is not named" in texts(draw("time-batch", [curve(replace(ONE, place=""))]))


@pytest.mark.parametrize("kind", ["accuracy-time", "flops-time"])
def test_balls_have_whiskers_hollow_marks_and_the_device(three, kind):
    rows = tuple(
        replace(row, time=replace(time, seconds=row.seconds))
        for row, time in zip(three.rows, (ONE, MANY, UNMET), strict=True)
    )
    figure = draw(kind, replace(three, rows=rows))
    axes = figure.axes[0]
    whiskers = [each.get_segments()[0].tolist() for each in axes.collections if each.get_label() == "_whisker"]
    assert [(start[0], end[0]) for start, end in whiskers] == [(200, 400)] * 2  # ms
    background = figure.get_facecolor()
    hollow = [line for line in axes.lines if line.get_markerfacecolor() == "#ffffff"]
    assert len(hollow) == 2
    assert background == (1, 1, 1, 1)
    assert "measured on Intel Xeon" in texts(figure)
