"""Receptive fields and jumps, each derived by hand."""

import pytest
import torch
from counting import report
from torch import nn
from torch.nn import functional

import archcost

IMAGE = torch.ones(1, 1, 32, 32)


def conv(kernel, stride=1, padding=0, dilation=1, channels=(1, 1)):
    return nn.Conv2d(*channels, kernel, stride, padding, dilation)


def attend(tokens):
    return functional.scaled_dot_product_attention(tokens, tokens, tokens)


CASES = {
    "three 3x3 see 7": (nn.Sequential(conv(3), conv(3), conv(3)), (7, 7), (1, 1)),
    "two one-sided 2x2 see 3": (
        nn.Sequential(nn.ZeroPad2d((1, 0, 1, 0)), conv(2), nn.ZeroPad2d((0, 1, 0, 1)), conv(2)),
        (3, 3),
        (1, 1),
    ),
    "dilation 2 spreads 3 taps over 5": (conv(3, dilation=2), (5, 5), (1, 1)),
    "after stride 2 every tap is 2 apart": (nn.Sequential(conv(3, 2), conv(3)), (3 + 2 * 2, 3 + 2 * 2), (2, 2)),
    "padding adds nothing": (nn.Sequential(conv(3, 1, 1), conv(3, 1, 1)), (5, 5), (1, 1)),
    "a pool is a window": (nn.Sequential(conv(3), nn.MaxPool2d(2), conv(3)), (3 + 1 + 2 * 2,) * 2, (2, 2)),
    "asymmetric kernels": (nn.Conv2d(1, 1, (1, 7), padding=(0, 3)), (1, 7), (1, 1)),
    # 4 taps at stride 2 reach 2 neighbouring inputs; each output is half an input further
    "transposed": (nn.ConvTranspose2d(1, 1, 4, 2, 1), (2, 2), (0.5, 0.5)),
    "transposed without overlap": (nn.ConvTranspose2d(1, 1, 2, 2), (1, 1), (0.5, 0.5)),
    "down and up again": (nn.Sequential(conv(3, 2, 1), nn.ConvTranspose2d(1, 1, 4, 2, 1)), (3 + 2,) * 2, (1, 1)),
    "nearest then 3x3": (nn.Sequential(nn.Upsample(scale_factor=2), conv(3)), (2, 2), (0.5, 0.5)),
    "bilinear": (nn.Upsample(scale_factor=2, mode="bilinear"), (2, 2), (0.5, 0.5)),
    "global pooling sees all": (
        nn.Sequential(conv(3), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(1, 2)),
        ("all", "all"),
        (None, None),
    ),
    "a linear layer over an axis": (nn.Linear(32, 8), (1, "all"), (1, None)),
    # the convolution mixes the four channels of a former 2x2 block: three blocks of two pixels
    "pixels to channels": (nn.Sequential(nn.PixelUnshuffle(2), conv(3, channels=(4, 1))), (3 * 2,) * 2, (2, 2)),
    "channels to pixels": (nn.Sequential(conv(3, channels=(1, 4)), nn.PixelShuffle(2)), (3, 3), (0.5, 0.5)),
    "normalisation follows the values": (
        nn.Sequential(conv(3), nn.BatchNorm2d(1), nn.InstanceNorm2d(1)),
        (3, 3),
        (1, 1),
    ),
}
FUNCTIONS = {
    "branches: the largest": (lambda x, a, b: a(x) + b(x), (conv(3, 1, 1), conv(1)), (3, 3)),
    "branches: concatenated": (lambda x, a, b: torch.cat([a(x), b(x)], 1), (conv(3, 1, 1), conv(5, 1, 2)), (5, 5)),
    "branches shifted apart see their union": (
        lambda x, a, b: a(functional.pad(x, (1, 0, 1, 0))) + b(functional.pad(x, (0, 1, 0, 1))),
        (conv(2), conv(2)),
        (3, 3),
    ),
    "a shortcut by strided slicing": (lambda x, a: a(x) + x[:, :, ::2, ::2], (conv(3, 2, 1),), (3, 3)),
    "shifted slices": (lambda x: x[:, :, 1:, 1:] + x[:, :, :-1, :-1], (), (2, 2)),
    "squeeze and excitation": (
        lambda x, a, b: a(x) * b(x.mean((2, 3), keepdim=True)).sigmoid(),
        (conv(3, 1, 1), conv(1)),
        ("all", "all"),
    ),
    "patches as tokens": (lambda x, a: a(x).flatten(2).transpose(1, 2), (conv(4, 4),), (4, 4)),
    "attention between tokens": (
        lambda x, a: attend(a(x).flatten(2).transpose(1, 2)),
        (conv(4, 4, channels=(1, 3)),),
        ("all", "all"),
    ),
    "channels last and back": (lambda x, a: a(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2), (nn.Linear(1, 3),), (1, 1)),
    "softmax over channels": (lambda x, a: a(x).softmax(1), (conv(3, channels=(1, 3)),), (3, 3)),
    "a transform sees all": (lambda x: torch.fft.irfft2(torch.fft.rfft2(x)), (), ("all", "all")),
    "what is not known is not guessed": (lambda x: x.roll(1, 2), (), (None, None)),
}


