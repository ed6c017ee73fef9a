"""Wide ResNet. Zagoruyko and Komodakis, BMVC 2016, arXiv:1605.07146. Table 1, and WRN-50-2-bottleneck of table 8."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

from torch import nn

from archcost.zoo._blocks import ConvBNReLU, check_probability, check_whole, choose, global_average_pool

if TYPE_CHECKING:
    import torch

# Table 1: group name, output size, width as a multiple of k, stride. paper: the strides are those of the sizes.
TABLE_1 = (
    ("conv2", 32, 16, 1),
    ("conv3", 16, 32, 2),
    ("conv4", 8, 64, 2),
)

# ImageNet: depth, bottlenecks in the four stages, as in ResNet. paper: has 50 alone; 101 is torchvision's.
IMAGENET = {
    50: (3, 4, 6, 3),
    101: (3, 4, 23, 3),
}


class BNReLU(nn.Sequential):
    """The pre-activation."""

    def __init__(self, channels: int) -> None:
        super().__init__(OrderedDict[str, nn.Module](bn=nn.BatchNorm2d(channels), relu=nn.ReLU(inplace=True)))


class Basic(nn.Module):
    """B(3,3), pre-activated, figure 1(c) and (d); both paths share the first activation where the shape changes."""

    def __init__(self, in_channels: int, width: int, stride: int, dropout: float) -> None:
        super().__init__()
        self.activation1 = BNReLU(in_channels)
        self.conv1 = nn.Conv2d(in_channels, width, 3, stride, 1, bias=False)
        self.activation2 = BNReLU(width)
        self.dropout = nn.Dropout(dropout) if dropout else None
        self.conv2 = nn.Conv2d(width, width, 3, 1, 1, bias=False)
        changed = (in_channels, 1) != (width, stride)
        self.project = nn.Conv2d(in_channels, width, 1, stride, bias=False) if changed else None

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        activated = self.activation1(x)
        shortcut = x if self.project is None else self.project(activated)
        residual = self.activation2(self.conv1(activated))
        if self.dropout is not None:
            residual = self.dropout(residual)
        return self.conv2(residual) + shortcut


class Bottleneck(nn.Module):
    """ResNet's bottleneck with its middle widened; the stride is in the 3x3."""

    def __init__(self, in_channels: int, middle: int, out_channels: int, stride: int) -> None:
        super().__init__()
        self.residual = nn.Sequential(
            ConvBNReLU(in_channels, middle, 1),
            ConvBNReLU(middle, middle, 3, stride),
            ConvBNReLU(middle, out_channels, 1, activation=None),
        )
        changed = (in_channels, 1) != (out_channels, stride)
        self.shortcut = ConvBNReLU(in_channels, out_channels, 1, stride, activation=None) if changed else nn.Identity()
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.relu(self.residual(x) + self.shortcut(x))


class WideResNet(nn.Sequential):
    """The rows of table 1 in their order, or those of ResNet."""


def wide_resnet(
    depth: int = 28, width: int = 10, *, dropout: float = 0.0, num_classes: int = 10, in_channels: int = 3
) -> WideResNet:
    """Build WRN-depth-width; its 6n+4 layers are conv1, 6n in the three groups and three projections, without fc."""
    n, rest = divmod(depth - 4, 6) if isinstance(depth, int) else (0, 0)
    if n < 1 or rest:
        raise ValueError(f"depth must be 6n+4 with n of at least 1 (16, 22, 28, 40, ...), not {depth!r}")
    check_whole("width", width)
    check_probability("dropout", dropout)
    layers: OrderedDict[str, nn.Module] = OrderedDict()
    layers["conv1"] = nn.Conv2d(in_channels, 16, 3, padding=1, bias=False)
    channels = 16
    for name, _, base, stride in TABLE_1:
        blocks = nn.Sequential()
        for index in range(n):
            blocks.append(Basic(channels, base * width, 1 if index else stride, dropout))
            channels = base * width
        layers[name] = blocks
    layers["activation"] = BNReLU(channels)
    layers["average_pool"] = global_average_pool()
    layers["fc"] = nn.Linear(channels, num_classes)
    return WideResNet(layers)


def wide_resnet_bottleneck(
    depth: int = 50, width: int = 2, *, num_classes: int = 1000, in_channels: int = 3
) -> WideResNet:
    """Build WRN-depth-width-bottleneck: ResNet with the middle of every bottleneck `width` times as wide."""
    blocks = choose(IMAGENET, depth, "depth")
    check_whole("width", width)
    layers: OrderedDict[str, nn.Module] = OrderedDict()
    layers["conv1"] = ConvBNReLU(in_channels, 64, 7, 2)
    layers["pool1"] = nn.MaxPool2d(3, 2, padding=1)
    channels = 64
    for stage, count in enumerate(blocks, start=2):
        base = 64 * 2 ** (stage - 2)
        rows = nn.Sequential()
        for index in range(count):
            rows.append(Bottleneck(channels, base * width, 4 * base, 2 if index == 0 and stage > 2 else 1))
            channels = 4 * base
        layers[f"conv{stage}_x"] = rows
    layers["average_pool"] = global_average_pool()
    layers["fc"] = nn.Linear(channels, num_classes)
    return WideResNet(layers)
