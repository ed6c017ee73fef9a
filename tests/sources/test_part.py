"""Modules of networks as separate networks."""

import pytest
import torch
from torch import nn

import archcost
from archcost.claims.explain import explain
from archcost.cli import run
from archcost.comparison.accuracy import find_accuracy, read_published
from archcost.errors import ArgumentError, BuildError
from archcost.regression.revisions import split_revision
from archcost.sources import parse_input, parse_spec
from archcost.sources.selection import select

NETS = __name__


class Cell(nn.Module):
    """Takes unusual arguments: a tuple, None, a number, and a tensor by name."""

    def __init__(self):
        super().__init__()
        self.mix = nn.Linear(4, 8)

    def forward(self, x, state, mask=None, scale=1.0, *, position):
        assert mask is None
        return self.mix(x + state[0] + position) * scale


class Whole(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(10, 4)
        self.cell = Cell()
        self.windows = nn.Linear(8, 3)
        self.first = nn.Linear(8, 2)
        self.unused = nn.Sequential(nn.Linear(3, 3))
        self.side = nn.Linear(8, 5)

    def forward(self, tokens):
        x = self.embedding(tokens)
        y = self.cell(x, (x * 2,), scale=0.5, position=torch.ones(1, 6, 4))
        self.windows(y.reshape(-1, 3, 8))
        if self.training:
            self.side(y)
        return self.first(y.transpose(0, 1))


def whole():
    return Whole()


def profile(module, batch=1):
    return archcost.profile(f"{NETS}:whole::{module}", [parse_input("6:int64")], batch=batch)


def shapes(report):
    return [info.shape for info in report.network.inputs]


def test_a_module_takes_the_input_that_it_got_inside():
    report = archcost.profile("inception_v4::inception_a.0", batch=2)
    assert shapes(report) == [(2, 384, 35, 35)]
    assert report.network.name == "Inception-v4: inception_a.0"
    inside = 384 * (96 + 96 + 64 + 64) + 9 * (64 * 96 + 64 * 96 + 96 * 96)  # figure 4's weights
    assert report.totals.weights == inside
    assert report.totals.macs == 2 * 35 * 35 * inside


def test_the_size_and_the_arguments_are_those_of_the_network():
    report = archcost.profile("vgg16@64?in_channels=1::features.0")
    assert shapes(report) == [(1, 1, 64, 64)]


def test_tuples_and_numbers_arrive_where_the_network_puts_them():
    report = profile("cell", batch=3)
    assert shapes(report) == [(3, 6, 4), (3, 6, 4), (1, 6, 4)]  # the position is the same for every batch
    assert report.totals.macs == 3 * 6 * 4 * 8


def test_windows_multiply_the_batch():
    assert shapes(profile("windows", batch=5)) == [(5 * 2, 3, 8)]  # two windows of three tokens in each image


def test_what_runs_in_training_alone_is_found():
    assert shapes(profile("side")) == [(1, 6, 8)]


def test_a_batch_that_is_not_first_is_refused():
    with pytest.raises(ArgumentError, match="takes 6x2x8 of 2 images and 6x3x8 of 3"):
        profile("first")


def test_a_module_that_is_never_called_names_what_is_inside():
    with pytest.raises(ArgumentError, match=r"never calls unused, .* inside: .*:whole::unused\.0"):
        profile("unused")


def test_the_error_of_a_network_that_fails_before_it_names_the_input():
    with pytest.raises(BuildError, match=r"fails before it calls first: .*input of the whole network"):
        archcost.profile(f"{NETS}:whole::first", parse_input("5:int64"))  # beside a position of 6 places


class Reader(nn.Module):
    """Begins with an embedding."""

    def __init__(self):
        super().__init__()
        self.table = nn.Embedding(10, 4)
        self.layer = nn.Linear(4, 2)

    def forward(self, tokens):
        return self.layer(self.table(tokens))


class Chooser(nn.Module):
    """Selects rows of a table by its input; torch's meta device takes any tensor for that."""

    def __init__(self):
        super().__init__()
        self.table = nn.Parameter(torch.zeros(10, 4))
        self.layer = nn.Linear(4, 2)

    def forward(self, tokens):
        return self.layer(self.table.index_select(0, tokens.flatten()))


def reading():
    return nn.Sequential(Reader())


def choosing():
    return nn.Sequential(Chooser())


@pytest.mark.parametrize(
    ("spec", "shape"),
    [("reading::0", (1, 128)), ("reading::0.table", (1, 128)), ("reading::0.layer", (1, 128, 4)),
     ("choosing::0", (1, 128)), ("choosing::0.layer", (128, 4))],
)  # fmt: skip
def test_words_are_tried_where_an_image_fails(spec, shape):
    """Nothing describes the input, so it is an image at first, which an embedding refuses."""
    report = archcost.profile(f"{NETS}:{spec}")
    assert shapes(report) == [shape]
    assert report.environment["device"] == "meta"
    assert report.totals.macs == (0 if spec.endswith("table") else 128 * 4 * 2)
    assert any("128:int64" in note for note in report.network.notes) is not spec.endswith("layer")


@pytest.mark.parametrize(
    ("spec", "hint"),
    [
        ("resnet18::conv2_x.0.bogus", r"did you mean conv2_x\.0"),
        ("resnet18::layers", "the network has conv1, pool1, conv2_x"),
        ("resnet18::", "names no module after ::"),
    ],
)
def test_a_module_that_is_not_there_is_refused(spec, hint):
    with pytest.raises(ArgumentError, match=hint):
        archcost.profile(spec)


def test_a_name_is_taken_apart():
    spec = parse_spec("timm:resnet50@192?num_classes=10::layer1.0")
    assert (spec.target, spec.size, spec.module) == ("resnet50", (192, 192), "layer1.0")
    assert split_revision("main:model.py:build::a.0") == ("main", "model.py:build::a.0")
    assert split_revision("resnet18::conv1") == (None, "resnet18::conv1")


def test_globs_reach_into_networks():
    assert select(["resnet18::conv3_x.[01]"]) == ("resnet18::conv3_x.0", "resnet18::conv3_x.1")
    assert select(["vgg1[13]::features.0"]) == ("vgg11::features.0", "vgg13::features.0")


def test_a_module_has_no_accuracy_of_its_network():
    table = read_published()
    assert find_accuracy("resnet50", table, protocol="single-crop", side=224) is not None
    assert find_accuracy("resnet50::conv1", table, protocol="single-crop", side=224) is None


def test_an_explanation_tries_the_module_alone():
    found = explain("vgg16::features.0", "1792", asked="parameters")
    assert {way.spec for way in found.ways} == {"vgg16::features.0"}
    assert found.simplest.value == 3 * 3 * 3 * 64 + 64


@pytest.mark.parametrize(
    "command",
    [
        ["fit", "lenet5::c1", "--memory", "1G"],
        ["compare", "lenet5::c1", "lenet5"],
        ["draw", "lenet5::c1"],
        ["verify", "lenet5::c1", "--device", "cpu"],
    ],
    ids=lambda command: command[0],
)
def test_commands_take_modules(command, capsys):
    assert run(command) == 0
    assert "c1" in capsys.readouterr().out
