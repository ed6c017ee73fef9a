"""Charts of published networks: the named ones, the meaning of shapes and hues, and figures that are not mixed."""

import pytest
from letters import find_shown

from archcost.charts import draw, draw_chart, write_svg
from archcost.charts.gather import gather
from archcost.charts.request import Request
from archcost.charts.theme import THEMES
from archcost.cli import run
from archcost.comparison.choosing import Choice, choose_shipped
from archcost.errors import ArgumentError
from archcost.records import frontier


def chart(kind, *specs, **choice):
    return gather(kind, Request(specs=specs, choice=choose_shipped(Choice(**choice), specs))).data


def texts(figure):
    return [text for text, _, _ in find_shown(figure)]


@pytest.fixture(scope="module")
def resnets():
    return chart("accuracy-flops", "timm:resnet*")


def count_marks(figure):
    """Return the number of marks of networks, without the second, highlighted marks."""
    return sum(len(line.get_xdata()) for line in figure.axes[0].lines if line.get_zorder() == 2)


def test_each_network_is_a_mark_and_one_pretraining_is_shown(resnets):
    assert len(resnets.rows) > 100
    assert {row.pretraining for row in resnets.rows} == {"in1k"}
    figure = draw("accuracy-flops", resnets)
    assert count_marks(figure) == len(resnets.rows)
    best = frontier([(row.macs, row.accuracy.top1) for row in resnets.rows])
    finding = f"{len(best)} of {len(resnets.rows)} sets of weights are unbeaten"
    assert finding in figure.get_suptitle().replace("\n", " ")
    (source,) = [text for text in texts(figure) if "that saw" in text]
    assert "ImageNet-1k alone" in source.replace("\n", " ")
    assert len({line.get_marker() for line in figure.axes[0].lines if line.get_zorder() == 2}) == 1


def test_the_frontier_and_the_lectures_networks_are_named(resnets):
    figure, unplaced = draw_chart("accuracy-flops", resnets)
    named = {text.get_text() for text in figure.axes[0].texts} | set(unplaced)
    best = [resnets.rows[i] for i in frontier([(row.macs, row.accuracy.top1) for row in resnets.rows])]
    top = max(best, key=lambda row: row.accuracy.top1)
    assert any(name.partition("@")[0] == top.name.partition(".")[0] for name in named)
    assert {name.partition("@")[0] for name in named} >= {"resnet50", "resnet152"}
    assert not draw("accuracy-flops", resnets, labels="none").axes[0].texts


def test_pretrainings_are_told_apart_by_shape_where_they_are_asked_for():
    found = chart("accuracy-flops", "timm:convnext*", pretraining="any")
    figure = draw("accuracy-flops", found)
    assert len({row.pretraining for row in found.rows}) > 2
    assert len({line.get_marker() for line in figure.axes[0].lines if line.get_zorder() == 2}) > 2
    legend = [text.get_text() for text in figure.legends[0].get_texts()]
    assert {"in1k", "in22k", "convnext"} <= set(legend)


def test_families_have_hues_of_the_theme():
    found = chart("accuracy-flops", "torchvision:*", limit=60)
    figure = draw("accuracy-flops", found, theme="dark")
    colours = {line.get_color() for line in figure.axes[0].lines if line.get_zorder() == 2}
    assert len(colours) > 4
    assert colours <= {*THEMES["dark"].hues, THEMES["dark"].rest}


def test_a_time_is_that_of_an_image_on_the_device_that_is_named():
    found = chart("accuracy-time", "timm:resnet50.a1_in1k", device="rtx4090")
    figure = draw("accuracy-time", found)
    xs = sorted(x for line in figure.axes[0].lines if line.get_zorder() == 2 for x in line.get_xdata())
    assert xs == pytest.approx([1000 / 4302.84, 1000 / 2631.02])
    assert "time of an image (ms)" in texts(figure)
    assert any("RTX 4090" in text for text in texts(figure))


def test_multiply_adds_stand_against_times():
    found = chart("flops-time", "timm:resnet18*", device="rtx3090")
    figure = draw("flops-time", found)
    assert figure.axes[0].get_yscale() == "log"
    assert count_marks(figure) == len([row for row in found.rows if row.per_second])


@pytest.mark.parametrize("kind", ["accuracy-time", "flops-time"])
def test_times_of_published_networks_need_a_device(kind):
    with pytest.raises(ArgumentError, match="published networks have times on --device-name rtx3090, rtx4090"):
        chart(kind, "timm:resnet18*")


def test_a_choice_that_leaves_nothing_says_what_would():
    with pytest.raises(ArgumentError, match="--pretraining any takes weights that saw other data"):
        chart("accuracy-flops", "timm:*clip*")


def test_density_has_a_bar_for_each_size_of_one_network():
    found = chart("density", "timm:mobilenetv3*")
    labels = [label.get_text() for label in draw("density", found).axes[0].get_yticklabels()]
    assert len(labels) == len(set(labels)) == len(found.rows) > len({row.name for row in found.rows})


def test_an_svg_of_many_is_small(resnets):
    assert len(write_svg(draw("accuracy-flops", resnets))) < 400 * len(resnets.rows) + 60_000


def test_options_of_a_choice_belong_to_charts_that_compare(capsys):
    assert run(["plot", "layers", "lenet5", "--pareto", "macs,top1"]) == 2
    assert "--pareto belongs to accuracy-flops, accuracy-params, accuracy-time" in capsys.readouterr().err


def test_published_networks_are_not_run(tmp_path, monkeypatch):
    monkeypatch.setattr("archcost.comparison.compare.profile_many", lambda specs, **_: [None for _ in specs])
    path = tmp_path / "chart.svg"
    assert run(["plot", "accuracy-params", "torchvision:resnet*", "-o", str(path), "-q"]) == 0
    assert "sets of weights" in path.read_text()
