"""The file of the page, and the command that writes it."""

import json
import re

import pytest

from archcost.cli import run
from archcost.explore import write_html
from archcost.explore.page import build_data
from archcost.profiling.traced import profile_with_trace


@pytest.fixture(scope="module")
def profiled():
    return profile_with_trace("block_residual_bottleneck", device="meta")


def test_the_file_holds_all_that_it_needs_and_no_markup_of_a_name(profiled):
    report, trace = profiled
    text = write_html(trace, report)
    assert text == write_html(trace, report)
    assert not re.search(r"(src|href)=\"(?!data:)", text)
    assert "default-src 'none'; style-src 'sha256-" in text
    data = re.search(r'<script type="application/json" id="data">(.*)</script>', text)[1]
    assert "<" not in data
    assert json.loads(data) == json.loads(json.dumps(build_data(trace, report)))


def test_a_box_has_its_convolution_and_what_rides_on_it(profiled):
    report, trace = profiled
    picture = build_data(trace, report)["picture"]
    assert [box["named"] for box in picture["boxes"].values()] == [[0], [1, 2], [3, 4], [5], [6, 7]]
    assert [0, 6] in picture["lines"]


def test_the_command_writes_a_page(tmp_path, capsys):
    file = tmp_path / "x.html"
    assert run(["explore", "resnet18::conv3_x.0", "-o", str(file), "-q"]) == 0
    assert "<h1>Explore ResNet-18: conv3_x.0</h1>" in file.read_text()
    assert capsys.readouterr() == ("", "")
    assert run(["explore", "inception_reduced", "--input", "256x7x7", "-o", str(file)]) == 0
    assert '"start": {"channels": 256, "size": [7, 7]}' in file.read_text()
    assert f"wrote {file}" in capsys.readouterr().err


def test_the_command_refuses_what_no_page_can_show(tmp_path, capsys):
    file = tmp_path / "x.html"
    assert run(["explore", "shufflenet_v1", "-o", str(file)]) == 2
    assert "a page cannot repeat aten.view in the module stage2.0" in capsys.readouterr().err
    assert not file.exists()
    assert run(["explore", "lenet5", "-o", str(tmp_path / "x.svg")]) == 2
    assert "the suffix must be one of .html, .htm" in capsys.readouterr().err
    assert run(["explore", "lenet5"]) == 2
    assert "Missing option '-o'" in capsys.readouterr().err
