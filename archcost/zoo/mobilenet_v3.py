"""MobileNetV3. Howard et al., "Searching for MobileNetV3", ICCV 2019, arXiv:1905.02244. Tables 1 and 2, section 5."""

from collections import OrderedDict
from functools import partial
from typing import NamedTuple

import torch
from torch import nn

from archcost.zoo._blocks import ConvBNReLU, choose, global_average_pool, make_divisible

# paper: silent; the authors' code has this epsilon.
conv = partial(ConvBNReLU, eps=1e-3)

NL: dict[str, type[nn.Module]] = {"RE": nn.ReLU, "HS": nn.Hardswish}


class Row(NamedTuple):
    """A row "bneck" of table 1 or 2, in their columns' order."""

    kernel: int
    exp_size: int
    out: int
    se: str
    nl: str
    s: int


class Table(NamedTuple):
    """Those rows, then #out of the 1x1 convolution after them and of the one on the averages."""

    rows: tuple[Row, ...]
    conv: int
    hidden: int


TABLES = {
    "large": Table(
        (
            Row(3, 16, 16, "-", "RE", 1),
            Row(3, 64, 24, "-", "RE", 2),
            Row(3, 72, 24, "-", "RE", 1),
            Row(5, 72, 40, "SE", "RE", 2),
            Row(5, 120, 40, "SE", "RE", 1),
            Row(5, 120, 40, "SE", "RE", 1),
            Row(3, 240, 80, "-", "HS", 2),
            Row(3, 200, 80, "-", "HS", 1),
            Row(3, 184, 80, "-", "HS", 1),
            Row(3, 184, 80, "-", "HS", 1),
            Row(3, 480, 112, "SE", "HS", 1),
            Row(3, 672, 112, "SE", "HS", 1),
            Row(5, 672, 160, "SE", "HS", 2),
            Row(5, 960, 160, "SE", "HS", 1),
            Row(5, 960, 160, "SE", "HS", 1),
        ),
        960,
        1280,
    ),
    "small": Table(
        (
            Row(3, 16, 16, "SE", "RE", 2),
            Row(3, 72, 24, "-", "RE", 2),
            Row(3, 88, 24, "-", "RE", 1),
            Row(5, 96, 40, "SE", "HS", 2),
            Row(5, 240, 40, "SE", "HS", 1),
            Row(5, 240, 40, "SE", "HS", 1),
            Row(5, 120, 48, "SE", "HS", 1),
            Row(5, 144, 48, "SE", "HS", 1),
            Row(5, 288, 96, "SE", "HS", 2),
            Row(5, 576, 96, "SE", "HS", 1),
            Row(5, 576, 96, "SE", "HS", 1),
        ),
        576,  # paper: marks SE in this row too; the authors' code, torchvision and timm have none.
        1024,  # paper: 1280 in its first version.
    ),
}


class SqueezeExcite(nn.Module):
    """A hard-sigmoid factor for each map, found from all maps' averages through a quarter as many values."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        squeezed = make_divisible(channels / 4)  # paper: a quarter; the authors' code rounds it.
        self.squeeze = nn.AdaptiveAvgPool2d(1)
        self.excite = nn.Sequential(
            nn.Conv2d(channels, squeezed, 1),
            nn.ReLU(inplace=True),
            nn.Conv2d(squeezed, channels, 1),
            nn.Hardsigmoid(inplace=True),
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x * self.excite(self.squeeze(x))


class Bneck(nn.Module):
    """Figure 4: 1x1 to the expansion size, depthwise, squeeze and excitation, linear 1x1; a shortcut if it fits."""

    def __init__(self, in_channels: int, row: Row) -> None:
        super().__init__()
        expanded, nl = row.exp_size, NL[row.nl]
        layers: OrderedDict[str, nn.Module] = OrderedDict()
        if expanded != in_channels:
            layers["expand"] = conv(in_channels, expanded, 1, activation=nl)
        layers["depthwise"] = conv(expanded, expanded, row.kernel, row.s, groups=expanded, activation=nl)
        if row.se == "SE":
            layers["se"] = SqueezeExcite(expanded)
        layers["project"] = conv(expanded, row.out, 1, activation=None)
        self.residual = nn.Sequential(layers)
        self.shortcut = (in_channels, 1) == (row.out, row.s)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.residual(x) + x if self.shortcut else self.residual(x)


class MobileNetV3(nn.Sequential):
    """The rows of a table in their order."""


def mobilenet_v3(size: str = "large", *, num_classes: int = 1000, in_channels: int = 3) -> MobileNetV3:
    """Build the large or the small network."""
    table = choose(TABLES, size, "size")
    channels = 16
    layers: OrderedDict[str, nn.Module] = OrderedDict()
    # paper: TensorFlow pads maps of even size on one side only; symmetric padding, as here, gives the same sizes.
    layers["conv1"] = conv(in_channels, channels, 3, stride=2, activation=nn.Hardswish)
    for index, row in enumerate(table.rows, start=1):
        layers[f"bneck{index}"] = Bneck(channels, row)
        channels = row.out
    layers["conv2"] = conv(channels, table.conv, 1, activation=nn.Hardswish)
    layers["average_pool"] = global_average_pool()
    # A linear layer for the table's 1x1 convolution "NBN" on a 1x1 map.
    layers["hidden"] = nn.Linear(table.conv, table.hidden)
    layers["hswish"] = nn.Hardswish(inplace=True)
    layers["dropout"] = nn.Dropout(0.2)  # paper: "dropout of 0.8", which is what it keeps
    layers["fc"] = nn.Linear(table.hidden, num_classes)
    return MobileNetV3(layers)
