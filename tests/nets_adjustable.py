"""Networks that are built from settings under the names that a page uses, such as "conv1.filters".

The lazy layers of torch take the channels that reach them, as the layers of a page do.
"""

from __future__ import annotations

import torch
from torch import nn


class Given(dict):
    """Settings by name; `take` returns one, or what the network starts with."""

    def take(self, key, start):
        return self.get(key, start)

    def window(self, name, kernel, stride=1, padding=None):
        """Return kernel, stride and padding; padding that keeps the size follows the kernel."""
        chosen = self.take(f"{name}.kernel", kernel)
        follows = (chosen - 1) // 2 if padding is None else padding
        return {
            "kernel_size": chosen,
            "stride": self.take(f"{name}.stride", stride),
            "padding": self.take(f"{name}.padding", follows),
        }

    def conv(self, name, filters, kernel, stride=1, padding=None, groups=1, **more):
        filters, groups = self.take(f"{name}.filters", filters), self.take(f"{name}.groups", groups)
        if filters % groups:  # a lazy convolution does not check it
            raise ValueError(f"{groups} groups of {filters} filters")
        return nn.LazyConv2d(filters, groups=groups, **self.window(name, kernel, stride, padding), **more)

    def depthwise(self, name, channels, kernel, stride=1):
        width = channels * self.take(f"{name}.multiplier", 1)
        return nn.Conv2d(channels, width, groups=channels, bias=False, **self.window(name, kernel, stride))

    def max_pool(self, name, kernel, stride, padding=0, **more):
        return nn.MaxPool2d(**self.window(name, kernel, stride, padding), **more)

    def linear(self, name, outputs):
        return nn.LazyLinear(self.take(f"{name}.outputs", outputs))

    def image(self, channels, size):
        return (1, self.take("input.channels", channels), *[self.take("input.size", size)] * 2)


class Inception(nn.Module):
    """The module with dimension reductions."""

    def __init__(self, given):
        super().__init__()
        self.conv1x1 = given.conv("conv1x1", 16, 1)
        self.reduce3x3, self.conv3x3 = given.conv("reduce3x3", 8, 1), given.conv("conv3x3", 24, 3)
        self.reduce5x5, self.conv5x5 = given.conv("reduce5x5", 4, 1), given.conv("conv5x5", 12, 5)
        self.pool, self.project = given.max_pool("pool", 3, 1, None), given.conv("project", 8, 1)

    def forward(self, x):
        three = self.conv3x3(torch.relu_(self.reduce3x3(x)))
        five = self.conv5x5(torch.relu_(self.reduce5x5(x)))
        return torch.cat([self.conv1x1(x), three, five, self.project(self.pool(x))], 1)


class Bottleneck(nn.Module):
    """A residual bottleneck with a grouped convolution, as in ResNeXt."""

    def __init__(self, given):
        super().__init__()
        self.reduce, self.expand = given.conv("reduce", 16, 1, bias=False), given.conv("expand", 32, 1, bias=False)
        self.conv = given.conv("conv", 16, 3, groups=4, bias=False)
        self.norms = nn.ModuleList(nn.LazyBatchNorm2d() for _ in range(3))
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x):
        y = self.relu(self.norms[0](self.reduce(x)))
        y = self.relu(self.norms[1](self.conv(y)))
        return self.relu(x + self.norms[2](self.expand(y)))


def build_separable(given):
    channels = given.take("input.channels", 24)
    layers = {
        "depthwise": given.depthwise("depthwise", channels, 3),
        "norm1": nn.LazyBatchNorm2d(),
        "relu1": nn.ReLU6(inplace=True),
        "pointwise": given.conv("pointwise", 40, 1, bias=False),
        "norm2": nn.LazyBatchNorm2d(),
        "relu2": nn.Hardswish(),
    }
    return _name(layers)


def build_stack(given):
    layers = {}
    for stage, (filters, count) in enumerate([(8, 2), (16, 2)]):
        for n in range(count):
            layers[f"conv{stage}_{n}"] = given.conv(f"conv{stage}_{n}", filters, 3)
            layers[f"relu{stage}_{n}"] = nn.ReLU(inplace=True)
        layers[f"pool{stage}"] = given.max_pool(f"pool{stage}", 2, 2)
    layers |= {"flatten": nn.Flatten(), "fc1": given.linear("fc1", 64), "relu": nn.ReLU(), "drop": nn.Dropout()}
    return _name({**layers, "fc2": given.linear("fc2", 10)})


class Gate(nn.Module):
    """A squeeze and excitation with linear layers."""

    def __init__(self, given):
        super().__init__()
        self.squeeze, self.excite = given.linear("gate.squeeze", 4), given.linear("gate.excite", 6)

    def forward(self, x):
        scale = torch.relu(self.squeeze(x.mean((2, 3))))
        return x * torch.sigmoid(self.excite(scale))[:, :, None, None]


