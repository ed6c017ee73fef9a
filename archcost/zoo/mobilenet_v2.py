"""MobileNetV2. Sandler, Howard, Zhu, Zhmoginov and Chen, CVPR 2018, arXiv:1801.04381. Tables 1 and 2."""

from collections import OrderedDict

import torch
from torch import nn

from archcost.zoo._blocks import ConvBNReLU, check_multiplier, global_average_pool, make_divisible

# Table 2: t, c, n, s
TABLE_2 = (
    (1, 16, 1, 1),
    (6, 24, 2, 2),
    (6, 32, 3, 2),
    (6, 64, 4, 2),
    (6, 96, 3, 1),
    (6, 160, 3, 2),
    (6, 320, 1, 1),
)


class Bottleneck(nn.Module):
    """Table 1: 1x1 to t times the channels, 3x3 depthwise, linear 1x1; with a shortcut where the shape stays."""

    def __init__(self, in_channels: int, out_channels: int, stride: int, t: int) -> None:
        super().__init__()
        expanded = t * in_channels
        layers: OrderedDict[str, nn.Module] = OrderedDict()
        if t > 1:
            layers["expand"] = ConvBNReLU(in_channels, expanded, 1, activation=nn.ReLU6)
        layers["depthwise"] = ConvBNReLU(expanded, expanded, 3, stride, groups=expanded, activation=nn.ReLU6)
        layers["project"] = ConvBNReLU(expanded, out_channels, 1, activation=None)
        self.residual = nn.Sequential(layers)
        self.shortcut = (in_channels, 1) == (out_channels, stride)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.residual(x) + x if self.shortcut else self.residual(x)


class MobileNetV2(nn.Sequential):
    """The rows of table 2 in their order."""


def mobilenet_v2(width: float = 1.0, *, num_classes: int = 1000, in_channels: int = 3) -> MobileNetV2:
    """Build table 2 with all widths times `width`; below 1 it leaves the last convolution's 1280 alone."""
    check_multiplier("width", width)
    # paper: silent on fractions; the authors' code (TF-Slim) rounds to multiples of 8.
    channels = make_divisible(32 * width)
    last = make_divisible(1280 * max(width, 1.0))
    layers: OrderedDict[str, nn.Module] = OrderedDict()
    # paper: TensorFlow pads maps of even size on one side only; symmetric padding, as here, gives the same sizes.
    layers["conv1"] = ConvBNReLU(in_channels, channels, 3, stride=2, activation=nn.ReLU6)
    for row, (t, c, n, s) in enumerate(TABLE_2, start=1):
        blocks = nn.Sequential()
        for index in range(n):
            out_channels = make_divisible(c * width)
            blocks.append(Bottleneck(channels, out_channels, s if index == 0 else 1, t))
            channels = out_channels
        layers[f"bottlenecks{row}"] = blocks
    layers["conv2"] = ConvBNReLU(channels, last, 1, activation=nn.ReLU6)
    layers["average_pool"] = global_average_pool()
    layers["dropout"] = nn.Dropout(0.2)  # paper: silent; the authors' code keeps 0.8.
    layers["fc"] = nn.Linear(last, num_classes)
    return MobileNetV2(layers)
