"""`archcost.plot` and the `plot` of results: figures for programs and notebooks, without side effects."""

import subprocess
import sys
from dataclasses import replace

import matplotlib as mpl
import pytest
from letters import find_shown
from matplotlib.figure import Figure
from torch import nn

import archcost
from archcost.charts import draw, encode_figure
from archcost.charts.kinds import KINDS
from archcost.charts.plot import list_left_out
from archcost.comparison.choosing import Choice
from archcost.errors import ArgumentError
from archcost.records import MeasuredTime, Missing
from archcost.sources import InputSpec

LIGHT = """
import sys, archcost
assert not {"matplotlib", "torch"} & set(sys.modules)
archcost.plot("error-year")
assert "torch" not in sys.modules and "matplotlib.pyplot" not in sys.modules
"""


def read_settings():
    return dict.copy(mpl.rcParams), mpl.get_backend(auto_select=False)


def texts(figure):
    return " ".join(text.replace("\n", " ") for text, _, _ in find_shown(figure))


def test_a_chart_is_a_figure_and_the_settings_stay():
    with mpl.rc_context({"font.size": 3, "axes.grid": True, "figure.facecolor": "red"}):
        before = read_settings()
        figure = archcost.plot("layers", "lenet5", theme="dark", title="Mine")
        assert read_settings() == before
        with pytest.raises(ArgumentError):
            archcost.plot("layers", "lenet5", size="A4")
        assert read_settings() == before
    assert isinstance(figure, Figure)
    assert figure.get_suptitle() == "Mine"
    assert figure.get_facecolor() == mpl.colors.to_rgba("#111827")


def test_it_is_what_the_command_draws():
    """The bytes are the same with and without a user's settings; by name, by report, and as a method of the report."""
    report = archcost.profile("lenet5")
    expected = encode_figure(draw("layers", [report]), "svg")
    with mpl.rc_context({"font.sans-serif": ["DejaVu Serif"], "axes.grid": True}):
        found = [archcost.plot("layers", "lenet5", jobs=1), archcost.plot("layers", report), report.plot()]
        assert {encode_figure(figure, "svg") for figure in found} == {expected}


def test_a_user_s_savefig_and_a_notebook_show_our_letters(tmp_path):
    figure = archcost.plot("error-year")
    figure.savefig(tmp_path / "ours.png")
    assert figure._repr_png_().startswith(b"\x89PNG")
    with mpl.rc_context({"font.sans-serif": ["DejaVu Serif"]}):
        figure.savefig(tmp_path / "theirs.png")
    assert (tmp_path / "ours.png").read_bytes() == (tmp_path / "theirs.png").read_bytes()


def test_importing_is_light_and_drawing_loads_no_pyplot():
    subprocess.run([sys.executable, "-c", LIGHT], check=True)


@pytest.mark.parametrize("kind", ["accuracy-flops", "accuracy-params", "accuracy-time", "density", "flops-time"])
def test_a_comparison_draws_its_charts(three, kind):
    assert encode_figure(three.plot(kind), "svg") == encode_figure(draw(kind, three), "svg")


def test_a_report_draws_its_charts(data):
    for kind in ("layers", "memory-timeline", "roofline"):
        (report,) = data[kind]
        assert encode_figure(report.plot(kind), "svg") == encode_figure(draw(kind, [report]), "svg")
    assert "31.8 %" in texts(archcost.plot("block", data["block"]))


def test_networks_of_a_program_are_drawn_too():
    """A 3x3 convolution from 3 to 8 channels: 6 x 6 x 27 x 8 = 7,776 multiply-adds, all in one layer."""
    network = nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU())
    figure = archcost.plot("layers", network, inputs=[InputSpec(shape=(3, 8, 8))])
    (bar,) = [each for axes in figure.axes for each in axes.containers if each.get_label() == "macs-convolution"]
    assert [patch.get_height() for patch in bar] == [7.776]  # k


def test_what_is_left_out_is_a_warning(three):
    rows = (*three.rows, replace(three.rows[0], spec="silent", accuracy=None))
    with pytest.warns(UserWarning, match="left out: silent: it has no top-1 accuracy"):
        replace(three, rows=rows).plot()
    with pytest.warns(UserWarning, match="left out: lenet5: no single-crop top-1 accuracy"):
        archcost.plot("density", ["lenet5", "squeezenet1_0", "squeezenet1_1"], jobs=1)


