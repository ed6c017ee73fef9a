"""ShuffleNet V2. Ma, Zhang, Zheng and Sun, ECCV 2018, arXiv:1807.11164. Table 5, figure 3(c) and (d)."""

from collections import OrderedDict

import torch
from torch import nn

from archcost.zoo._blocks import ConvBNReLU, channel_shuffle, choose, global_average_pool

# Table 5: output channels of stages 2, 3, 4 and of conv5
TABLE_5 = {
    "0.5x": (48, 96, 192, 1024),
    "1x": (116, 232, 464, 1024),
    "1.5x": (176, 352, 704, 1024),
    "2x": (244, 488, 976, 2048),
}
UNITS = (4, 8, 4)  # in stages 2, 3, 4; the first one has stride 2


class Branch(nn.Sequential):
    """1x1 convolution, 3x3 depthwise, 1x1 convolution."""

    def __init__(self, in_channels: int, out_channels: int, stride: int) -> None:
        super().__init__()
        self.conv1 = ConvBNReLU(in_channels, out_channels, 1)
        self.depthwise = ConvBNReLU(out_channels, out_channels, 3, stride, groups=out_channels, activation=None)
        self.conv2 = ConvBNReLU(out_channels, out_channels, 1)


class BasicUnit(nn.Module):
    """Figure 3(c): half of the channels pass through, the others are convolved."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.branch = Branch(channels // 2, channels // 2, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        left, right = x.chunk(2, dim=1)
        return channel_shuffle(torch.cat([left, self.branch(right)], dim=1), 2)


class DownSamplingUnit(nn.Module):
    """Figure 3(d): both branches see all channels and shrink the maps."""

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.left = nn.Sequential(
            OrderedDict(
                depthwise=ConvBNReLU(in_channels, in_channels, 3, 2, groups=in_channels, activation=None),
                conv=ConvBNReLU(in_channels, out_channels // 2, 1),
            )
        )
        self.right = Branch(in_channels, out_channels // 2, 2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return channel_shuffle(torch.cat([self.left(x), self.right(x)], dim=1), 2)


class ShuffleNetV2(nn.Sequential):
    """The rows of table 5 in their order."""


def shufflenet_v2(width: str = "1x", *, num_classes: int = 1000, in_channels: int = 3) -> ShuffleNetV2:
    """Build a column of table 5."""
    *widths, last = choose(TABLE_5, width, "width")
    channels = 24
    layers: OrderedDict[str, nn.Module] = OrderedDict()
    layers["conv1"] = ConvBNReLU(in_channels, channels, 3, stride=2)
    layers["max_pool"] = nn.MaxPool2d(3, 2, padding=1)
    for stage, (out_channels, units) in enumerate(zip(widths, UNITS, strict=True), start=2):
        rows = nn.Sequential(DownSamplingUnit(channels, out_channels))
        for _ in range(units - 1):
            rows.append(BasicUnit(out_channels))
        layers[f"stage{stage}"] = rows
        channels = out_channels
    layers["conv5"] = ConvBNReLU(channels, last, 1)
    layers["average_pool"] = global_average_pool()
    layers["fc"] = nn.Linear(last, num_classes)
    return ShuffleNetV2(layers)
