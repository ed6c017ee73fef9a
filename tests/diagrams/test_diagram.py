"""draw_network and `archcost draw`."""

import re

import pytest
import torch
from torch import nn

import archcost
from archcost.charts import encode_figure, write_svg
from archcost.cli import run
from archcost.diagrams import Style, draw_network
from archcost.errors import ArgumentError


@pytest.fixture(scope="module")
def reduced():
    return archcost.profile("inception_reduced")


def test_a_diagram_is_text_and_the_same_bytes_each_time(reduced):
    svg = write_svg(draw_network(reduced).figure)
    assert svg == write_svg(draw_network(reduced).figure)
    for text in ("Inception module with dimension reductions", "5x5 conv, 96", "concat", "256x28x28", "120.4 M MACs"):
        assert f">{text}<" in svg


def test_the_letters_of_a_slide_are_as_large_as_a_hall_needs(reduced):
    diagram = draw_network(reduced, style=Style(size="slide"))
    assert diagram.fits
    assert min(text.get_fontsize() for text in diagram.figure.axes[0].texts if text.get_text()) >= 18


def test_a_network_folds_until_it_fits():
    diagram = draw_network(archcost.profile("resnet50"))
    assert (diagram.depth, diagram.fits) == (2, True)
    every = draw_network(archcost.profile("resnet50"), depth=0)
    assert (every.depth, every.fits) == (None, False)
    assert max(every.figure.get_size_inches()) > 12.8


@pytest.mark.parametrize("cost", ["params", "memory", "receptive-field", "none"])
def test_every_cost_can_be_shown(reduced, cost):
    svg = write_svg(draw_network(reduced, style=Style(cost=cost)).figure)
    wanted = {"params": ">110.8 k Params<", "memory": ">602.1 kB<", "receptive-field": ">RF 5<", "none": ">concat<"}
    assert wanted[cost] in svg
    assert "MACs<" not in svg


def test_the_first_boxes_stand_where_the_whole_diagram_has_them(reduced):
    whole, part = (write_svg(draw_network(reduced, first=first).figure) for first in (None, 3))
    assert draw_network(reduced).boxes == whole.count('id="box-') == 9
    assert part.count('id="box-') == 3  # the input, the first branch, and a part of the second
    assert ">concat<" not in part
    for box in re.findall(r'<g id="box-\d+">.*?</g>', part, re.DOTALL):
        assert re.search(r' d="(.*?)"', box, re.DOTALL)[1] in whole


def test_a_receptive_field_that_exceeds_the_input_is_marked():
    net = nn.Sequential(nn.Conv2d(1, 1, 5, padding=2), nn.Conv2d(1, 1, 5, padding=2))
    report = archcost.profile(net, torch.zeros(1, 1, 8, 8), device="meta")
    svg = write_svg(draw_network(report, depth=0, style=Style(cost="receptive-field")).figure)
    assert ">RF 5<" in svg
    assert ">RF 9 &gt; 8<" in svg
    assert ">RF &gt; 8: a receptive field larger than the 8 input<" in svg


@pytest.mark.parametrize("show", ["bar", "width", "colour"])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_way_to_show_it_and_every_theme_can_be_drawn(reduced, show, theme):
    figure = draw_network(reduced, style=Style(show=show, theme=theme, cost="macs")).figure
    assert encode_figure(figure, "png").startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"module": "nowhere"}, "no module 'nowhere'"),
        ({"depth": -1}, "not -1"),
        ({"style": Style(cost="x")}, "no cost"),
    ],
)
def test_a_wrong_request_is_refused(reduced, wrong, message):
    with pytest.raises(ArgumentError, match=message):
        draw_network(reduced, **wrong)


def test_the_command_writes_each_format(tmp_path, capsys):
    files = [tmp_path / f"x.{suffix}" for suffix in ("svg", "pdf", "png")]
    assert run(["draw", "inception_reduced", *(part for file in files for part in ("-o", str(file)))]) == 0
    assert [file.read_bytes()[:4] for file in files] == [b"<?xm", b"%PDF", b"\x89PNG"]
    assert run(["draw", "resnet18::conv3_x.0"]) == 0
    assert ">ResNet-18: conv3_x.0<" in capsys.readouterr().out


def test_the_command_says_what_it_cannot_do(capsys, tmp_path):
    assert run(["draw", "lenet5::nowhere"]) == 2
    assert "lenet5 has no module 'nowhere'; it has c1, " in capsys.readouterr().err
    assert run(["draw", "lenet5", "-o", str(tmp_path / "x.gif")]) == 2
    assert "the suffix must be one of .svg, .pdf, .png" in capsys.readouterr().err
    assert run(["draw", "resnet50", "--depth", "0", "-o", str(tmp_path / "x.svg")]) == 0
    assert "the diagram does not fit 16:9" in capsys.readouterr().err