class Crop(nn.Module):
    """Every second row, and all columns but the first and the last."""

    def forward(self, x):
        return x[:, :, ::2, 1:-1]


def build_mixture(given):
    """A serial network with what the others lack: overlapping and rounded-up pools, several normalisations, a gate."""
    width = given.take("conv1.filters", 12)
    layers = {
        "conv1": given.conv("conv1", 12, 7, 2, 0),
        "norm1": nn.LocalResponseNorm(5),
        "pool1": given.max_pool("pool1", 3, 2, ceil_mode=True),
        "norm2": nn.GroupNorm(4, width),
        "prelu": nn.PReLU(width),
        "tall": nn.LazyConv2d(10, (given.take("tall.kernel.0", 7), given.take("tall.kernel.1", 1)),
                              padding=(given.take("tall.padding.0", (given.take("tall.kernel.0", 7) - 1) // 2),
                                       given.take("tall.padding.1", (given.take("tall.kernel.1", 1) - 1) // 2))),
        "wide": given.conv("wide", 14, 3, padding=given.take("wide.kernel", 3) - 1, dilation=2),
        "up": nn.LazyConvTranspose2d(given.take("up.filters", 6), **given.window("up", 4, 2, 1), bias=False),
        "gate": Gate(given),
        "resize": nn.Upsample(scale_factor=2, mode="bilinear"),
        "pad": nn.ZeroPad2d((1, 2, 0, 1)),
        "crop": Crop(),
        "average": nn.AvgPool2d(**given.window("average", 2, 2, 0)),
        "adapt": nn.AdaptiveAvgPool2d(3),
        "flatten": nn.Flatten(),
        "fc": given.linear("fc", 7),
    }  # fmt: skip
    return _name(layers)


def _name(layers):
    network = nn.Sequential()
    for name, layer in layers.items():
        network.add_module(name, layer)
    return network


SIZES = {"input.channels": range(1, 41), "input.size": range(1, 41)}
GROUPS = (1, 1, 1, 2, 3, 4, 8)
ODD = (1, 3, 5, 7)
FOURS = range(4, 33, 4)


def list_windows(*names, kernels=range(1, 8)):
    return {
        f"{name}.{setting}": values
        for name in names
        for setting, values in (("kernel", kernels), ("stride", range(1, 4)), ("padding", range(4)))
    }


def list_widths(*names):
    return {
        f"{name}.{setting}": values
        for name in names
        for setting, values in (("filters", range(1, 33)), ("groups", GROUPS))
    }


def list_kernels(*names):
    return {f"{name}.kernel": ODD for name in names}


BRANCHES = ("conv1x1", "reduce3x3", "conv3x3", "reduce5x5", "conv5x5", "project")
STACK = ("conv0_0", "conv0_1", "conv1_0", "conv1_1")
# the network by name, its input at the start, and the settings that a test changes, with their values
NETWORKS = {
    "inception": (
        Inception, (32, 14),
        SIZES | list_widths(*BRANCHES) | list_kernels(*BRANCHES, "pool") | {"conv3x3.stride": (1, 2)},
    ),
    "bottleneck": (
        Bottleneck, (32, 14),
        SIZES | list_widths("reduce", "conv") | list_kernels("reduce", "conv", "expand")
        | {"input.channels": (32, 16), "conv.stride": (1, 2), "expand.filters": (32, 16), "conv.filters": FOURS,
           "reduce.filters": FOURS},
    ),
    "separable": (
        build_separable, (24, 20),
        SIZES | list_widths("pointwise") | list_windows("depthwise", "pointwise")
        | {"depthwise.multiplier": range(1, 5)},
    ),
    "stack": (
        build_stack, (3, 32),
        SIZES | list_widths(*STACK) | list_windows(*STACK) | list_windows("pool0", "pool1", kernels=range(1, 5))
        | {"fc1.outputs": range(1, 99), "fc2.outputs": range(1, 99)},
    ),
    "mixture": (
        build_mixture, (3, 40),
        SIZES | list_widths("conv1", "wide") | list_windows("conv1", "wide")
        | list_windows("pool1", "average", "up", kernels=range(1, 5))
        | {"tall.kernel.0": range(1, 9), "tall.kernel.1": range(1, 4), "tall.padding.0": range(5), "up.filters": (6, 8),
           "conv1.filters": (6, *FOURS), "gate.squeeze.outputs": range(1, 9), "gate.excite.outputs": (1, 6),
           "fc.outputs": range(1, 99)},
    ),
}  # fmt: skip
