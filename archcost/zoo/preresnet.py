"""Pre-activation ResNet. He, Zhang, Ren and Sun, "Identity Mappings in Deep Residual Networks", ECCV 2016.

arXiv:1603.05027, figure 4(e), tables 3 to 5 and the appendix; where they are silent, the authors' code:
resnet-1k-layers for CIFAR, fb.resnet.torch for ImageNet.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

from torch import nn
from torch.nn import functional

from archcost.zoo._blocks import ConvBNReLU, choose, global_average_pool

if TYPE_CHECKING:
    from collections.abc import Sequence

    import torch

# Table 5: depth, bottlenecks in the four stages
TABLE_5 = {
    152: (3, 8, 36, 3),
    200: (3, 24, 36, 3),
}

# The layer of a bottleneck that has the stride. paper: silent; the first 1x1 in the authors' CIFAR code, the 3x3 in
# their ImageNet code.
STRIDE_IN = {"1x1": (2, 1), "3x3": (1, 2)}


class BNReLU(nn.Sequential):
    """The pre-activation."""

    def __init__(self, channels: int) -> None:
        super().__init__(OrderedDict[str, nn.Module](bn=nn.BatchNorm2d(channels), relu=nn.ReLU(inplace=True)))


class PaddedIdentity(nn.Module):
    """Every stride-th value of every map, then maps of zeros."""

    def __init__(self, in_channels: int, out_channels: int, stride: int) -> None:
        super().__init__()
        self.stride = stride
        self.zero_maps = out_channels - in_channels

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return functional.pad(x[:, :, :: self.stride, :: self.stride], (0, 0, 0, 0, 0, self.zero_maps))


class Projection(nn.Conv2d):
    """A 1x1 convolution, not normalised."""

    def __init__(self, in_channels: int, out_channels: int, stride: int) -> None:
        super().__init__(in_channels, out_channels, 1, stride, bias=False)


SHORTCUTS: dict[str, type[nn.Module]] = {"A": PaddedIdentity, "B": Projection}


class ResidualUnit(nn.Module):
    """Figure 4(e): pre-activated layers (kernel, width, stride) and a shortcut around them, added and left alone.

    The first activation is the branch's "own", "shared" by both paths (always where the shape changes), or "none".
    """

    def __init__(
        self, in_channels: int, layers: Sequence[tuple[int, int, int]], option: str, first_activation: str
    ) -> None:
        super().__init__()
        shortcut = choose(SHORTCUTS, option, "shortcut")
        self.activation = BNReLU(in_channels) if first_activation == "shared" else None
        self.residual = nn.Sequential()
        channels, total_stride = in_channels, 1
        for index, (kernel, width, stride) in enumerate(layers):
            if index or first_activation == "own":
                self.residual.append(BNReLU(channels))
            self.residual.append(nn.Conv2d(channels, width, kernel, stride, kernel // 2, bias=False))
            channels, total_stride = width, total_stride * stride
        changed = (channels, total_stride) != (in_channels, 1)
        self.shortcut = shortcut(in_channels, channels, total_stride) if changed else nn.Identity()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if self.activation is not None:
            x = self.activation(x)
        return self.residual(x) + self.shortcut(x)


class PreActResNet(nn.Sequential):
    """Convolution, stages of residual units, a last activation, average pool, one linear layer."""


def _basic(width: int, *, shrink: bool) -> tuple[tuple[int, int, int], ...]:
    return (3, width, 2 if shrink else 1), (3, width, 1)


def _bottleneck(width: int, strides: tuple[int, int], *, shrink: bool) -> tuple[tuple[int, int, int], ...]:
    first, second = strides if shrink else (1, 1)
    return (1, width, first), (3, width, second), (1, 4 * width, 1)


def preresnet(
    depth: int = 200,
    *,
    stride_in: str = "3x3",
    first_activation: bool = False,
    num_classes: int = 1000,
    in_channels: int = 3,
) -> PreActResNet:
    """Build a network of table 5; `first_activation` adds BN and ReLU after the max pool, before the first unit."""
    blocks = choose(TABLE_5, depth, "depth")
    strides = choose(STRIDE_IN, stride_in, "place for the stride")
    layers: OrderedDict[str, nn.Module] = OrderedDict()
    layers["conv1"] = ConvBNReLU(in_channels, 64, 7, 2)
    layers["pool1"] = nn.MaxPool2d(3, 2, padding=1)
    channels = 64
    for stage, count in enumerate(blocks, start=2):
        units = nn.Sequential()
        for index in range(count):
            # paper: silent; the authors' code has no second activation where the stem has just had one.
            activation = "own" if index else "none" if stage == 2 and not first_activation else "shared"
            row = _bottleneck(64 * 2 ** (stage - 2), strides, shrink=index == 0 and stage > 2)
            units.append(ResidualUnit(channels, row, "B", activation))
            channels = row[-1][1]
        layers[f"conv{stage}_x"] = units
    return _finish(layers, channels, num_classes)


def cifar_preresnet(
    depth: int = 164,
    *,
    block: str = "bottleneck",
    shortcut: str = "B",
    num_classes: int = 10,
    in_channels: int = 3,
) -> PreActResNet:
    """Build the network of 6n+2 layers in "basic" units or 9n+2 in "bottleneck" units, with shortcuts A or B."""
    per_n = choose({"basic": 6, "bottleneck": 9}, block, "block")
    n, rest = divmod(depth - 2, per_n) if isinstance(depth, int) else (0, 0)
    if n < 1 or rest:
        raise ValueError(f"depth must be {per_n}n+2 with n of at least 1 for {block} units, not {depth!r}")
    layers: OrderedDict[str, nn.Module] = OrderedDict()
    layers["conv1"] = nn.Conv2d(in_channels, 16, 3, padding=1, bias=False)
    channels = 16
    for stage, width in enumerate((16, 32, 64), start=1):
        units = nn.Sequential()
        for index in range(n):
            shrink = index == 0 and stage > 1
            row = (
                _basic(width, shrink=shrink)
                if block == "basic"
                else _bottleneck(width, STRIDE_IN["1x1"], shrink=shrink)
            )
            units.append(ResidualUnit(channels, row, shortcut, "own" if index else "shared"))
            channels = row[-1][1]
        layers[f"stage{stage}"] = units
    return _finish(layers, channels, num_classes)


def _finish(layers: OrderedDict[str, nn.Module], channels: int, num_classes: int) -> PreActResNet:
    layers["activation"] = BNReLU(channels)
    layers["average_pool"] = global_average_pool()
    layers["fc"] = nn.Linear(channels, num_classes)
    return PreActResNet(layers)
