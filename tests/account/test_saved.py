"""Saved tensors: each once, with its row, operator and line; their sum is the saved bytes."""

import inspect

import pytest
import torch
from real_memory import saved_bytes
from torch import nn
from torch.nn import functional
from torch.utils.checkpoint import checkpoint

import archcost
from archcost.cli import run
from archcost.errors import ArgumentError
from archcost.render.view import View

FILE = "account/test_saved.py"


class Kept(nn.Module):
    """A convolution, a ReLU whose result two others save as well, a product of a tensor with itself, a layer."""

    def __init__(self, *, again=False):
        super().__init__()
        self.again = again
        self.conv, self.relu, self.head = nn.Conv2d(1, 2, 1), nn.ReLU(), nn.Linear(32, 3)

    def forward(self, x):
        first = self.conv(x)
        second = self.relu(first)
        third = checkpoint(torch.sin, second, use_reentrant=False) if self.again else second * second
        return self.head(third.flatten(1))


def line_of(text):
    source, start = inspect.getsourcelines(Kept)
    return start + next(place for place, line in enumerate(source) if text in line)


def test_each_is_named_with_who_keeps_it_and_the_lines():
    """At batch size 4: the image, 1x4x4; the ReLU's two maps, also for the product; the product, for the layer."""
    image = torch.zeros(4, 1, 4, 4)
    report = archcost.profile(Kept(), image, train="sgd", saved=True, device="meta")
    found = [(saved.layer, saved.operator, saved.also, saved.nbytes, saved.maker) for saved in report.saved]

    assert found == [
        ("relu", "relu", ("mul",), 4 * 4 * 2 * 16, "relu"),
        ("head", "addmm", (), 4 * 4 * 2 * 16, "mul"),
        ("conv", "convolution", (), 4 * 4 * 16, "input"),
    ]
    assert [(saved.shape, saved.dtype) for saved in report.saved][1] == ((4, 32), "float32")
    lines = [(saved.line.removeprefix("tests/"), saved.made_at.removeprefix("tests/")) for saved in report.saved]
    relu, layer, product = (f"{FILE}:{line_of(text)}" for text in ("self.relu(", "self.head(", "second * second"))
    assert lines == [(relu, relu), (layer, product), (f"{FILE}:{line_of('self.conv(')}", "")]
    assert sum(saved.nbytes for saved in report.saved) == report.totals.saved_bytes == saved_bytes(Kept(), image)


@pytest.mark.parametrize("name", ["lenet5", "resnet18_B", "densenet121?checkpointed=true"])
def test_they_add_up_in_the_zoo(name):
    report = archcost.profile(name, train="sgd", saved=True, device="meta", batch=2)
    by_row = {}
    for saved in report.saved:
        by_row[saved.row] = by_row.get(saved.row, 0) + saved.nbytes
    assert by_row == {row: layer.saved_bytes for row, layer in enumerate(report.layers) if layer.saved_bytes}
    # calls from torch's own Sequential have no line of a network
    assert {saved.line.partition(":")[0].rpartition("/")[0] for saved in report.saved} <= {"archcost/zoo", ""}
    sizes = [saved.nbytes for saved in report.saved]
    assert sizes == sorted(sizes, reverse=True)


def test_what_a_checkpoint_keeps_is_its_input():
    report = archcost.profile(Kept(again=True), torch.zeros(4, 1, 4, 4), train="sgd", saved=True, device="meta")
    assert [saved.operator for saved in report.saved] == ["relu", "addmm", "convolution"]
    assert report.saved[0].also == ()


def test_what_a_checkpoint_keeps_belongs_to_the_row_that_made_it():
    """A layer keeps its input, 4 rows of 8; the checkpoint keeps the sum, as large, and nothing from within."""

    class Sum(nn.Module):
        def __init__(self):
            super().__init__()
            self.first, self.second = nn.Linear(8, 8), nn.Linear(8, 8)

        def forward(self, x):
            return checkpoint(lambda y: self.second(y.sin()), self.first(x) + 1, use_reentrant=False)

    for device in ("meta", "cpu"):
        report = archcost.profile(Sum(), torch.zeros(4, 8), train="sgd", saved=True, device=device)
        assert [(saved.layer, saved.nbytes) for saved in report.saved] == [("first", 4 * 4 * 8), ("add", 4 * 4 * 8)]


def test_an_operator_of_ones_own_and_python_between():
    """The line is the network's, not a line of torch or of the functional wrapper."""

    class Own(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = nn.Linear(3, 3)

        def forward(self, x):
            return sum(map(functional.silu, [self.layer(x)]))

    (layer, silu) = sorted(
        archcost.profile(Own(), torch.zeros(2, 3), train="sgd", saved=True).saved, key=lambda saved: saved.row
    )
    assert (layer.operator, silu.operator) == ("addmm", "silu")
    assert layer.line == silu.line
    assert FILE in silu.line


def test_the_view(capsys):
    assert run(["profile", "lenet5", "--device", "meta", "--train", "--view", "saved", "--format", "csv"]) == 0
    first, *rest = capsys.readouterr().out.splitlines()
    assert first == "layer,kind,saved_bytes,tensor,saved_by,made_by"
    assert any("archcost/zoo/" in line for line in rest)
    assert run(["profile", "lenet5", "--device", "meta", "--train", "--view", "saved"]) == 0
    assert "Saved by" in capsys.readouterr().out
    assert run(["profile", "lenet5_simple", "--view", "saved"]) == 2
    assert "add --train (train=)" in capsys.readouterr().err
    with pytest.raises(ArgumentError, match="--sort and --columns need another view"):
        View(name="saved", sort="macs")


def test_a_report_that_lists_them_is_read_back():
    report = archcost.profile("lenet5_simple", device="meta", train="sgd", saved=True)
    assert archcost.Report.from_json(report.to_json()) == report
    assert archcost.profile("lenet5_simple", device="meta", train="sgd").saved is None
