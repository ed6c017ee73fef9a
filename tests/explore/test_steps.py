"""The operators of a walk as steps, and the sentences for those that a page cannot repeat."""

import json

import pytest
import torch
from nets_adjustable import NETWORKS, Given
from torch import nn

from archcost.errors import ArgumentError
from archcost.explore.page import build_data
from archcost.profiling.traced import profile_with_trace


def describe(network, inputs=None):
    report, trace = profile_with_trace(network, inputs, device="meta")
    return json.loads(json.dumps(build_data(trace, report), allow_nan=False))


@pytest.fixture(scope="module")
def inception():
    build, image, _ = NETWORKS["inception"]
    return describe(build(Given()), torch.zeros(Given().image(*image)))


def test_each_layer_has_its_settings(inception):
    layers = {layer["key"]: layer["start"] for layer in inception["layers"]}
    assert layers["input"] == {"channels": 32, "size": [14, 14]}
    assert layers["conv5x5"] == {"filters": 12, "groups": 1, "kernel": [5, 5], "stride": [1, 1], "padding": [2, 2]}
    assert layers["pool"] == {"kernel": [3, 3], "stride": [1, 1], "padding": [1, 1]}


def test_a_1x1_that_saves_a_larger_window_channels_is_a_reduction(inception):
    assert {each["key"] for each in inception["layers"] if each.get("reduces")} == {"reduce3x3", "reduce5x5"}


def test_a_step_reads_steps_and_inputs(inception):
    steps = inception["steps"]
    kinds = [step["kind"] for step in steps]
    assert kinds.count("convolution") == 6
    assert steps[-1]["kind"] == "join"
    names = [inception["rows"][steps[read]["row"]]["name"] for read in steps[-1]["reads"]]
    assert names == ["conv1x1", "conv3x3", "conv5x5", "project"]
    assert steps[kinds.index("pool")]["reads"] == [-1]
    assert inception["returns"] == [len(steps) - 1]


def test_what_an_operator_changes_in_place_takes_no_memory(inception):
    changing = [step for step in inception["steps"] if step["changes"]]
    assert [(step["kind"], step["bytes"]) for step in changing] == [("point", 0)] * 2
    assert all(step["bytes"] == 4 for step in inception["steps"] if not step["changes"])


def test_a_network_may_be_a_single_layer():
    data = describe(nn.Conv2d(3, 8, 3), torch.zeros(1, 3, 9, 9))
    assert [layer["key"] for layer in data["layers"]] == ["input", "Conv2d"]
    assert [row["name"] for row in data["rows"]] == ["input", "Conv2d"]


def test_a_depthwise_convolution_follows_its_channels_and_a_grouped_one_does_not():
    network = nn.Sequential(nn.Conv2d(6, 12, 3, groups=6), nn.Conv2d(12, 12, 3, groups=4))
    first, second = describe(network, torch.zeros(1, 6, 9, 9))["layers"][1:]
    assert first["start"]["multiplier"] == 2
    assert (second["start"]["filters"], second["start"]["groups"]) == (12, 4)


class Shared(nn.Module):
    """One convolution and one pool that run twice, and a layer that never runs."""

    def __init__(self):
        super().__init__()
        self.conv, self.pool, self.idle = nn.Conv2d(4, 4, 3, padding=1), nn.MaxPool2d(2), nn.Linear(3, 5)

    def forward(self, x):
        return self.pool(self.conv(self.pool(self.conv(x))))


def test_what_runs_twice_is_one_layer_and_what_never_runs_keeps_its_parameters():
    data = describe(Shared(), torch.zeros(1, 4, 8, 8))
    assert [layer["key"] for layer in data["layers"]] == ["input", "conv", "pool"]
    assert [step["layer"] for step in data["steps"]] == [1, 2, 1, 2]
    assert data["rest"] == 3 * 5 + 5


def test_the_window_of_a_local_normalisation_is_no_setting():
    data = describe(nn.Sequential(nn.LocalResponseNorm(5)), torch.zeros(1, 8, 4, 4))
    assert [layer["key"] for layer in data["layers"]] == ["input"]
    (pool,) = (step for step in data["steps"] if step["kind"] == "pool")
    assert pool["fixed"]["start"]["kernel"] == [5, 1, 1]


class Own(nn.Module):
    """A network with a function as its forward pass."""

    def __init__(self, function):
        super().__init__()
        self.weight, self.function = nn.Parameter(torch.zeros(4, 4, 1, 1)), function
        self.table = nn.Parameter(torch.zeros(6, 6))
        self.idle = nn.Identity()  # otherwise the network is a single row

    def forward(self, x):
        return self.function(self, x)


@pytest.mark.parametrize(
    ("function", "sentence"),
    [
        (lambda _, x: x.permute(0, 2, 3, 1), r"aten\.permute in the outermost module"),
        (lambda _, x: x.sort(1)[0], r"aten\.sort in the row sort"),
        (lambda _, x: x.chunk(2, 1)[1] + 1, r"aten\.split in the outermost module"),
        (lambda net, x: torch.conv2d(x, 2 * net.weight), r"aten\.mul in the row mul .*does not depend on the input"),
        (lambda _, x: x + torch.ones(1, 4, 6, 6), r"aten\.ones in the row ones .*does not depend on the input"),
        (lambda net, x: x + net.weight[:, :, 0, 0].sum(), r"aten\.sum in the row sum"),
        (lambda net, x: torch.conv2d(x, net.weight[:2]), r"aten\.convolution in the row .*uses a part of a parameter"),
        (lambda net, x: x + net.table, r"aten\.add in the row add .*has a weight of another shape"),
        (lambda _, x: x[..., 1], r"aten\.select in the outermost module"),
        (lambda net, x: x.max(1, keepdim=True)[0], r"aten\.max in the row max"),
        (lambda _, x: torch.layer_norm(x, (4, 6, 6)), r"native_layer_norm in the row \w+ .*over several axes"),
        (lambda _, x: nn.functional.interpolate(x, size=(9, 9)), r"aten\.upsample_nearest2d in the row"),
        (lambda _, x: x.view(1, 2, 2, 6, 6), r"aten\.view in the outermost module"),
        (lambda _, x: torch.fft.rfft(x).real, r"aten\._fft_r2c in the row"),
    ],
)  # fmt: skip
def test_a_sentence_names_the_operator_and_its_row_and_what_to_type(function, sentence):
    with pytest.raises(ArgumentError, match=sentence) as error:
        describe(Own(function), torch.zeros(1, 4, 6, 6))
    assert "Own -o x.html` draws the network as it is, and `archcost explore " in str(error.value)
    assert "Own::MODULE -o x.html` explores another part" in str(error.value)
