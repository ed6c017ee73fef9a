"""ShuffleNet. Zhang, Zhou, Lin and Sun, CVPR 2018, arXiv:1707.01083. Table 1, figures 1 and 2."""

from collections import OrderedDict

import torch
from torch import nn

from archcost.zoo._blocks import ConvBNReLU, channel_shuffle, choose, global_average_pool

# Table 1: g groups, output channels of stages 2, 3, 4
TABLE_1 = {
    1: (144, 288, 576),
    2: (200, 400, 800),
    3: (240, 480, 960),
    4: (272, 544, 1088),
    8: (384, 768, 1536),
}
UNITS = (4, 8, 4)  # in stages 2, 3, 4; the first one has stride 2


class ShuffleNetUnit(nn.Module):
    """Figure 2(b) and (c): grouped 1x1, shuffle, 3x3 depthwise, grouped 1x1; added, or joined to an average pool.

    `first_groups` are those of the first 1x1.
    """

    def __init__(self, in_channels: int, out_channels: int, stride: int, groups: int, first_groups: int) -> None:
        super().__init__()
        self.groups = groups
        self.pool = nn.AvgPool2d(3, stride, padding=1) if stride > 1 else None
        bottleneck = out_channels // 4
        branch = out_channels - in_channels if stride > 1 else out_channels
        self.gconv1 = ConvBNReLU(in_channels, bottleneck, 1, groups=first_groups)
        self.depthwise = ConvBNReLU(bottleneck, bottleneck, 3, stride, groups=bottleneck, activation=None)
        self.gconv2 = ConvBNReLU(bottleneck, branch, 1, groups=groups, activation=None)
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.gconv2(self.depthwise(channel_shuffle(self.gconv1(x), self.groups)))
        return self.relu(y + x if self.pool is None else torch.cat([self.pool(x), y], dim=1))


class ShuffleNet(nn.Sequential):
    """The rows of table 1 in their order."""


def shufflenet_v1(groups: int = 3, *, num_classes: int = 1000, in_channels: int = 3) -> ShuffleNet:
    """Build the column of table 1 for a number of groups."""
    widths = choose(TABLE_1, groups, "number of groups")
    channels = 24
    layers: OrderedDict[str, nn.Module] = OrderedDict()
    layers["conv1"] = ConvBNReLU(in_channels, channels, 3, stride=2)
    layers["max_pool"] = nn.MaxPool2d(3, 2, padding=1)
    for stage, (width, units) in enumerate(zip(widths, UNITS, strict=True), start=2):
        rows = nn.Sequential()
        for index in range(units):
            # Section 3.2: few channels come into stage 2, so the first 1x1 there is not grouped.
            first_groups = 1 if stage == 2 and index == 0 else groups
            rows.append(ShuffleNetUnit(channels, width, 2 if index == 0 else 1, groups, first_groups))
            channels = width
        layers[f"stage{stage}"] = rows
    layers["average_pool"] = global_average_pool()
    layers["fc"] = nn.Linear(channels, num_classes)
    return ShuffleNet(layers)
