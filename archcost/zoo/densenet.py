"""DenseNet. Huang, Liu, van der Maaten and Weinberger, CVPR 2017, arXiv:1608.06993. Table 1 and section 3."""

from __future__ import annotations

from collections import OrderedDict
from functools import partial
from typing import TYPE_CHECKING, cast

import torch
from torch import nn
from torch.utils.checkpoint import checkpoint

from archcost.zoo._blocks import ConvBNReLU, check_whole, choose, global_average_pool

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

# Table 1: depth, layers in dense blocks 1 to 4, growth rate k
TABLE_1 = {
    121: ((6, 12, 24, 16), 32),
    169: ((6, 12, 32, 32), 32),
    201: ((6, 12, 48, 32), 32),
    264: ((6, 12, 64, 48), 32),
    161: ((6, 12, 36, 24), 48),  # paper: in its first version and in the authors' repository
}


class BNReLUConv(nn.Sequential):
    """The composite function H of section 3."""

    def __init__(self, in_channels: int, out_channels: int, kernel: int) -> None:
        super().__init__()
        self.bn = nn.BatchNorm2d(in_channels)
        self.relu = nn.ReLU(inplace=True)
        self.conv = nn.Conv2d(in_channels, out_channels, kernel, padding=kernel // 2, bias=False)


class DenseLayer(nn.Module):
    """Equation 2: k new maps, from 4k of a bottleneck where there is one, joined to all that came before."""

    def __init__(self, in_channels: int, growth: int, *, bottleneck: bool) -> None:
        super().__init__()
        self.bottleneck = BNReLUConv(in_channels, 4 * growth, 1) if bottleneck else None
        self.composite = BNReLUConv(4 * growth if bottleneck else in_channels, growth, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        new = x if self.bottleneck is None else self.bottleneck(x)
        return torch.cat([x, self.composite(new)], dim=1)


class CheckpointedBlock(nn.Sequential):
    """A dense block that keeps its maps alone, not the concatenations of them (Pleiss et al. 2017, arXiv:1707.06990).

    Each layer joins the maps before it and brings them through its bottleneck; the backward pass does so again.
    """

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        maps = [x]
        for layer in cast("Iterator[DenseLayer]", self.children()):
            maps.append(layer.composite(checkpoint(partial(_narrowed, layer), *maps, use_reentrant=False)))
        return torch.cat(maps, dim=1)


def _narrowed(layer: DenseLayer, *maps: torch.Tensor) -> torch.Tensor:
    joined = torch.cat(maps, dim=1)
    return joined if layer.bottleneck is None else layer.bottleneck(joined)


class Transition(nn.Sequential):
    """The layers between two dense blocks."""

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.composite = BNReLUConv(in_channels, out_channels, 1)
        self.pool = nn.AvgPool2d(2, 2)


class DenseNet(nn.Sequential):
    """The rows of table 1 in their order."""


def _network(
    layers: OrderedDict[str, nn.Module],
    channels: int,
    blocks: Sequence[int],
    growth: int,
    num_classes: int,
    *,
    bc: bool,
    checkpointed: bool = False,
) -> DenseNet:
    """Add dense blocks and transitions to a stem, and the end."""
    for index, count in enumerate(blocks, start=1):
        block = CheckpointedBlock() if checkpointed else nn.Sequential()
        for _ in range(count):
            block.append(DenseLayer(channels, growth, bottleneck=bc))
            channels += growth
        layers[f"dense_block{index}"] = block
        if index < len(blocks):
            out_channels = channels // 2 if bc else channels
            layers[f"transition{index}"] = Transition(channels, out_channels)
            channels = out_channels
    layers["bn"] = nn.BatchNorm2d(channels)
    layers["relu"] = nn.ReLU(inplace=True)
    layers["average_pool"] = global_average_pool()
    layers["fc"] = nn.Linear(channels, num_classes)
    return DenseNet(layers)


def densenet(
    depth: int = 121, *, num_classes: int = 1000, in_channels: int = 3, checkpointed: bool = False
) -> DenseNet:
    """Build a column of table 1: DenseNet-BC; `checkpointed` trains it with less memory and more arithmetic."""
    blocks, growth = choose(TABLE_1, depth, "depth")
    stem: OrderedDict[str, nn.Module] = OrderedDict()
    stem["conv1"] = ConvBNReLU(in_channels, 2 * growth, 7, 2)
    stem["pool1"] = nn.MaxPool2d(3, 2, padding=1)
    return _network(stem, 2 * growth, blocks, growth, num_classes, bc=True, checkpointed=checkpointed)


def cifar_densenet(
    depth: int = 40, growth: int = 12, *, bc: bool = False, num_classes: int = 10, in_channels: int = 3
) -> DenseNet:
    """Build three dense blocks of equal length; `bc` adds bottlenecks and halves the maps in transitions.

    The depth is 3n+4, or 6n+4 with bottlenecks.
    """
    per_n = 6 if bc else 3
    n, rest = divmod(depth - 4, per_n) if isinstance(depth, int) else (0, 0)
    if n < 1 or rest:
        kind = "with" if bc else "without"
        raise ValueError(f"depth must be {per_n}n+4 with n of at least 1 {kind} bottlenecks, not {depth!r}")
    check_whole("growth", growth)
    width = 2 * growth if bc else 16
    stem: OrderedDict[str, nn.Module] = OrderedDict()
    stem["conv1"] = nn.Conv2d(in_channels, width, 3, padding=1, bias=False)
    return _network(stem, width, (n, n, n), growth, num_classes, bc=bc)
