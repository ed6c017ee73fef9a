"""Inputs chosen from the network, in their order, and the notes about them."""

import textwrap

import pytest
import torch
from click.testing import CliRunner
from torch import nn

import archcost
from archcost.cli import archcost as command, run
from archcost.errors import ArgumentError, WalkError
from archcost.profiling.choice import settle
from archcost.profiling.sweep import describe_network
from archcost.records import Sweeping
from archcost.sources import resolve
from archcost.sources.choose import WORDS

NETS = """
    import torch
    from torch import nn

    BUILT = []

    class Words(nn.Module):
        def __init__(self):
            super().__init__()
            BUILT.append(1)
            self.table, self.out = nn.Embedding(10, 4), nn.Linear(4, 2, bias=False)

        def forward(self, x):
            return self.out(self.table(x))

    class Named(Words):
        def forward(self, tokens, mask=None):
            return super().forward(tokens)

    class Lightning(Words):
        example_input_array = torch.arange(6).view(2, 3)

    class Dummy(nn.Module):
        def __init__(self):
            super().__init__()
            self.out = nn.Linear(4, 2, bias=False)

        @property
        def dummy_inputs(self):
            return {"batch": {"x": torch.zeros(5, 4)}, "scale": 3}

        def forward(self, batch, scale):
            assert scale == 3
            return self.out(batch["x"])

    class Unlike(Dummy):
        dummy_inputs = {"batch": {"x": torch.zeros(5, 4), "edges": torch.zeros(2, 9).long()}, "scale": 3}
"""


@pytest.fixture(autouse=True)
def nets(tmp_path, monkeypatch):
    (tmp_path / "mine_to_choose.py").write_text(textwrap.dedent(NETS))
    (tmp_path / "beside.py").write_text(
        "import torch\nfrom mine_to_choose import Words as Net\n\n"
        "def example_inputs():\n    return (torch.zeros(1, 5).long(),)\n"
    )
    monkeypatch.chdir(tmp_path)


def said(report):
    (note,) = report.network.notes
    return note


def test_a_function_beside_the_callable_comes_first():
    report = archcost.profile("beside.py:Net")
    assert report.totals.macs == 5 * 4 * 2
    assert "5:int64, chosen from example_inputs() beside it; change that with --input or --seq" in said(report)


@pytest.mark.parametrize(
    ("name", "rows", "says"),
    [
        ("Lightning", 3, "3:int64, chosen from its example_input_array"),
        ("Dummy", 1, "batch.x=4, scale=value:3, chosen from its dummy_inputs"),
        ("Unlike", 5, "batch.x=exact:5x4, batch.edges=exact:2x9:int64, scale=value:3"),
        ("Named", 128, "tokens=128:int64, chosen from the signature of its forward"),
        ("Words", 128, "128:int64, chosen from an embedding that refused floating-point numbers"),
    ],
)
def test_a_module_says_what_it_takes(name, rows, says):
    report = archcost.profile(f"mine_to_choose.py:{name}")
    assert report.totals.macs == rows * 4 * 2
    assert says in said(report)


def test_input_is_stronger_and_nothing_is_said_then():
    report = archcost.profile("mine_to_choose.py:Named", [archcost.sources.parse_input("9:int64")])
    assert (report.totals.macs, report.network.notes) == (9 * 8, ())


def test_tokens_can_be_asked_for():
    assert archcost.profile("mine_to_choose.py:Named@seq7").totals.macs == 7 * 8
    assert archcost.profile("mine_to_choose.py:Words@seq7").totals.macs == 7 * 8
    with pytest.raises(ArgumentError, match="networks that take tokens; Dummy takes batch"):
        archcost.profile("mine_to_choose.py:Dummy@seq7")
    with pytest.raises(ArgumentError, match="networks that take tokens; lenet5"):
        archcost.profile("lenet5@seq7")


def test_a_given_module_is_asked_too():
    class Net(nn.Linear):
        example_input_array = torch.zeros(2, 3)

    assert archcost.profile(Net(3, 5, bias=False)).totals.macs == 15


def test_a_network_is_built_once_for_a_walk_on_meta(tmp_path):
    archcost.profile("mine_to_choose.py:Named", device="meta")
    import sys

    assert len(sys.modules["archcost_user_mine_to_choose"].BUILT) == 1


def test_an_example_keeps_its_integers():
    (spec,) = settle(resolve("mine_to_choose.py:Lightning")).inputs
    assert spec.make(2, "cpu").tolist() == [[0, 1, 2], [0, 1, 2]]


def test_another_failure_of_a_picture_is_the_networks_own():
    with pytest.raises(WalkError, match="It was given 3x224x224"):
        archcost.profile(nn.Linear(7, 7))


def test_inputs_are_explained_without_running():
    done = CliRunner().invoke(command, ["profile", "mine_to_choose.py:Dummy", "--explain-inputs"])
    assert done.exit_code == 0, done.output
    assert "scale=value:3" in done.stdout
    assert "its dummy_inputs" in done.stdout
    assert "exact:2x1000:int64" in done.stdout
    picture = CliRunner().invoke(command, ["profile", "mine_to_choose.py:Words", "--explain-inputs", "--format", "csv"])
    assert "3x224x224,the default: the module does not describe its input" in picture.stdout.replace('"', "")


def test_seq_is_an_option(capsys):
    assert run(["profile", "mine_to_choose.py:Named", "--seq", "7", "--format", "csv"]) == 0
    assert run(["profile", "mine_to_choose.py:Named@seq8", "--seq", "7"]) == 2
    assert run(["profile", "mine_to_choose.py:Named", "--seq", "7", "--input", "7:int64"]) == 2
    assert run(["profile", "mine_to_choose.py:Named", "--download"]) == 2
    assert "--download fetches the configuration of hf:OWNER/NAME" in capsys.readouterr().err


@pytest.mark.parametrize("look_up", ["self.table(x)", "self.table.weight[x]"])
def test_words_are_looked_up_in_a_module_or_a_table(tmp_path, look_up):
    text = f"from mine_to_choose import *\n\nclass Net(Words):\n    def forward(self, x):\n        return {look_up}\n"
    (tmp_path / "ways.py").write_text(text)
    assert "chosen from an embedding that refused" in said(archcost.profile("ways.py:Net", device="meta"))


def test_words_are_tried_whatever_the_network_is_run_for(tmp_path):
    """128 words of 4 numbers each; a batch of b takes 128 x 4 x 4 bytes b times."""
    net = "mine_to_choose.py:Words"
    found = archcost.fit(net, memory=100_000, batch=2)
    assert found.points[0].peak_bytes - found.fixed_bytes >= 2 * 128 * 4 * 4
    assert describe_network(net)[2] == (WORDS,)
    assert archcost.profile("mine_to_choose.py:Words::out").totals.macs == 128 * 8


@pytest.mark.parametrize("isolate", [False, True])
def test_a_detector_is_timed_with_targets_in_training(isolate):
    spec, sweeping = "torchvision:ssdlite320_mobilenet_v3_large", Sweeping(isolate=isolate)
    *_, usual = describe_network(spec, sweeping)
    *_, training = describe_network(spec, sweeping, training=True)
    assert [each.name for each in usual] == ["images.each"]
    assert [each.name for each in training] == ["images.each", "targets.each.boxes", "targets.each.labels"]


def test_other_counters_are_asked_about_words_too(capsys):
    assert run(["verify", "mine_to_choose.py:Words", "--format", "json", "-q"]) == 0
    assert '"macs": 1024' in capsys.readouterr().out