class Function(nn.Module):
    def __init__(self, function, modules):
        super().__init__()
        self.function, self.parts = function, nn.ModuleList(modules)

    def forward(self, x):
        return self.function(x, *self.parts)


@pytest.mark.parametrize("device", ["meta", "cpu"])
@pytest.mark.parametrize("name", CASES)
def test_serial(name, device):
    network, expected, jump = CASES[name]
    found = report(network, IMAGE, device=device)
    assert found.totals.receptive_field == expected
    assert found.layers[-1].jump == jump


@pytest.mark.parametrize("device", ["meta", "cpu"])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_graphs(name, device):
    function, modules, expected = FUNCTIONS[name]
    assert report(Function(function, modules), IMAGE, device=device).totals.receptive_field == expected


@pytest.mark.parametrize(("network", "shape", "expected"), [
    (nn.Conv1d(1, 1, 5), (1, 1, 32), (5,)),
    (nn.Conv3d(1, 1, (3, 5, 1)), (1, 1, 8, 8, 8), (3, 5, 1)),
    (nn.Conv2d(1, 2, 3, dtype=torch.complex64), (1, 1, 8, 8), (3, 3)),
    (nn.Linear(4, 3), (2, 4), None),
])  # fmt: skip
def test_axes_are_those_of_the_input(network, shape, expected):
    assert report(network, torch.ones(shape, dtype=network.weight.dtype)).totals.receptive_field == expected


def test_a_second_input_without_axes_changes_nothing():
    assert report(Pair(), IMAGE, torch.ones(1, 1)).totals.receptive_field == (3, 3)


class Pair(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = conv(3)

    def forward(self, x, y):
        return self.conv(x) + y[:, :, None, None]


def test_a_mask_that_only_asks_for_a_shape_hides_nothing():
    """Dropout in training multiplies by a mask, which is created in the shape of its input."""
    net = nn.Sequential(conv(3), nn.Dropout(), conv(3))

    assert archcost.profile(net, IMAGE, mode="train").totals.receptive_field == (5, 5)


def test_a_kernel_made_from_the_whole_image_sees_it_everywhere():
    class Dynamic(nn.Module):
        def __init__(self):
            super().__init__()
            self.kernel = nn.Linear(1, 9)

        def forward(self, x):
            return functional.conv2d(x, self.kernel(x.mean((2, 3))).view(1, 1, 3, 3))

    assert archcost.profile(Dynamic(), IMAGE).totals.receptive_field == ("all", "all")


def test_branches_that_run_along_different_dimensions_are_unknown():
    """One column is added to every column: no single interval describes the view of a later window."""

    class Column(nn.Module):
        def forward(self, x):
            return x + x[:, :, :1].select(2, 0).unsqueeze(2)

    assert archcost.profile(nn.Sequential(Column(), conv(3)), IMAGE).totals.receptive_field == (None, 3)
