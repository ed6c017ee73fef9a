"""The lecture's table."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from render.reports import layer, report, weighted
from torch import nn
from torch.nn import functional

import archcost
from archcost.errors import ArgumentError
from archcost.records import InputInfo
from archcost.render.lecture import write_listing
from archcost.render.lecture_rows import spell_axis
from archcost.render.view import View

VGG16 = """\
INPUT: [224x224x3]  memory: 224*224*3=150K  params: 0
CONV3-64: [224x224x64]  memory: 224*224*64=3.2M  params: (3*3*3)*64 = 1,728
CONV3-64: [224x224x64]  memory: 224*224*64=3.2M  params: (3*3*64)*64 = 36,864
POOL2: [112x112x64]  memory: 112*112*64=800K  params: 0
CONV3-128: [112x112x128]  memory: 112*112*128=1.6M  params: (3*3*64)*128 = 73,728
CONV3-128: [112x112x128]  memory: 112*112*128=1.6M  params: (3*3*128)*128 = 147,456
POOL2: [56x56x128]  memory: 56*56*128=400K  params: 0
CONV3-256: [56x56x256]  memory: 56*56*256=800K  params: (3*3*128)*256 = 294,912
CONV3-256: [56x56x256]  memory: 56*56*256=800K  params: (3*3*256)*256 = 589,824
CONV3-256: [56x56x256]  memory: 56*56*256=800K  params: (3*3*256)*256 = 589,824
POOL2: [28x28x256]  memory: 28*28*256=200K  params: 0
CONV3-512: [28x28x512]  memory: 28*28*512=400K  params: (3*3*256)*512 = 1,179,648
CONV3-512: [28x28x512]  memory: 28*28*512=400K  params: (3*3*512)*512 = 2,359,296
CONV3-512: [28x28x512]  memory: 28*28*512=400K  params: (3*3*512)*512 = 2,359,296
POOL2: [14x14x512]  memory: 14*14*512=100K  params: 0
CONV3-512: [14x14x512]  memory: 14*14*512=100K  params: (3*3*512)*512 = 2,359,296
CONV3-512: [14x14x512]  memory: 14*14*512=100K  params: (3*3*512)*512 = 2,359,296
CONV3-512: [14x14x512]  memory: 14*14*512=100K  params: (3*3*512)*512 = 2,359,296
POOL2: [7x7x512]  memory: 7*7*512=25K  params: 0
FC: [1x1x4096]  memory: 4096  params: 7*7*512*4096 = 102,760,448
FC: [1x1x4096]  memory: 4096  params: 4096*4096 = 16,777,216
FC: [1x1x1000]  memory: 1000  params: 4096*1000 = 4,096,000

TOTAL memory: 15.2M values = 61 MB / image (only forward; about twice that for backward)
              15,237,608 * 4 bytes = 60,950,432 bytes = 60.95 MB
