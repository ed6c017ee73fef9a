"""The boxes of a diagram, and how they become fewer."""

import pytest
import torch
from torch import nn

import archcost
from archcost.diagrams.folding import simplify
from archcost.diagrams.graph import build_graph
from archcost.diagrams.labels import name_node, name_row


class Block(nn.Module):
    """A residual block."""

    def __init__(self, width):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(width, width, 3, padding=1, bias=False), nn.BatchNorm2d(width)
        self.conv2, self.bn2 = nn.Conv2d(width, width, 3, padding=1, bias=False), nn.BatchNorm2d(width)

    def forward(self, x):
        return torch.relu(x + self.bn2(self.conv2(torch.relu(self.bn1(self.conv1(x))))))


def walk(network, *shape):
    return archcost.profile(network, torch.zeros(1, *shape), device="meta")


def names(report, depth=None, **rest):
    graph = simplify(report, depth, **rest)
    return [name_node(graph, key, report) for key in graph.nodes]


def test_normalisations_and_activations_ride_on_their_convolution():
    report = walk(Block(4), 4, 8, 8)
    assert names(report) == ["input", "3x3 conv, 4 + BN + relu", "3x3 conv, 4 + BN", "+ relu"]
    assert len(names(report, apart=True)) == 8  # input, 2 x (conv, bn), relu, add, relu


def test_an_addition_reads_the_input_and_the_branch():
    graph = simplify(walk(Block(4), 4, 8, 8), None)
    given, first, second, added = graph.nodes
    assert {key: [*graph.reads[key]] for key in graph.nodes} == {
        given: [], first: [given], second: [first], added: [given, second],
    }  # fmt: skip


def test_equal_blocks_become_one_with_their_number():
    report = walk(nn.Sequential(*(Block(4) for _ in range(23)), nn.Conv2d(4, 8, 1)), 4, 8, 8)
    graph = simplify(report, 1)
    assert [(node.module, node.times) for node in graph.nodes.values()] == [(None, 1), ("0", 23), (None, 1)]
    assert sum(graph.layers[row].macs for node in graph.nodes.values() for row in node.rows) == report.totals.macs


def test_a_block_of_another_cost_stands_apart():
    report = walk(nn.Sequential(Block(4), Block(4), nn.Conv2d(4, 6, 1), Block(6)), 4, 8, 8)
    assert [node.times for node in simplify(report, 1).nodes.values()] == [1, 2, 1, 1]


def test_equal_paths_become_one():
    assert names(archcost.profile("resnext_block_a")) == [
        "input", "32 x (1x1 conv, 4 + ReLU)", "32 x (3x3 conv, 4 + ReLU)", "32 x 1x1 conv, 256", "+ ReLU",
    ]  # fmt: skip


def test_folding_keeps_every_row():
    report = archcost.profile("googlenet")
    whole = {row for node in build_graph(report).nodes.values() for row in node.rows}
    for depth in (1, 2, 3, None):
        assert {row for node in simplify(report, depth).nodes.values() for row in node.rows} == whole


def test_a_module_that_a_path_leaves_and_enters_again_stays_unfolded():
    class Outer(nn.Module):
        def __init__(self):
            super().__init__()
            self.pair = nn.ModuleList([nn.Conv2d(2, 2, 1), nn.Conv2d(2, 2, 1)])
            self.between = nn.MaxPool2d(1)

        def forward(self, x):
            first, second = self.pair
            return second(self.between(first(x)))

    assert names(walk(Outer(), 2, 4, 4), 1) == ["input", "1x1 conv, 2", "max pool 1x1", "1x1 conv, 2"]


def test_the_inside_of_a_module_begins_with_what_it_reads():
    report = walk(nn.Sequential(nn.Conv2d(4, 4, 1), Block(4)), 4, 8, 8)
    assert names(report, below="1") == ["1x1 conv, 4", "3x3 conv, 4 + BN + relu", "3x3 conv, 4 + BN", "+ relu"]


@pytest.mark.parametrize(
    ("layer", "shape", "name"),
    [
        (nn.Conv2d(3, 192, 3, 2, 1), (3, 8, 8), "3x3 conv, 192, /2"),
        (nn.Conv2d(6, 6, 3, groups=6), (6, 8, 8), "3x3 depthwise conv, 6"),
        (nn.Conv2d(8, 8, (1, 7), groups=2), (8, 8, 8), "1x7 conv, 8, 2 groups"),
        (nn.ConvTranspose2d(4, 2, 2, 2), (4, 8, 8), "2x2 up-conv, 2, x2"),
        (nn.MaxPool2d(3, 2), (4, 8, 8), "max pool 3x3, /2"),
        (nn.AvgPool2d(2), (4, 8, 8), "average pool 2x2, /2"),
        (nn.AdaptiveAvgPool2d(1), (4, 8, 8), "global average pool"),
        (nn.Linear(4, 4096), (4,), "fc 4096"),
        (nn.GroupNorm(2, 4), (4, 8, 8), "GN"),
    ],
)
def test_a_layer_is_named_as_a_person_would(layer, shape, name):
    assert name_row(walk(layer, *shape).layers[1]) == name
