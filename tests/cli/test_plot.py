"""`archcost plot` and `archcost compare` from a user's point of view."""

import csv
import io
import json

import pytest

from archcost.charts import KINDS
from archcost.cli import run

pytestmark = pytest.mark.usefixtures("warm_workers")

PAIR = ("squeezenet1_0", "mobilenet_v3_small")

BROKEN = """
from torch import nn


class Broken(nn.Module):
    def forward(self, x):
        raise RuntimeError("no such luck")


def build():
    return Broken()
"""


@pytest.fixture
def model(tmp_path, monkeypatch):
    """Write a user's network and figures into the current folder."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "model.py").write_text("from torch import nn\n\n\ndef build():\n    return nn.Conv2d(3, 8, 3)\n")
    (tmp_path / "mine.csv").write_text("networks,top1\nmodel.py:build,60\n")
    return tmp_path


def test_a_users_network_and_figures_stand_in_one_chart_with_the_zoos(model, capsys):
    assert run(["plot", "accuracy-flops", "squeezenet1_0", "model.py:build", "--accuracy", "mine.csv"]) == 0
    out, err = capsys.readouterr()
    assert out.startswith("<svg")
    assert err == ""
    assert ">SqueezeNet<" in out
    assert ">build<" in out
    assert ">model.py<" in out  # its family in the legend


def test_several_files_are_written_in_their_own_formats(model):
    assert run(["plot", "error-year", "-o", "a.svg", "-o", "a.pdf", "-o", "a.png", "--theme", "dark"]) == 0
    heads = {path.suffix: path.read_bytes()[:4] for path in model.glob("a.*")}
    assert heads == {".svg": b"<?xm", ".pdf": b"%PDF", ".png": b"\x89PNG"}


def test_what_is_left_out_is_said_and_fine_unless_strict(model, capsys):
    arguments = ["plot", "accuracy-flops", *PAIR, "alexnet_lecture", "-o", "c.svg"]
    assert run(arguments) == 0
    assert "left out: alexnet_lecture: no single-crop top-1 accuracy" in capsys.readouterr().err
    assert run([*arguments, "--strict"]) == 1
    assert "--strict: 1 left out: alexnet_lecture" in capsys.readouterr().err
    assert run([*arguments, "--quiet"]) == 0
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["balls", "vgg16"], "there is no chart 'balls'"),
        (["accuracy-flops"], "no network is named"),
        (["accuracy-flops", "squeezenet1_0"], "at least two networks; 1 can be drawn"),
        (["accuracy-flops", *PAIR, "-o", "c.gif"], "the suffix must be one of .svg, .pdf, .png"),
        (["accuracy-flops", *PAIR, "-o", "gone/c.svg"], "there is no folder 'gone'"),
        (["accuracy-flops", *PAIR, "--accuracy", "nan.csv"], "nan.csv, line 2, column 'top1'"),
        (["accuracy-flops", *PAIR, "--protocol", "two-crop"], "there is no protocol 'two-crop'"),
        (["accuracy-flops", *PAIR, "--train", "adam"], "--train belongs to memory-batch, memory-timeline"),
        (["density", *PAIR, "--labels", "all"], "--labels belongs to accuracy-flops"),
        (["memory-batch", "lenet5", "--batches", "1,x"], "batch sizes are written 1,2,4"),
        (["layers", "--preset", "inception"], "--preset inception is a chart of block, not of layers"),
        (["accuracy-time", *PAIR], "give --times FILE"),
        (["block", "lenet5"], "two to 4 of them, not 1"),
        (["density", *PAIR, "--highlight", "vgg16"], "--highlight vgg16: the chart does not show it"),
        (["density", *PAIR, "--font", "Nosuch"], "--font Nosuch: this font is not installed"),
        (["density", *PAIR, "--accuracy-of", "alexnet"], "write NET=OTHER"),
        (["density", *PAIR, "--free-scales"], "--free-scales belongs to layers"),
    ],
)
def test_a_wrong_request_ends_with_2_and_says_why(model, capsys, arguments, message):
    (model / "nan.csv").write_text("networks,top1\nvgg16,nan\n")
    assert run(["plot", *arguments]) == 2
    assert message in capsys.readouterr().err
    assert not list(model.glob("c.*"))


@pytest.mark.parametrize("kind", ["layers", "roofline", "memory-batch", "memory-timeline"])
def test_a_chart_whose_only_network_fails_ends_with_3_and_the_reason(model, capsys, kind):
    (model / "broken.py").write_text(BROKEN)
    assert run(["plot", kind, "broken.py:build", "--quiet", "-o", "c.svg"]) == 3
    assert "RuntimeError: no such luck" in capsys.readouterr().err
    assert run(["plot", kind, "broken.py:biuld", "--quiet", "-o", "c.svg"]) == 2
    assert "broken.py has no 'biuld'" in capsys.readouterr().err
    assert not list(model.glob("c.*"))


def test_a_network_takes_the_accuracy_of_a_variant(model, capsys):
    arguments = ["plot", "accuracy-flops", "alexnet", "vgg16", "squeezenet1_0", "-o", "c.svg"]
    assert run([*arguments, "--strict"]) == 1
    assert "alexnet_grouped, alexnet_owt have one: --accuracy-of alexnet=alexnet_grouped" in capsys.readouterr().err
    assert run([*arguments, "--strict", "--accuracy-of", "alexnet=alexnet_grouped"]) == 0
    assert "alexnet_grouped for alexnet" in (model / "c.svg").read_text().replace("\n", " ")


def test_a_name_without_room_is_said_and_fails_where_strict(model, capsys, monkeypatch):
    monkeypatch.setattr("archcost.charts.labels._Board.place", lambda *_: False)
    monkeypatch.setattr("archcost.charts.canvas.KEY", 0)
    arguments = ["plot", "accuracy-flops", *PAIR, "-o", "c.svg"]
    assert run(arguments) == 0
    assert "no room for these names: MobileNetV3-Small, SqueezeNet" in capsys.readouterr().err
    assert run([*arguments, "--strict"]) == 1
    assert "--strict: no room for 2 names" in capsys.readouterr().err


def test_what_fails_beside_others_is_left_out(model, capsys):
    (model / "broken.py").write_text(BROKEN)
    assert run(["plot", "layers", "lenet5", "broken.py:build", "-o", "c.svg"]) == 0
    assert "left out: broken.py:build" in capsys.readouterr().err


def test_a_network_for_other_inputs_is_drawn_with_them(model, capsys):
    (model / "five.py").write_text("from torch import nn\n\n\ndef build():\n    return nn.Conv2d(5, 8, 3)\n")
    for kind in ("layers", "memory-timeline", "memory-batch"):
        assert run(["plot", kind, "five.py:build", "-q", "-o", "c.svg"]) == 3
        assert run(["plot", kind, "five.py:build", "--input", "5x16x16", "-o", "c.svg"]) == 0
    assert run(["plot", "accuracy-flops", *PAIR, "--input", "3x64x64"]) == 2
    assert run(["plot", "layers", "lenet5", "--device", "cpu"]) == 2
    err = capsys.readouterr().err
    assert "--input belongs to layers, block, memory-batch, memory-timeline, roofline, not to accuracy-flops" in err
    assert "--device belongs to roofline, not to layers" in err


def test_help_names_every_kind(capsys):
    assert run(["plot", "--help"]) == 0
    words = set(capsys.readouterr().out.replace(",", " ").split())
    assert words >= set(KINDS)


def test_a_comparison_as_csv_has_failures_as_rows(capsys):
    assert run(["compare", *PAIR, "nosuch", "--format", "csv"]) == 0
    out, err = capsys.readouterr()
    rows = {row["network"]: row for row in csv.DictReader(io.StringIO(out))}
    assert rows["squeezenet1_0"]["params"] == "1248424"
    assert rows["squeezenet1_0"]["top1"] == "57.5"
    assert "unknown network" in rows["nosuch"]["error"]
    assert "nosuch" in err


def test_a_comparison_as_json_has_sources(capsys):
    assert run(["compare", *PAIR, "--format", "json", "--sort", "top1"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["schema"], found["protocol"]) == ("archcost.comparison/1", "single-crop")
    assert [each["network"] for each in found["networks"]] == ["mobilenet_v3_small", "squeezenet1_0"]
    assert all(each["source"] for each in found["networks"])
    assert found["networks"][0]["pareto"] is True


def test_a_comparison_as_a_table_and_as_markdown(capsys):
    assert run(["compare", *PAIR, "nosuch"]) == 0
    table = capsys.readouterr().out
    assert "mobilenet_v3_small" in table
    assert "failed: unknown network" in table
    assert run(["compare", *PAIR, "--format", "markdown"]) == 0
    assert "| `squeezenet1_0` |" in capsys.readouterr().out


def test_a_comparison_ends_as_its_networks_do(capsys):
    assert run(["compare", "squeezenet1_0", "nosuch", "--strict"]) == 1
    assert run(["compare", "nosuch"]) == 3
    assert run(["compare", "--family", "nosuch"]) == 2
    assert "the zoo has no family 'nosuch'" in capsys.readouterr().err
