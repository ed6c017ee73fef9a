"""The lectures' worked examples: layers that replace other layers, from the papers that introduce them.

VGG (arXiv:1409.1556, section 2.3), GoogLeNet (1409.4842, section 4), Inception-v3 (1512.00567, sections 3 and 5),
ResNet (1512.03385, figure 5) and MobileNet (1704.04861, section 3.1). They count products alone: no convolution has
a bias, none is normalised. `in_channels` is the width C; where a map keeps its size it keeps its width, too.
"""

from collections import OrderedDict

import torch
from torch import nn

from archcost.zoo._blocks import check_whole, choose

# Kernels, one after the other
STACKS: dict[str, tuple[tuple[int, int], ...]] = {
    "7x7": ((7, 7),),
    "three_3x3": ((3, 3), (3, 3), (3, 3)),
    "5x5": ((5, 5),),
    "two_3x3": ((3, 3), (3, 3)),
    "3x3": ((3, 3),),
    "3x1_1x3": ((3, 1), (1, 3)),
    "two_2x2": ((2, 2), (2, 2)),
    "1x7_7x1": ((1, 7), (7, 1)),
}


def stack(form: str = "3x3", *, in_channels: int = 64) -> nn.Sequential:
    """Build convolutions with ReLUs between them, from C to C channels; the map keeps its size."""
    layers: OrderedDict[str, nn.Module] = OrderedDict()
    for number, (height, width) in enumerate(choose(STACKS, form, "stack"), start=1):
        if number > 1:
            layers[f"relu{number - 1}"] = nn.ReLU(inplace=True)
        padding = (height // 2, width // 2)
        if (height, width) == (2, 2):
            # paper: silent; a zero before the map, then one after it, keep its size and its place.
            layers[f"pad{number}"] = nn.ZeroPad2d((1, 0, 1, 0) if number == 1 else (0, 1, 0, 1))
            padding = (0, 0)
        layers[f"conv{number}"] = nn.Conv2d(in_channels, in_channels, (height, width), padding=padding, bias=False)
    return nn.Sequential(layers)


def conv_5x5(reduced: int | None = None, *, out_channels: int = 96, in_channels: int = 256) -> nn.Sequential:
    """Build a 5x5 convolution, with `reduced` after a 1x1 convolution to this many channels."""
    check_whole("out_channels", out_channels)
    layers: OrderedDict[str, nn.Module] = OrderedDict()
    if reduced is not None:
        check_whole("reduced", reduced)
        layers["reduce"] = nn.Conv2d(in_channels, reduced, 1, bias=False)
        layers["relu"] = nn.ReLU(inplace=True)
    layers["conv5x5"] = nn.Conv2d(reduced or in_channels, out_channels, 5, padding=2, bias=False)
    return nn.Sequential(layers)


class Residual(nn.Module):
    """Layers around which their input goes, to be added before the last ReLU."""

    def __init__(self, channels: int, *layers: tuple[int, int]) -> None:
        super().__init__()
        self.residual = nn.Sequential()
        in_channels = channels
        for number, (kernel, width) in enumerate(layers, start=1):
            self.residual.append(nn.Conv2d(in_channels, width, kernel, padding=kernel // 2, bias=False))
            if number < len(layers):
                self.residual.append(nn.ReLU(inplace=True))
            in_channels = width
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.relu(self.residual(x) + x)


def residual(form: str = "basic", *, in_channels: int = 64) -> Residual:
    """Build ResNet's block of two 3x3 ("basic"), or its "bottleneck" to a quarter of the channels and back."""
    c, quarter = in_channels, in_channels // 4
    layers = choose({"basic": ((3, c), (3, c)), "bottleneck": ((1, quarter), (3, quarter), (1, c))}, form, "block")
    if form == "bottleneck" and in_channels % 4:
        raise ValueError(f"in_channels of a bottleneck must be a multiple of 4, not {in_channels}")
    return Residual(in_channels, *layers)


class Parallel(nn.Module):
    """A convolution with stride 2 beside a pool, joined by channels."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 1, stride=2, bias=False)
        self.pool = nn.MaxPool2d(2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        # From the second row and column on, so that both make 17x17 of 35x35.
        return torch.cat([self.conv(x[:, :, 1:, 1:]), self.pool(x)], dim=1)


def grid_reduction(form: str = "parallel", *, in_channels: int = 320) -> nn.Module:
    """Build one of the ways from C maps of d x d to 2C of d/2 x d/2: figure 9 left, right, and figure 10.

    1x1 convolutions stand for the Inception modules and convolutions of the figures, and have their ratios.
    """
    c = in_channels
    # paper: "pooling"; a maximum over 2x2 makes 17x17 of 35x35, as its network's 3x3 does, and half of even sizes.
    parts = OrderedDict[str, nn.Module](pool=nn.MaxPool2d(2), conv=nn.Conv2d(c, 2 * c, 1, bias=False))
    if form == "pool_then_conv":
        return nn.Sequential(parts)
    if form == "conv_then_pool":
        return nn.Sequential(OrderedDict(reversed(parts.items())))
    if form == "parallel":
        return Parallel(c)
    raise ValueError(f"there is no grid reduction {form!r}; there are pool_then_conv, conv_then_pool, parallel")


def conv_3x3(*, separable: bool = False, out_channels: int | None = None, in_channels: int = 512) -> nn.Sequential:
    """Build a 3x3 convolution from M to N channels, or a depthwise one and a 1x1; N is M if not given."""
    m, n = in_channels, in_channels if out_channels is None else out_channels
    check_whole("out_channels", n)
    if not separable:
        return nn.Sequential(OrderedDict(conv=nn.Conv2d(m, n, 3, padding=1, bias=False)))
    return nn.Sequential(
        OrderedDict[str, nn.Module](
            depthwise=nn.Conv2d(m, m, 3, padding=1, groups=m, bias=False),
            relu=nn.ReLU(inplace=True),
            pointwise=nn.Conv2d(m, n, 1, bias=False),
        )
    )
