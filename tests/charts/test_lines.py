"""Charts of lines: against the batch size, and over the run of a network."""

from dataclasses import replace

import pytest
from letters import find_shown

from archcost.charts import draw
from archcost.errors import ArgumentError
from archcost.records import Curve


def test_memory_is_drawn_in_gigabytes_with_the_most_hungry_first_in_the_legend(data):
    figure = draw("memory-batch", data["memory-batch"], remark="inference")
    assert [line.get_label() for line in figure.axes[0].get_lines()] == ["b", "a"]
    assert figure.axes[0].get_lines()[0].get_xydata().tolist() == [[1, 0.1], [64, 10]]
    assert "Peak memory against batch size, inference" in [text for text, _, _ in find_shown(figure)]


def test_time_is_drawn_in_milliseconds(data):
    line = draw("time-batch", data["time-batch"]).axes[0].get_lines()[0]
    assert line.get_xydata().tolist() == [[1, 4], [8, 1]]


@pytest.mark.parametrize("curves", [[], [Curve(name="a", points=())]])
def test_nothing_to_draw_is_refused(curves):
    with pytest.raises(ArgumentError, match="a network and at least one batch size"):
        draw("memory-batch", curves)


def test_the_peak_is_marked_and_named(data):
    (report,) = data["memory-timeline"]
    figure = draw("memory-timeline", [report], remark="training with adam")
    (mark,) = figure.findobj(lambda artist: artist.get_label() == "_peak")
    live = [instant.live_bytes for instant in report.timeline]
    assert mark.get_xydata().tolist() == [[live.index(max(live)) + 0.5, pytest.approx(max(live) / 1e6)]]
    assert report.totals.peak_training_bytes == max(live)
    texts = [text for text, _, _ in find_shown(figure)]
    assert any(text.startswith("peak ") and report.peak.layer in text for text in texts)
    assert {"forward", "loss", "backward", "step", "parameters"} <= set(texts)
    assert f"{report.network.name}, batch 1, training with adam" in texts
    (line,) = figure.findobj(lambda artist: artist.get_label() == "parameters" and len(artist.get_ydata()) == 2)[:1]
    assert set(line.get_ydata()) == {report.totals.param_bytes / 1e6}


def test_rows_above_their_roof_are_said_to_be(data):
    (report,) = data["roofline"]
    roof = report.measured.roof
    low = replace(roof, flops_per_second=dict.fromkeys(roof.flops_per_second, 1e6))
    busy = replace(report, measured=replace(report.measured, roof=low))
    assert "rows above the roof" not in " ".join(text for text, _, _ in find_shown(draw("roofline", [report])))
    said = " ".join(text.replace("\n", " ") for text, _, _ in find_shown(draw("roofline", [busy])))
    assert "rows above the roof: it was lower when it was measured, `archcost device` measures it again" in said


def test_a_report_without_a_timeline_is_refused(data):
    with pytest.raises(ArgumentError, match="vgg16 has no timeline"):
        draw("memory-timeline", data["layers"])