TOTAL params: 138M (not counting biases)
              138,344,128; with biases 138,357,544"""


def one(row, *more):
    """Return the line of the first row behind the input."""
    rows = (layer("input", "Input", row.inputs[0] if row.inputs else (1, 8, 4, 4), module=""), row, *more)
    return write_listing(report("Net", rows, modules={}))[1]


def test_vgg16_is_the_table_of_the_lecture(vgg16):
    assert "\n".join(write_listing(vgg16)) == VGG16


@pytest.mark.parametrize(
    ("row", "line"),
    [
        (
            weighted("up", "ConvTranspose2d", (1, 8, 4, 4), (1, 6, 8, 8), 0, kernel=(3, 3), groups=2, transposed=True),
            "DECONV: 6 3x3 filters, stride 1, groups 2 -> [8x8x6]  memory: 8*8*6=384  params: (3*3*4)*6 = 216",
        ),
        (
            weighted("conv", "Conv2d", (1, 8, 4, 4), (1, 6, 4, 4), 0, kernel=(3, 1)),
            "CONV3x1-6: [4x4x6]  memory: 4*4*6=96  params: (3*1*8)*6 = 144",
        ),
        (
            layer("pool", "AdaptiveAvgPool2d", (1, 8, 1, 1), 0, role="pooling", operators=("aten.mean",)),
            "GLOBAL AVGPOOL: [1x1x8]  memory: 8  params: 0",
        ),
        (
            layer("norm", "LocalResponseNorm", (1, 8, 4, 4), 0, role="normalisation", activation_elements=700),
            "NORM: [4x4x8]  memory: 4*4*8=128 (and 572 for a moment)  params: 0",
        ),
        (
            layer("odd", "Bilinear", (1, 8), 0, inputs=((1, 3), (1, 4)), weights=96),
            "BILINEAR: [1x1x8]  memory: 8  params: 96",
        ),
        (
            layer("unused", "Linear", (), call=None, outputs=(), weights=12, kept=False),
            "NOT CALLED unused: memory: 0  params: 12",
        ),
        (
            weighted("tokens", "Linear", (1, 5, 8), (1, 5, 3), 0),
            "FC: [5x3]  memory: 5*3=15  params: 8*3 = 24",
        ),
    ],
    ids=lambda value: value.name if not isinstance(value, str) else "",
)
def test_rows_of_other_kinds(row, line):
    assert one(row) == line


class Foo(nn.Conv2d):
    """A convolution with a meaningless name."""


class PoolNormReLU(nn.ConvTranspose2d):
    """A transposed convolution with a misleading name."""


class ConvByHand(nn.Module):
    """A normalisation with its own scale, and a misleading name."""

    def __init__(self):
        super().__init__()
        self.gain = nn.Parameter(torch.ones(1, 6, 1, 1))

    def forward(self, x):
        return x / x.pow(2).mean((2, 3), keepdim=True).sqrt() * self.gain


class Shifted(nn.Conv2d):
    """A convolution with a normalised weight, which adds its bias itself."""

    def forward(self, x):
        return functional.conv2d(x, functional.normalize(self.weight)) + self.bias[:, None, None]


class NormedLinear(nn.Linear):
    """A linear layer with a normalised weight."""

    def forward(self, x):
        return functional.linear(x, functional.normalize(self.weight))


class Avg(nn.ReLU):
    """An activation function."""


@pytest.mark.parametrize(
    ("network", "line"),
    [
        (
            Foo(6, 4, 3),
            "CONV: 4 3x3 filters, stride 1, pad 0 -> [6x6x4]  (8 - 3)/1 + 1 = 6  "
            "memory: 6*6*4=144  params: (3*3*6)*4 = 216",
        ),
        (
            PoolNormReLU(6, 4, 3),
            "DECONV: 4 3x3 filters, stride 1, pad 0 -> [10x10x4]  memory: 10*10*4=400  params: (3*3*6)*4 = 216",
        ),
        (ConvByHand(), "NORM: [8x8x6]  memory: 8*8*6=384 (and 780 for a moment)  params: 0"),
        (
            Shifted(6, 4, 3),
            "CONV: 4 3x3 filters, stride 1, pad 0 -> [6x6x4]  (8 - 3)/1 + 1 = 6  memory: 576  params: (3*3*6)*4 = 216",
        ),
        (NormedLinear(8, 5, bias=False), "FC: [6x8x5]  memory: 290  params: 8*5 = 40"),
        (Avg(), "RELU: [8x8x6]  memory: 8*8*6=384  params: 0"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_row_is_named_by_its_operators_whatever_its_class_is_called(network, line):
    """Memory counts every result of a row: 384 + 6 + 6 + 384 + 384; 36 + 36 + 216 + 144 + 144; 5 + 5 + 40 + 240."""
    report = archcost.profile(nn.Sequential(network), torch.ones(1, 6, 8, 8))
    assert write_listing(report)[1] == line


NAIVE = """\
INPUT: [28x28x256]  memory: 28*28*256=200K  params: 0
CONV: 128 1x1 filters, stride 1, pad 0 -> [28x28x128]  memory: 28*28*128=100K  params: (1*1*256)*128 = 32,768  ops: 28x28x128x1x1x256 = 25,690,112
CONV: 192 3x3 filters, stride 1, pad 1 -> [28x28x192]  memory: 28*28*192=150K  params: (3*3*256)*192 = 442,368  ops: 28x28x192x3x3x256 = 346,816,512
CONV: 96 5x5 filters, stride 1, pad 2 -> [28x28x96]  memory: 28*28*96=75K  params: (5*5*256)*96 = 614,400  ops: 28x28x96x5x5x256 = 481,689,600
POOL: 3x3, stride 1, pad 1 -> [28x28x256]  memory: 28*28*256=200K  params: 0
CONCAT: [28x28x672]  memory: 28*28*672=530K  params: 0

