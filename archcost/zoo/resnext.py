"""ResNeXt. Xie, Girshick, Dollar, Tu and He, CVPR 2017, arXiv:1611.05431. Tables 1 and 2, section 5.3, figure 3."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

import torch
from torch import nn

from archcost.zoo._blocks import ConvBNReLU, check_whole, choose, global_average_pool

if TYPE_CHECKING:
    from collections.abc import Iterable

# Table 1 and section 5.1: depth, blocks in conv2 to conv5
TABLE_1 = {
    50: (3, 4, 6, 3),
    101: (3, 4, 23, 3),
}


class Bottleneck(nn.Module):
    """Figure 3(c) with batch normalisation; the stride is in the grouped 3x3, the shortcuts are of option B."""

    def __init__(self, in_channels: int, middle: int, out_channels: int, stride: int, cardinality: int) -> None:
        super().__init__()
        self.residual = nn.Sequential(
            ConvBNReLU(in_channels, middle, 1),
            ConvBNReLU(middle, middle, 3, stride, groups=cardinality),
            ConvBNReLU(middle, out_channels, 1, activation=None),
        )
        changed = (in_channels, 1) != (out_channels, stride)
        self.shortcut = ConvBNReLU(in_channels, out_channels, 1, stride, activation=None) if changed else nn.Identity()
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.relu(self.residual(x) + self.shortcut(x))


class ResNeXt(nn.Sequential):
    """The rows of table 1 in their order."""


def _network(
    stem: OrderedDict[str, nn.Module], blocks: Iterable[int], cardinality: int, width: int, num_classes: int
) -> ResNeXt:
    """Add the stages, from 256 maps and `cardinality` paths of `width` upwards, twice as many in each, and the end."""
    check_whole("cardinality", cardinality)
    check_whole("width", width)
    layers, channels = stem, 64
    for stage, count in enumerate(blocks):
        rows = nn.Sequential()
        for index in range(count):
            stride = 2 if index == 0 and stage else 1
            rows.append(Bottleneck(channels, cardinality * width * 2**stage, 256 * 2**stage, stride, cardinality))
            channels = 256 * 2**stage
        layers[f"conv{stage + 2}"] = rows
    layers["average_pool"] = global_average_pool()
    layers["fc"] = nn.Linear(channels, num_classes)
    return ResNeXt(layers)


def resnext(
    depth: int = 50, *, cardinality: int = 32, width: int = 4, num_classes: int = 1000, in_channels: int = 3
) -> ResNeXt:
    """Build ResNeXt-depth (cardinality x width d)."""
    blocks = choose(TABLE_1, depth, "depth")
    stem: OrderedDict[str, nn.Module] = OrderedDict()
    stem["conv1"] = ConvBNReLU(in_channels, 64, 7, 2)
    stem["pool1"] = nn.MaxPool2d(3, 2, padding=1)
    return _network(stem, blocks, cardinality, width, num_classes)


def cifar_resnext(
    depth: int = 29, *, cardinality: int = 8, width: int = 64, num_classes: int = 10, in_channels: int = 3
) -> ResNeXt:
    """Build the network of 9n+2 layers of section 5.3; the paper's depth is 29."""
    n, rest = divmod(depth - 2, 9) if isinstance(depth, int) else (0, 0)
    if n < 1 or rest:
        raise ValueError(f"depth must be 9n+2 with n of at least 1 (29, 38, ...), not {depth!r}")
    stem: OrderedDict[str, nn.Module] = OrderedDict(conv1=ConvBNReLU(in_channels, 64, 3))
    return _network(stem, (n, n, n), cardinality, width, num_classes)


class Sum(nn.ModuleList):
    """Run branches on one input and add their maps."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        first, *others = self
        total: torch.Tensor = first(x)
        for branch in others:
            total = total + branch(x)
        return total


class Join(nn.ModuleList):
    """Run branches on one input and concatenate their maps."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.cat([branch(x) for branch in self], dim=1)


class Block(nn.Module):
    """One of the equivalent forms of figure 3: its layers, the shortcut, ReLU; no batch normalisation."""

    def __init__(self, residual: nn.Module) -> None:
        super().__init__()
        self.residual = residual
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.relu(self.residual(x) + x)


def _path(*channels: int, groups: int = 1) -> nn.Sequential:
    """Return a 1x1, a 3x3 and, where there is a fourth number, a 1x1 convolution, ReLU after all but the last 1x1."""
    layers: list[nn.Module] = [
        nn.Conv2d(channels[0], channels[1], 1, bias=False),
        nn.ReLU(inplace=True),
        nn.Conv2d(channels[1], channels[2], 3, padding=1, groups=groups, bias=False),
    ]
    if len(channels) < 4:
        return nn.Sequential(*layers)
    return nn.Sequential(*layers, nn.ReLU(inplace=True), nn.Conv2d(channels[2], channels[3], 1, bias=False))


def resnext_block(form: str = "c", *, cardinality: int = 32, width: int = 4, in_channels: int = 256) -> Block:
    """Build form a (paths added), b (paths concatenated) or c (grouped convolution) of figure 3."""
    check_whole("cardinality", cardinality)
    check_whole("width", width)
    middle = cardinality * width
    if form == "a":
        return Block(Sum(_path(in_channels, width, width, in_channels) for _ in range(cardinality)))
    if form == "b":
        paths = Join(_path(in_channels, width, width) for _ in range(cardinality))
        return Block(nn.Sequential(paths, nn.ReLU(inplace=True), nn.Conv2d(middle, in_channels, 1, bias=False)))
    if form == "c":
        return Block(_path(in_channels, middle, middle, in_channels, groups=cardinality))
    raise ValueError(f"there is no form {form!r}; there are a, b, c")
