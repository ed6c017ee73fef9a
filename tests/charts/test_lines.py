"""Line charts: against the batch size, and over a network's run."""

from dataclasses import replace

import pytest
from letters import find_shown

import archcost
from archcost.charts import draw
from archcost.charts.timeline import list_steps
from archcost.errors import ArgumentError
from archcost.records import LIVE, Curve


def test_memory_is_drawn_in_gigabytes_with_a_name_at_the_end_of_each_line(data):
    figure = draw("memory-batch", data["memory-batch"], remark="inference")
    lines = [line.get_label() for line in figure.axes[0].get_lines() if not line.get_label().startswith("_")]
    assert lines == ["b", "a"]
    assert figure.axes[0].get_lines()[0].get_xydata().tolist() == [[1, 0.1], [64, 10]]
    title = "Peak memory against batch size, inference: b takes most, 10 GB at a batch of 64"
    assert figure.get_suptitle().replace("\n", " ") == title
    ends = {text.get_text(): text.xy for text in figure.axes[0].texts}
    assert ends == {"b": (64, 10), "a": (64, 1)}


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
    before = sum(instant.phase != "step" for instant in report.timeline)
    steps = list_steps(report.timeline)
    assert len(steps) == before + 1  # all operators of the optimizer are one point
    place = next(i for i, step in enumerate(steps) if step.instant.live_bytes == max(live))
    middle = steps[place].start + steps[place].width / 2
    assert mark.get_xydata().tolist() == [[middle, pytest.approx(max(live) / 1e6)]]
    assert report.totals.peak_training_bytes == max(live)
    texts = [text for text, _, _ in find_shown(figure)]
    (peak,) = [text for text in texts if text.startswith("peak ")]
    assert report.peak.layer in peak
    assert "% optimizer state" in peak
    assert {"forward", "backward", "step", *LIVE} <= set(texts)
    assert f"{report.network.name}, batch 1, training with adam" in texts


def test_what_is_alive_is_stacked_by_what_it_is(data):
    (report,) = data["memory-timeline"]
    held = report.totals.param_bytes  # SqueezeNet has no buffers; Adam keeps two values for each, and its counters
    for instant in report.timeline:
        parts = dict(zip(LIVE, instant.parts, strict=True))
        assert sum(instant.parts) == instant.live_bytes
        assert parts["parameters"] == held
        assert 2 * held <= parts["optimizer state"] < 2.01 * held
        assert (parts["gradients"], parts["scratch"]) == (0, 0) or instant.phase != "forward"
    assert dict(zip(LIVE, report.timeline[-1].parts, strict=True))["gradients"] == held


def test_networks_below_each_other_share_an_axis(data):
    (report,) = data["memory-timeline"]
    small = archcost.profile("lenet5", train="adam", timeline=True)
    one, other = draw("memory-timeline", [report, small]).axes[:2]
    assert one.get_ylim() == other.get_ylim()


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