def test_data_sets_do_not_mix_unless_another_is_asked_for(three):
    tiny = [
        replace(row, spec=f"tiny{i}", name=f"tiny{i}", accuracy=replace(row.accuracy, dataset="CIFAR-10"))
        for i, row in enumerate(three.rows[:2])
    ]
    mixed = replace(three, rows=(*three.rows, *tiny))
    with pytest.warns(UserWarning, match="left out: tiny0, tiny1: its accuracy is for CIFAR-10, the chart's for Image"):
        figure = mixed.plot()
    assert "3 networks. Accuracy on ImageNet: single-crop" in texts(figure)
    assert "Left out: 2 networks of CIFAR-10" in texts(figure)
    with pytest.warns(UserWarning, match="small, beaten, large: its accuracy is for ImageNet, the chart's for CIFAR"):
        assert "Accuracy on CIFAR-10" in texts(mixed.plot("density", dataset="CIFAR-10"))
    for kind in ("accuracy-flops", "density"):  # as drawn by `archcost compare`
        assert "Left out: 2 networks of CIFAR-10" in texts(draw(kind, mixed))
    with pytest.raises(ArgumentError, match="'CIFAR10' is known; did you mean CIFAR-10"):
        mixed.plot(dataset="CIFAR10")


@pytest.mark.parametrize(
    ("arguments", "options", "message"),
    [
        (("acuracy-flops", "vgg16"), {}, "no chart 'acuracy-flops'; did you mean accuracy-flops"),
        (("layers", "vgg61"), {}, "did you mean vgg19, vgg16"),
        (("layers", "vgg16"), {"batches": [1]}, "^batches belongs to memory-batch, not to layers"),
        (("memory-batch", "vgg16"), {"free_scales": True}, "^free_scales belongs to layers"),
        (("layers", "vgg16"), {"preset": "inception"}, "inception is a chart of block"),
        (("accuracy-flops", [nn.Linear(2, 2)]), {}, "Linear is a module: draw the comparison instead"),
        (("layers",), {}, "no network is named"),
        (("time-batch",), {}, "give --times FILE"),
    ],
)
def test_a_wrong_request_says_what_is_allowed(arguments, options, message):
    with pytest.raises(archcost.ArchcostError, match=message):
        archcost.plot(*arguments, **options)


def test_a_result_says_which_charts_it_has(three, data):
    (report,) = data["layers"]
    with pytest.raises(ArgumentError, match="drawn as layers, roofline, memory-timeline, block, not as density"):
        report.plot("density")
    with pytest.raises(ArgumentError, match=r"drawn as accuracy-flops, .*, flops-time, not as layers"):
        three.plot("layers")
    with pytest.raises(ArgumentError, match="of reports or of networks, not of both"):
        archcost.plot("layers", [report, "lenet5"])


def test_every_kind_is_named_in_the_help():
    assert all(f'"{name}"' in archcost.plot.__doc__ for name in KINDS)


def test_a_pattern_of_published_networks_shows_shipped_figures_as_on_the_command_line():
    chosen = Choice(where="year >= 2014 and year < 2016", device="rtx4090")

    assert "resnet152" in texts(archcost.plot("accuracy-year", "timm:*", choice=chosen))
    assert "4090" in texts(archcost.plot("accuracy-time", "timm:*", choice=chosen))
    with pytest.raises(archcost.ArchcostError, match="where belongs to"):
        archcost.plot("layers", "vgg16", choice=chosen)


def test_a_message_names_no_more_than_sixty_networks():
    lost = [Missing(spec=f"net{i}", reason="it is slow") for i in range(61)]

    assert list_left_out(lost[:60])[0].endswith("net59: it is slow")
    assert list_left_out(lost)[0].endswith("net57, net58 and 2 more: it is slow")


def test_measured_times_and_presets_are_taken():
    times = [MeasuredTime(network="lenet5", batch=batch, seconds=0.001 * batch) for batch in (1, 2)]
    assert "LeNet-5" in texts(archcost.plot("time-batch", times=times))
    assert "271.4 M 31.8 %" in texts(archcost.plot("block", preset="inception", jobs=1))
