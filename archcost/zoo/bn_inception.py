"""BN-Inception. Ioffe and Szegedy, "Batch Normalization", ICML 2015, arXiv:1502.03167. Figure 5."""

from collections import OrderedDict
from dataclasses import dataclass, replace
from functools import partial

from torch import nn

from archcost.zoo._blocks import Concatenate, ConvBNReLU, global_average_pool


@dataclass(frozen=True, slots=True)
class Row:
    """A row of figure 5; the rows without 1x1 and projection have stride 2, and their pool passes all maps on."""

    n1x1: int | None
    n3x3: tuple[int, int]
    double3x3: tuple[int, int]
    pool: str
    projection: int | None


# Figure 5: #1x1, (#3x3 reduce, #3x3), (double #3x3 reduce, double #3x3), Pool + proj
FIGURE_5 = {
    "3a": Row(64, (64, 64), (64, 96), "avg", 32),
    "3b": Row(64, (64, 96), (64, 96), "avg", 64),
    "3c": Row(None, (128, 160), (64, 96), "max", None),
    "4a": Row(224, (64, 96), (96, 128), "avg", 128),
    "4b": Row(192, (96, 128), (96, 128), "avg", 128),
    "4c": Row(160, (128, 160), (128, 160), "avg", 128),
    "4d": Row(96, (128, 192), (160, 192), "avg", 128),
    "4e": Row(None, (128, 192), (192, 256), "max", None),
    "5a": Row(352, (192, 320), (160, 224), "avg", 128),
    "5b": Row(352, (192, 320), (192, 224), "max", 128),
}


class Inception(Concatenate):
    """The module of GoogLeNet with two 3x3 convolutions for the 5x5; `width` is what it puts out."""

    def __init__(self, in_channels: int, row: Row, *, bias: bool) -> None:
        conv = partial(ConvBNReLU, bias=bias)
        (reduce3x3, n3x3), (reduce_double, double) = row.n3x3, row.double3x3
        stride = 2 if row.projection is None else 1
        branches: dict[str, nn.Module] = {}
        if row.n1x1 is not None:
            branches["conv1x1"] = conv(in_channels, row.n1x1, 1)
        branches["conv3x3"] = nn.Sequential(conv(in_channels, reduce3x3, 1), conv(reduce3x3, n3x3, 3, stride))
        branches["double3x3"] = nn.Sequential(
            conv(in_channels, reduce_double, 1), conv(reduce_double, double, 3), conv(double, double, 3, stride)
        )
        if row.projection is None:
            branches["pool"] = nn.MaxPool2d(3, 2, ceil_mode=True)
        else:
            pool = nn.AvgPool2d(3, 1, padding=1) if row.pool == "avg" else nn.MaxPool2d(3, 1, padding=1)
            branches["pool"] = nn.Sequential(pool, conv(in_channels, row.projection, 1))
        super().__init__(**branches)
        self.width = (row.n1x1 or 0) + n3x3 + double + (row.projection or in_channels)


def _conv1(in_channels: int, *, separable: bool, bias: bool) -> nn.Module:
    """Return the 7x7 convolution; figure 5 stars it as separable with depth multiplier 8."""
    if not separable:
        return ConvBNReLU(in_channels, 64, 7, stride=2, bias=bias)
    width = 8 * in_channels
    depthwise = nn.Conv2d(in_channels, width, 7, stride=2, padding=3, groups=in_channels, bias=False)
    return nn.Sequential(OrderedDict(depthwise=depthwise, pointwise=ConvBNReLU(width, 64, 1, bias=bias)))


def bn_inception(
    projection: int = 128,
    *,
    separable: bool = False,
    conv_bias: bool = False,
    num_classes: int = 1000,
    in_channels: int = 3,
) -> nn.Sequential:
    """Build figure 5; `projection` is the width after the pools of 4c and 4d, 128 as printed or 96.

    `conv_bias` keeps the biases that normalisation makes useless, as the published Caffe conversions do.
    """
    if projection not in {96, 128}:
        raise ValueError(f"projection must be 96 or 128, not {projection!r}")
    layers = OrderedDict[str, nn.Module](
        # paper: the text says separable; the conversions that everybody uses have the dense 7x7.
        conv1=_conv1(in_channels, separable=separable, bias=conv_bias),
        pool1=nn.MaxPool2d(3, 2, ceil_mode=True),
        reduce2=ConvBNReLU(64, 64, 1, bias=conv_bias),
        conv2=ConvBNReLU(64, 192, 3, bias=conv_bias),
        pool2=nn.MaxPool2d(3, 2, ceil_mode=True),
    )
    width = 192
    for name, row in FIGURE_5.items():
        # paper: the printed sizes 576 (4c, 4d) and 1024 (4e) need 96, the printed widths say 128.
        chosen = replace(row, projection=projection) if name in {"4c", "4d"} else row
        module = Inception(width, chosen, bias=conv_bias)
        layers[f"inception{name}"] = module
        width = module.width
    layers["pool5"] = global_average_pool()
    layers["fc"] = nn.Linear(width, num_classes)
    return nn.Sequential(layers)
