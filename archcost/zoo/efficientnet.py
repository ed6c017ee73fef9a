"""EfficientNet. Tan and Le, ICML 2019, arXiv:1905.11946. Table 1; B1 to B7 are it, wider and deeper (section 3.3)."""

import math
from collections import OrderedDict
from functools import partial

import torch
from torch import nn

from archcost.zoo._blocks import ConvBNReLU, check_multiplier, check_probability, global_average_pool, make_divisible

# Table 1, stages 2 to 8: t of MBConvt, k, stride, #channels, #layers
TABLE_1 = (
    (1, 3, 1, 16, 1),
    (6, 3, 2, 24, 2),
    (6, 5, 2, 40, 2),
    (6, 3, 2, 80, 3),
    (6, 5, 1, 112, 3),
    (6, 5, 2, 192, 4),
    (6, 3, 1, 320, 1),
)

# paper: silent; the epsilon is the authors' code's. TensorFlow pads maps of even size on one side only; symmetric
# padding, as here, gives the same sizes.
conv = partial(ConvBNReLU, eps=1e-3)


class SqueezeExcite(nn.Module):
    """A factor between 0 and 1 for each map, found from all maps' averages through `squeezed` values."""

    def __init__(self, channels: int, squeezed: int) -> None:
        super().__init__()
        self.squeeze = nn.AdaptiveAvgPool2d(1)
        self.excite = nn.Sequential(
            nn.Conv2d(channels, squeezed, 1), nn.SiLU(inplace=True), nn.Conv2d(squeezed, channels, 1), nn.Sigmoid()
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x * self.excite(self.squeeze(x))


# paper: its training drops whole branches (stochastic depth); here they all run.
class MBConv(nn.Module):
    """MobileNetV2's bottleneck with swish, and squeeze and excitation after its depthwise convolution."""

    def __init__(self, in_channels: int, out_channels: int, kernel: int, stride: int, t: int) -> None:
        super().__init__()
        expanded = t * in_channels
        layers: OrderedDict[str, nn.Module] = OrderedDict()
        if t > 1:
            layers["expand"] = conv(in_channels, expanded, 1, activation=nn.SiLU)
        layers["depthwise"] = conv(expanded, expanded, kernel, stride, groups=expanded, activation=nn.SiLU)
        # paper: silent; the authors' code squeezes to a quarter of what comes into the block.
        layers["se"] = SqueezeExcite(expanded, in_channels // 4)
        layers["project"] = conv(expanded, out_channels, 1, activation=None)
        self.residual = nn.Sequential(layers)
        self.shortcut = (in_channels, 1) == (out_channels, stride)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.residual(x) + x if self.shortcut else self.residual(x)


class EfficientNet(nn.Sequential):
    """The rows of table 1 in their order."""


def efficientnet(
    width: float = 1.0, depth: float = 1.0, *, dropout: float = 0.2, num_classes: int = 1000, in_channels: int = 3
) -> EfficientNet:
    """Build table 1 with all widths times `width` and all numbers of layers times `depth`."""
    check_multiplier("width", width)
    check_multiplier("depth", depth)
    check_probability("dropout", dropout)
    # paper: silent on fractions; the authors' code rounds widths to multiples of 8 and layers up.
    channels, last = make_divisible(32 * width), make_divisible(1280 * width)
    layers: OrderedDict[str, nn.Module] = OrderedDict()
    layers["stage1"] = conv(in_channels, channels, 3, stride=2, activation=nn.SiLU)
    for stage, (t, k, stride, count, repeats) in enumerate(TABLE_1, start=2):
        out_channels = make_divisible(count * width)
        blocks = nn.Sequential()
        for index in range(math.ceil(repeats * depth)):
            blocks.append(MBConv(channels, out_channels, k, stride if index == 0 else 1, t))
            channels = out_channels
        layers[f"stage{stage}"] = blocks
    layers["stage9"] = conv(channels, last, 1, activation=nn.SiLU)
    layers["average_pool"] = global_average_pool()
    layers["dropout"] = nn.Dropout(dropout)
    layers["fc"] = nn.Linear(last, num_classes)
    return EfficientNet(layers)
