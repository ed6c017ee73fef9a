"""The boxes of a diagram, and their reduction."""

import pytest
import torch
from torch import nn

import archcost
from archcost.diagrams.columns import split_columns
from archcost.diagrams.folding import Level, find_stages, simplify
from archcost.diagrams.graph import build_graph
from archcost.diagrams.labels import break_name, find_common_riders, name_node, name_row, spell_shape
from archcost.diagrams.plan import find_cost
from archcost.errors import ArgumentError


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
    graph = simplify(report, Level(depth), **rest)
    return [name_node(graph, key, report) for key in graph.nodes]


def test_normalisations_and_activations_ride_on_their_convolution():
    report = walk(Block(4), 4, 8, 8)
    assert names(report) == ["input", "3x3 conv, 4 + BN + ReLU", "3x3 conv, 4 + BN", "+ ReLU"]
    assert len(names(report, apart=True)) == 8  # input, 2 x (conv, bn), relu, add, relu


def test_a_normalisation_at_the_end_of_a_block_does_not_ride_on_the_next():
    class After(nn.Module):
        """A block that normalises its sum, as in the first transformers."""

        def __init__(self):
            super().__init__()
            self.fc, self.norm = nn.Linear(4, 4), nn.LayerNorm(4)

        def forward(self, x):
            return self.norm(x + self.fc(x))

    report = walk(nn.Sequential(After(), After(), nn.Linear(4, 2)), 3, 4)
    assert names(report) == ["input", "fc 4", "+", "LN", "fc 4", "+", "LN", "fc 2"]
    assert names(report, 1) == ["input", "After  x 2", "fc 2"]


def test_attention_is_named_by_its_role():
    class Attention(nn.Module):
        def forward(self, x):
            return nn.functional.scaled_dot_product_attention(x, x, x)

    report = walk(nn.Sequential(Attention(), nn.Identity()), 3, 4)
    assert names(report) == ["input", "attention"]


def test_an_addition_reads_the_input_and_the_branch():
    graph = simplify(walk(Block(4), 4, 8, 8), Level(None))
    given, first, second, added = graph.nodes
    assert {key: [*graph.reads[key]] for key in graph.nodes} == {
        given: [], first: [given], second: [first], added: [given, second],
    }  # fmt: skip


def test_equal_blocks_become_one_with_their_number():
    report = walk(nn.Sequential(*(Block(4) for _ in range(23)), nn.Conv2d(4, 8, 1)), 4, 8, 8)
    graph = simplify(report, Level(1))
    assert [(node.module, node.times) for node in graph.nodes.values()] == [(None, 1), ("0", 23), (None, 1)]
    assert sum(graph.layers[row].macs for node in graph.nodes.values() for row in node.rows) == report.totals.macs


def test_a_block_of_another_cost_stands_apart():
    report = walk(nn.Sequential(Block(4), Block(4), nn.Conv2d(4, 6, 1), Block(6)), 4, 8, 8)
    assert [node.times for node in simplify(report, Level(1)).nodes.values()] == [1, 2, 1, 1]


def test_equal_paths_become_one():
    assert names(archcost.profile("resnext_block_a")) == [
        "input", "32 x (1x1 conv, 4 + ReLU)", "32 x (3x3 conv, 4 + ReLU)", "32 x 1x1 conv, 256", "+ ReLU",
    ]  # fmt: skip


def test_folding_keeps_every_row():
    report = archcost.profile("googlenet")
    whole = {row for node in build_graph(report).nodes.values() for row in node.rows}
    for depth in (1, 2, 3, None):
        assert {row for node in simplify(report, Level(depth)).nodes.values() for row in node.rows} == whole


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
    assert names(report, below="1") == ["input", "3x3 conv, 4 + BN + ReLU", "3x3 conv, 4 + BN", "+ ReLU"]


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
        (nn.BatchNorm2d(4), (4, 8, 8), "BN"),
        (nn.InstanceNorm2d(4), (4, 8, 8), "IN"),
        (nn.LayerNorm(8), (4, 8), "LN"),
        (nn.LocalResponseNorm(3), (4, 8, 8), "LRN"),
        (nn.Upsample(scale_factor=2), (4, 8, 8), "upsampling, x2"),
        (nn.Upsample(scale_factor=1.5), (4, 8, 8), "upsampling"),
    ],
)
def test_a_layer_is_named_as_a_person_would(layer, shape, name):
    assert name_row(walk(layer, *shape).layers[1]) == name


def test_layers_that_look_alike_become_one_with_their_number():
    report = walk(
        nn.Sequential(nn.Conv2d(3, 4, 3, padding=1), nn.Conv2d(4, 4, 3, padding=1), nn.Conv2d(4, 4, 1)), 3, 8, 8
    )
    assert names(report) == ["input", "3x3 conv, 4  x 2", "1x1 conv, 4"]
    assert len(simplify(report, Level(None, repeats=False)).nodes) == 4


def test_a_module_that_is_called_twice_is_shared_and_stands_twice():
    class Twins(nn.Module):
        def __init__(self):
            super().__init__()
            self.encoder = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Conv2d(4, 6, 3))
            self.head = nn.Conv2d(12, 1, 1)

        def forward(self, one, other):
            return self.head(torch.cat([self.encoder(one), self.encoder(other)], 1))

    report = archcost.profile(Twins(), (torch.zeros(1, 3, 8, 8), torch.zeros(1, 3, 8, 8)), device="meta")
    assert names(report, 1) == ["input", "input", "encoder (shared)", "encoder (shared)", "concat", "1x1 conv, 1"]
    assert sum("(shared)" in name for name in names(report)) == 4