TOTAL memory: 1.25M values = 5.0 MB / image (only forward; about twice that for backward)
              1,254,400 * 4 bytes = 5,017,600 bytes = 5.018 MB
TOTAL params: 1.09M (not counting biases)
              1,089,536; with biases 1,089,952
TOTAL ops: 854M (854,196,224 multiply-adds)"""  # noqa: E501 - lines of a page


def test_the_naive_inception_module_has_the_products_of_the_slide():
    assert "\n".join(write_listing(archcost.profile("inception_naive"), flops=True)) == NAIVE


def test_the_reduced_inception_module_sums_to_its_rows():
    """The lecture prints 358M, which counts the 3x3 of these rows once more."""
    lines = write_listing(archcost.profile("inception_reduced"), flops=True)
    rows = [int(line.rpartition(" ")[2].replace(",", "")) for line in lines if "  ops: " in line]

    assert sum(rows) == 271_351_808
    assert sum(rows) + 86_704_128 == 358_055_936
    assert "TOTAL ops: 271M (271,351,808 multiply-adds)" in lines


def test_alexnet_is_the_slide_of_the_lecture():
    """It shows stride, padding and the formula of the size, and a normalisation's volume without its temporaries.

    These take six times its volume, one of them with two channels of zeros at either end.
    """
    lines = write_listing(archcost.profile("alexnet_lecture"))
    assert lines[1].startswith("CONV1: 96 11x11 filters, stride 4, pad 0 -> [55x55x96]  (227 - 11)/4 + 1 = 55  memory:")
    assert lines[2].startswith("POOL1: 3x3, stride 2, pad 0 -> [27x27x96]  (55 - 3)/2 + 1 = 27  ")
    assert lines[3] == "NORM1: [27x27x96]  memory: 27*27*96=70K (and 420K for a moment)  params: 0"
    passing = 6 * (27 * 27 * 96 + 13 * 13 * 256) + 4 * (27 * 27 + 13 * 13)
    assert f"              {passing:,} of the values are those of normalisations, for a moment" in lines


def test_products_are_left_out_where_they_are_not_the_cost(branched):
    """A product of attention has no kernel and no weights, so only its multiply-adds are printed."""
    attention = layer(
        "bmm", "bmm", (1, 4, 4), 0, macs=77, inputs=((1, 4, 8), (1, 8, 4)), operators=("aten.bmm",),
        activation_elements=16,
    )  # fmt: skip
    lines = write_listing(replace(branched, layers=(*branched.layers, attention)), flops=True)

    assert any("BMM: " in line and line.endswith("  ops: 77") for line in lines)


@pytest.mark.parametrize(
    ("axis", "formula"),
    [
        ((227, 11, 4, 0, 1, 55), "(227 - 11)/4 + 1 = 55"),
        ((224, 7, 2, 3, 1, 112), "(224 + 2*3 - 7)/2 + 1 = 112.5, down to 112"),
        ((32, 3, 1, 0, 2, 28), "(32 - 5)/1 + 1 = 28"),  # a 3x3 with dilation 2 spans 5
        ((32, 3, 1, 0, 1, 32), ""),  # pads by itself
    ],
)
def test_the_size_of_an_output_follows_from_its_window(axis, formula):
    assert spell_axis(*axis) == formula


def test_a_pool_may_round_up_and_a_convolution_never():
    assert spell_axis(112, 3, 2, 0, 1, 56, rounds_up=True) == "(112 - 3)/2 + 1 = 55.5, up to 56"
    assert spell_axis(112, 3, 2, 0, 1, 56) == ""


class Block(nn.Module):
    """Two convolutions, with the input added."""

    def __init__(self, width):
        super().__init__()
        self.one, self.two = nn.Conv2d(width, width, 3, padding=1), nn.Conv2d(width, width, 1)

    def forward(self, x):
        return x + self.two(self.one(x))


def test_equal_blocks_in_a_row_are_one_with_their_number():
    net = nn.Sequential(nn.Conv2d(3, 4, 3, 2), Block(4), Block(4), Block(4), nn.Conv2d(4, 6, 1), Block(6))
    lines = write_listing(archcost.profile(net, torch.ones(1, 3, 9, 9)))
    assert [line.partition(":")[0] for line in lines[:12]] == [
        "INPUT", "CONV", "1 to 3 (x 3)", "  CONV", "  CONV", "  ADD", "CONV", "5", "  CONV", "  CONV", "  ADD", "",
    ]  # fmt: skip
    assert lines[3] == ("  CONV: 4 3x3 filters, stride 1, pad 1 -> [4x4x4]  memory: 4*4*4=64  params: (3*3*4)*4 = 144")


def test_operations_belong_to_the_view():
    with pytest.raises(ArgumentError, match="--with flops belongs to --view lecture"):
        View(flops=True)


def test_a_batch_is_refused(chain):
    network = replace(chain.network, inputs=(InputInfo(shape=(8, 4, 8, 8), dtype="float32"),))
    with pytest.raises(ArgumentError, match="not for a batch of 8"):
        write_listing(replace(chain, network=network))


def test_values_of_several_sizes_have_no_single_width(chain):
    mixed = replace(chain, totals=replace(chain.totals, activation_bytes=chain.totals.activation_bytes + 1))
    assert "              1,584 values = 6,337 bytes = 6.337 kB" in write_listing(mixed)


def test_rows_that_repeat_are_written_once_with_their_number():
    lines = write_listing(archcost.profile("lenet5"))

    assert lines[9:12] == (
        "  6 times",
        "    CONCAT: [14x14x3]  memory: 14*14*3=588  params: 0",
        "    CONV: 1 5x5 filter, stride 1, pad 0 -> [10x10x1]  (14 - 5)/1 + 1 = 10  memory: 10*10*1=100  "
        "params: (5*5*3)*1 = 75",
    )
    assert "  9 times" in lines
    assert "TOTAL params: 59.7K (not counting biases)" in lines


def test_temporary_values_of_the_outputs_shape_are_a_product():
    squash = [line for line in write_listing(archcost.profile("lenet5")) if "SQUASH" in line]

    assert squash[0] == "SQUASH: [28x28x6]  memory: 3*28*28*6=14K  params: 0"
    assert squash[-1] == "SQUASH: [1x1x84]  memory: 3*84=252  params: 0"


def test_a_module_within_modules_of_nothing_else_has_one_heading():
    lines = write_listing(archcost.profile("mobilenet_v2"))

    assert "bottlenecks1.0.residual" in lines
    assert "bottlenecks1" not in lines


def test_weights_of_an_earlier_call_are_shared():
    class Twice(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = nn.Conv2d(3, 3, 3, padding=1)

        def forward(self, x):
            return torch.cat([self.conv(self.conv(x)), torch.cat([x, x], 1)], 1)

    lines = write_listing(archcost.profile(Twice(), torch.zeros(1, 3, 8, 8)))

    assert [line.rpartition("params: ")[2] for line in lines[1:5]] == ["(3*3*3)*3 = 81", "0 (shared)", "0", "0"]
