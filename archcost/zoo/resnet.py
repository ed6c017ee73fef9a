"""ResNet. He, Zhang, Ren and Sun, CVPR 2016, arXiv:1512.03385. Table 1, section 3.3 and, for CIFAR-10, section 4.2."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

from torch import nn
from torch.nn import functional

from archcost.zoo._blocks import ConvBNReLU, choose, global_average_pool

if TYPE_CHECKING:
    from collections.abc import Sequence

    import torch

# Table 1: depth, block (figure 5), blocks in conv2_x, conv3_x, conv4_x, conv5_x
TABLE_1 = {
    18: ("basic", (2, 2, 2, 2)),
    34: ("basic", (3, 4, 6, 3)),
    50: ("bottleneck", (3, 4, 6, 3)),
    101: ("bottleneck", (3, 4, 23, 3)),
    152: ("bottleneck", (3, 8, 36, 3)),
    200: ("bottleneck", (3, 24, 36, 3)),  # paper: not in this one; the baseline of arXiv:1603.05027
}

# paper: silent; the authors' Caffe files have the stride of a bottleneck in the first 1x1, "v1.5" in the 3x3.
STRIDE_IN = {"1x1": (2, 1), "3x3": (1, 2)}


class PaddedIdentity(nn.Module):
    """Every stride-th value of every map, then maps of zeros."""

    def __init__(self, in_channels: int, out_channels: int, stride: int) -> None:
        super().__init__()
        self.stride = stride
        self.zero_maps = out_channels - in_channels

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return functional.pad(x[:, :, :: self.stride, :: self.stride], (0, 0, 0, 0, 0, self.zero_maps))


class Projection(ConvBNReLU):
    """Equation 2: a 1x1 convolution, and batch normalisation as after every convolution."""

    def __init__(self, in_channels: int, out_channels: int, stride: int) -> None:
        super().__init__(in_channels, out_channels, 1, stride, activation=None)


# Section 4.1, options A to C: the shortcut where the shape stays, and where it changes. None is a plain net.
SHORTCUTS: dict[str | None, tuple[type[nn.Module] | None, type[nn.Module] | None]] = {
    "A": (nn.Identity, PaddedIdentity),
    "B": (nn.Identity, Projection),
    "C": (Projection, Projection),
    None: (None, None),
}


class BuildingBlock(nn.Module):
    """Figure 2: layers (kernel, width, stride) and a shortcut around them, added before the last ReLU."""

    def __init__(self, in_channels: int, layers: Sequence[tuple[int, int, int]], option: str | None) -> None:
        super().__init__()
        self.residual = nn.Sequential()
        channels, total_stride = in_channels, 1
        for index, (kernel, width, stride) in enumerate(layers, start=1):
            activation = nn.ReLU if index < len(layers) else None
            self.residual.append(ConvBNReLU(channels, width, kernel, stride, activation=activation))
            channels, total_stride = width, total_stride * stride
        same, changed = choose(SHORTCUTS, option, "shortcut")
        shortcut = same if (channels, total_stride) == (in_channels, 1) else changed
        self.shortcut = shortcut and shortcut(in_channels, channels, total_stride)
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        residual = self.residual(x)
        return self.relu(residual if self.shortcut is None else residual + self.shortcut(x))


class ResNet(nn.Sequential):
    """The rows of table 1 in their order, or those of section 4.2."""


def _basic(width: int, *, shrink: bool) -> tuple[tuple[int, int, int], ...]:
    """Return figure 5, left."""
    return (3, width, 2 if shrink else 1), (3, width, 1)


def _bottleneck(width: int, strides: tuple[int, int], *, shrink: bool) -> tuple[tuple[int, int, int], ...]:
    """Return figure 5, right."""
    first, second = strides if shrink else (1, 1)
    return (1, width, first), (3, width, second), (1, 4 * width, 1)


def resnet(
    depth: int = 50,
    *,
    shortcut: str | None = "B",
    stride_in: str = "1x1",
    num_classes: int = 1000,
    in_channels: int = 3,
) -> ResNet:
    """Build a column of table 1 with shortcuts of option A, B or C, or with none: the plain net.

    `stride_in` names the layer of a bottleneck that has the stride: the first 1x1, or the 3x3 ("v1.5").
    """
    kind, blocks = choose(TABLE_1, depth, "depth")
    strides = choose(STRIDE_IN, stride_in, "place for the stride")
    layers: OrderedDict[str, nn.Module] = OrderedDict()
    layers["conv1"] = ConvBNReLU(in_channels, 64, 7, 2)
    # paper: silent; the authors' Caffe files pad nothing here and round up, to the same sizes.
    layers["pool1"] = nn.MaxPool2d(3, 2, padding=1)
    channels = 64
    for stage, count in enumerate(blocks, start=2):
        width = 64 * 2 ** (stage - 2)
        rows = nn.Sequential()
        for index in range(count):
            shrink = index == 0 and stage > 2
            row = _basic(width, shrink=shrink) if kind == "basic" else _bottleneck(width, strides, shrink=shrink)
            rows.append(BuildingBlock(channels, row, shortcut))
            channels = row[-1][1]
        layers[f"conv{stage}_x"] = rows
    layers["average_pool"] = global_average_pool()
    layers["fc"] = nn.Linear(channels, num_classes)
    return ResNet(layers)


def cifar_resnet(depth: int = 20, *, shortcut: str | None = "A", num_classes: int = 10, in_channels: int = 3) -> ResNet:
    """Build the network of 6n+2 layers, with shortcuts as in `resnet`; the paper's n are 3, 5, 7, 9, 18 and 200."""
    n, rest = divmod(depth - 2, 6) if isinstance(depth, int) else (0, 0)
    if n < 1 or rest:
        raise ValueError(f"depth must be 6n+2 with n of at least 1 (20, 32, 44, 56, 110, 1202, ...), not {depth!r}")
    layers: OrderedDict[str, nn.Module] = OrderedDict()
    layers["conv1"] = ConvBNReLU(in_channels, 16, 3)
    channels = 16
    for stage, width in enumerate((16, 32, 64), start=1):
        rows = nn.Sequential()
        for index in range(n):
            rows.append(BuildingBlock(channels, _basic(width, shrink=index == 0 and stage > 1), shortcut))
            channels = width
        layers[f"stage{stage}"] = rows
    layers["average_pool"] = global_average_pool()
    layers["fc"] = nn.Linear(channels, num_classes)
    return ResNet(layers)