def test_a_module_that_follows_itself_is_one_with_its_number():
    class Again(nn.Module):
        def __init__(self):
            super().__init__()
            self.block = Block(4)

        def forward(self, x):
            return self.block(self.block(self.block(x)))

    assert names(walk(Again(), 4, 8, 8), 1) == ["input", "block: Block (shared)  x 3"]


def test_what_rides_on_every_convolution_is_said_once():
    alike = walk(nn.Sequential(*(layer for n in (4, 5, 6) for layer in (nn.LazyConv2d(n, 1), nn.ReLU()))), 3, 8, 8)
    graph = simplify(alike, Level(None))
    assert find_common_riders(graph) == ("ReLU",)
    assert [name_node(graph, key, alike, ("ReLU",)) for key in graph.nodes][1] == "1x1 conv, 4"
    assert find_common_riders(simplify(walk(Block(4), 4, 8, 8), Level(None))) == ()  # the last one has no activation


def test_a_stage_of_blocks_can_be_seen_through():
    stages = nn.Sequential(nn.Sequential(Block(4), Block(4)), nn.Sequential(Block(4), nn.Conv2d(4, 6, 1)))
    report = walk(stages, 4, 8, 8)
    assert find_stages(report) == {"0"}
    names = [node.module for node in simplify(report, Level(1, stages=True)).nodes.values()]
    assert names == [None, "0.0", "1"]


class Add(nn.Module):
    """A chain that adds its input, under a name that says otherwise."""

    def __init__(self):
        super().__init__()
        self.first, self.second = nn.Conv2d(4, 4, 3, padding=1), nn.Conv2d(4, 4, 1)

    def forward(self, x):
        return self.second(self.first(x))


def test_the_modules_of_any_list_are_shown_in_its_place():
    class Layers(nn.ModuleList):
        """A list under a name of its own."""

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.layers = Layers([Block(4), Block(4)])

        def forward(self, x):
            for layer in self.layers:
                x = layer(x)
            return x

    report = walk(Net(), 4, 8, 8)
    assert report.lists == ("layers",)
    assert names(report, 1) == ["input", "layers: Block  x 2"]


def test_the_class_of_a_module_decides_nothing():
    inside = [Add(), nn.Sequential(Block(4), nn.Conv2d(4, 6, 1))]
    assert names(walk(nn.Sequential(*inside), 4, 8, 8), 1) == ["input", "0: Add 3x3", "1"]
    for name in ("LayerNormed", "cat", "ModuleList"):
        renamed = type(name, (Add,), {})()
        assert names(walk(nn.Sequential(renamed), 4, 8, 8))[1:] == ["3x3 conv, 4", "1x1 conv, 4"]


def test_a_channel_shuffle_is_a_box():
    shuffled = names(archcost.profile("shufflenet_v1"), below="stage2.1")
    assert shuffled[2] == "channel shuffle"


class Halves(nn.Module):
    """A convolution of one half of the channels beside the other half, as in ShuffleNet V2."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(4, 4, 1)

    def forward(self, x):
        left, right = x.chunk(2, 1)
        return torch.cat([left, self.conv(right)], 1)


def test_a_split_is_said_where_it_happens():
    graph = simplify(walk(Halves(), 8, 5, 5), Level(None))
    assert [spell_shape(graph, key) for key in graph.nodes] == ["2 x 4x5x5", "4x5x5", "8x5x5"]
    graph = simplify(walk(nn.Sequential(nn.Flatten(), nn.Linear(8, 2)), 8, 1, 1), Level(None))
    assert [spell_shape(graph, key) for key in graph.nodes] == ["8x1x1", "2"]


@pytest.mark.parametrize(
    ("name", "letters", "lines"),
    [
        ("3x3 conv, 64, /2 + BN + ReLU", 16, ("3x3 conv, 64, /2", "+ BN + ReLU")),
        ("conv3_x: Building Block  x 3", 16, ("conv3_x:", "Building Block", "x 3")),
        ("concat", 3, ("concat",)),
    ],
)
def test_a_long_name_is_broken_where_a_part_ends(name, letters, lines):
    assert break_name(name, letters) == lines


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("InceptionA", "Inception A"),
        ("ConvNeXtBlock", "ConvNeXt Block"),
        ("SEBottleneck", "SEBottleneck"),
        ("DownBlock2D", "Down Block2D"),
    ],
)
def test_a_class_is_named_in_words(kind, words):
    inside = type(kind, (Block,), {})
    assert names(walk(nn.Sequential(inside(4)), 4, 8, 8), 1)[1].startswith(f"0: {words}")


def test_groups_are_columns_that_divide_the_channels():
    net = nn.Sequential(
        nn.Conv2d(3, 8, 1), nn.MaxPool2d(2), nn.Conv2d(8, 8, 3, padding=1, groups=2), nn.Conv2d(8, 4, 1), nn.Flatten(),
        nn.Linear(64, 10),
    )  # fmt: skip
    report = walk(net, 3, 8, 8)
    graph = split_columns(simplify(report, Level(None)), 2)
    texts = {key: name_node(graph, key, report) for key in graph.nodes}
    assert [*texts.values()] == [
        "input", "1x1 conv, 4", "1x1 conv, 4", "max pool 2x2, /2", "max pool 2x2, /2", "3x3 conv, 4", "3x3 conv, 4",
        "1x1 conv, 2", "1x1 conv, 2", "fc 10",
    ]  # fmt: skip
    assert [len(graph.reads[key]) for key in graph.nodes] == [0, 1, 1, 1, 1, 1, 1, 2, 2, 2]  # the ungrouped read both
    assert sum(find_cost(graph, key, "macs") for key in graph.nodes) == report.totals.macs
    with pytest.raises(ArgumentError, match=r"no convolution has 3 groups.*there are convolutions of 2 groups"):
        split_columns(simplify(report, Level(None)), 3)
