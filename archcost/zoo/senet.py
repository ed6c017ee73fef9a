"""SENet. Hu, Shen and Sun, CVPR 2018, arXiv:1709.01507. Table 1, figure 3 and, for SENet-154, the appendix.

Where the paper is silent, the authors' Caffe files.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

from torch import nn

from archcost.zoo._blocks import ConvBNReLU, check_whole, choose, global_average_pool
from archcost.zoo.bn_inception import FIGURE_5, Inception

if TYPE_CHECKING:
    from collections.abc import Callable

    import torch

# Table 1 and ResNet's: depth, blocks in the four stages
TABLE_1 = {
    50: (3, 4, 6, 3),
    101: (3, 4, 23, 3),
    152: (3, 8, 36, 3),
}

# paper: silent; the authors' SE-ResNets have the stride in the first 1x1, their SE-ResNeXts in the 3x3.
STRIDE_IN = {"1x1": (2, 1), "3x3": (1, 2)}

REDUCTION = 16


class SqueezeExcitation(nn.Module):
    """Figure 3: a factor between 0 and 1 for each map, found from all maps' averages."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.squeeze = nn.AdaptiveAvgPool2d(1)
        self.excite = nn.Sequential(
            nn.Conv2d(channels, channels // REDUCTION, 1),
            nn.ReLU(inplace=True),
            nn.Conv2d(channels // REDUCTION, channels, 1),
            nn.Sigmoid(),
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x * self.excite(self.squeeze(x))


class SEBottleneck(nn.Module):
    """A bottleneck whose branch ends in squeeze and excitation.

    `widths` and `strides` are those of its 1x1, 3x3 and 1x1; `projection` is the kernel of the shortcut's convolution.
    """

    def __init__(
        self,
        in_channels: int,
        widths: tuple[int, int, int],
        strides: tuple[int, int],
        cardinality: int,
        projection: int = 1,
    ) -> None:
        super().__init__()
        first, second, out_channels = widths
        stride = strides[0] * strides[1]
        self.residual = nn.Sequential(
            ConvBNReLU(in_channels, first, 1, strides[0]),
            ConvBNReLU(first, second, 3, strides[1], groups=cardinality),
            ConvBNReLU(second, out_channels, 1, activation=None),
            SqueezeExcitation(out_channels),
        )
        changed = (in_channels, 1) != (out_channels, stride)
        self.shortcut = (
            ConvBNReLU(in_channels, out_channels, projection, stride, activation=None) if changed else nn.Identity()
        )
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.relu(self.residual(x) + self.shortcut(x))


class SENet(nn.Sequential):
    """The rows of table 1 in their order."""


def _network(
    layers: OrderedDict[str, nn.Module],
    channels: int,
    blocks: tuple[int, int, int, int],
    block: Callable[[int, int, bool], SEBottleneck],
    num_classes: int,
    *,
    dropout: float = 0.0,
) -> SENet:
    """Add the stages to a stem, made by `block` from channels, stage and whether the map shrinks, and the end."""
    for stage, count in enumerate(blocks):
        rows = nn.Sequential()
        for index in range(count):
            rows.append(block(channels, stage, index == 0 and stage > 0))
            channels = 256 * 2**stage
        layers[f"conv{stage + 2}_x"] = rows
    layers["average_pool"] = global_average_pool()
    if dropout:
        layers["dropout"] = nn.Dropout(dropout)
    layers["fc"] = nn.Linear(channels, num_classes)
    return SENet(layers)


def senet(
    depth: int = 50,
    *,
    cardinality: int = 1,
    width: int = 64,
    stride_in: str = "1x1",
    num_classes: int = 1000,
    in_channels: int = 3,
) -> SENet:
    """Build SE-ResNet, or SE-ResNeXt with `cardinality` paths of `width`; `stride_in` is a bottleneck's 1x1 or 3x3."""
    blocks = choose(TABLE_1, depth, "depth")
    strides = choose(STRIDE_IN, stride_in, "place for the stride")
    check_whole("cardinality", cardinality)
    check_whole("width", width)

    def block(channels: int, stage: int, shrink: bool) -> SEBottleneck:
        middle = cardinality * width * 2**stage
        return SEBottleneck(channels, (middle, middle, 256 * 2**stage), strides if shrink else (1, 1), cardinality)

    stem: OrderedDict[str, nn.Module] = OrderedDict()
    stem["conv1"] = ConvBNReLU(in_channels, 64, 7, 2)
    stem["pool1"] = nn.MaxPool2d(3, 2, ceil_mode=True)
    return _network(stem, 64, blocks, block, num_classes)


def se_inception(*, in_channels: int = 192) -> nn.Sequential:
    """Build figure 2: squeeze and excitation of all that an Inception module joins, here BN-Inception's 3a."""
    inception = Inception(in_channels, FIGURE_5["3a"], bias=False)
    return nn.Sequential(OrderedDict[str, nn.Module](inception=inception, se=SqueezeExcitation(inception.width)))


def senet154(*, num_classes: int = 1000, in_channels: int = 3) -> SENet:
    """Build the appendix's ResNeXt-152 (64x4d): halved first 1x1s, a stem of three 3x3s, 3x3 projections, dropout."""

    def block(channels: int, stage: int, shrink: bool) -> SEBottleneck:
        widths = (128 * 2**stage, 256 * 2**stage, 256 * 2**stage)
        return SEBottleneck(channels, widths, (1, 2 if shrink else 1), 64, 3 if shrink else 1)

    stem: OrderedDict[str, nn.Module] = OrderedDict()
    stem["conv1_1"] = ConvBNReLU(in_channels, 64, 3, 2)
    stem["conv1_2"] = ConvBNReLU(64, 64, 3)
    stem["conv1_3"] = ConvBNReLU(64, 128, 3)
    stem["pool1"] = nn.MaxPool2d(3, 2, ceil_mode=True)
    return _network(stem, 128, TABLE_1[152], block, num_classes, dropout=0.2)
