"""SqueezeNet. Iandola, Han, Moskewicz, Ashraf, Dally and Keutzer, 2016, arXiv:1602.07360. Table 1.

Version 1.1 and what table 1 leaves out are from the authors' repository, forresti/SqueezeNet.
"""

from collections import OrderedDict

from torch import nn

from archcost.zoo._blocks import Concatenate, choose, global_average_pool

# Table 1: a max pool, or s1x1, e1x1, e3x3 of fire2 to fire9
TABLE_1: dict[str, tuple[tuple[int, int, int] | str, ...]] = {
    "1.0": (
        "maxpool",
        (16, 64, 64),
        (16, 64, 64),
        (32, 128, 128),
        "maxpool",
        (32, 128, 128),
        (48, 192, 192),
        (48, 192, 192),
        (64, 256, 256),
        "maxpool",
        (64, 256, 256),
    ),
    "1.1": (
        "maxpool",
        (16, 64, 64),
        (16, 64, 64),
        "maxpool",
        (32, 128, 128),
        (32, 128, 128),
        "maxpool",
        (48, 192, 192),
        (48, 192, 192),
        (64, 256, 256),
        (64, 256, 256),
    ),
}

# conv1: filters, kernel, stride
CONV1 = {"1.0": (96, 7, 2), "1.1": (64, 3, 2)}


class ConvReLU(nn.Sequential):
    """Convolution with bias, then ReLU."""

    def __init__(self, in_channels: int, out_channels: int, kernel: int, stride: int = 1, padding: int = 0) -> None:
        super().__init__()
        self.conv = nn.Conv2d(in_channels, out_channels, kernel, stride, padding)
        self.relu = nn.ReLU(inplace=True)


class Fire(nn.Sequential):
    """Figure 1: 1x1 convolution to s1x1 maps, then e1x1 and e3x3 filters side by side."""

    def __init__(self, in_channels: int, s1x1: int, e1x1: int, e3x3: int) -> None:
        super().__init__()
        self.squeeze = ConvReLU(in_channels, s1x1, 1)
        self.expand = Concatenate(conv1x1=ConvReLU(s1x1, e1x1, 1), conv3x3=ConvReLU(s1x1, e3x3, 3, padding=1))


class SqueezeNet(nn.Sequential):
    """The rows of table 1 in their order."""


def squeezenet(version: str | float = "1.0", *, num_classes: int = 1000, in_channels: int = 3) -> SqueezeNet:
    """Build version 1.0, the paper's, or the authors' later 1.1."""
    version = str(version)
    rows = choose(TABLE_1, version, "version")
    channels, kernel, stride = CONV1[version]
    layers: OrderedDict[str, nn.Module] = OrderedDict()
    # paper: silent on padding and rounding; the authors' Caffe files pad no map here, and Caffe's pools round up.
    layers["conv1"] = ConvReLU(in_channels, channels, kernel, stride)
    number = 1
    for row in rows:
        if isinstance(row, str):
            layers[f"maxpool{number}"] = nn.MaxPool2d(3, 2, ceil_mode=True)
            continue
        number += 1
        layers[f"fire{number}"] = Fire(channels, *row)
        channels = row[1] + row[2]
    layers["dropout9"] = nn.Dropout(0.5)
    layers["conv10"] = ConvReLU(channels, num_classes, 1)
    layers["avgpool10"] = global_average_pool()
    return SqueezeNet(layers)
