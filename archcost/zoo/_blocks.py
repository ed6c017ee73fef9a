"""The few parts that many papers share; everything else lives in the file of its paper.

Shapes are N, C, H, W. Activations work in place wherever the paper's network allows it, so that they take
no memory of their own, as in the lectures' tables.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, TypeVar

import torch
from torch import nn

if TYPE_CHECKING:
    from collections.abc import Mapping

Key = TypeVar("Key")
Row = TypeVar("Row")


class ConvBNReLU(nn.Sequential):
    """Convolution without bias, batch normalisation, ReLU; `padding=None` keeps the size (odd kernels).

    `activation=None` leaves the activation out.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int | tuple[int, int],
        stride: int | tuple[int, int] = 1,
        padding: int | tuple[int, int] | None = None,
        groups: int = 1,
        *,
        bias: bool = False,
        eps: float = 1e-5,
        activation: type[nn.Module] | None = nn.ReLU,
    ) -> None:
        kernel = (kernel_size, kernel_size) if isinstance(kernel_size, int) else kernel_size
        if padding is None:
            padding = (kernel[0] // 2, kernel[1] // 2)
        super().__init__()
        self.conv = nn.Conv2d(in_channels, out_channels, kernel, stride, padding, groups=groups, bias=bias)
        self.bn = nn.BatchNorm2d(out_channels, eps=eps)
        if activation is not None:
            self.act = activation(inplace=True)


class Concatenate(nn.Module):
    """Run branches on one input and join their channels."""

    def __init__(self, **branches: nn.Module) -> None:
        super().__init__()
        for name, branch in branches.items():
            self.add_module(name, branch)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.cat([branch(x) for branch in self.children()], dim=1)


def global_average_pool() -> nn.Sequential:
    """Average every map to one value: N, C, H, W -> N, C."""
    return nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten())


def channel_shuffle(x: torch.Tensor, groups: int) -> torch.Tensor:
    """Deal the channels of each group out to all groups (ShuffleNet, figure 1)."""
    n, c, h, w = x.shape
    return x.view(n, groups, c // groups, h, w).transpose(1, 2).reshape(n, c, h, w)


def make_divisible(channels: float, divisor: int = 8) -> int:
    """Round a channel count to a multiple of `divisor`, never more than 10 % down (MobileNet v2's reference code)."""
    rounded = max(divisor, int(channels + divisor / 2) // divisor * divisor)
    return rounded if rounded >= 0.9 * channels else rounded + divisor


def check_whole(name: str, value: object) -> None:
    """Refuse anything but a whole number of at least 1.

    Raises:
        ValueError: naming the argument and what it may be.
    """
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise ValueError(f"{name} must be a whole number of at least 1, not {value!r}")


def check_multiplier(name: str, value: float) -> None:
    """Refuse anything but a finite number above 0.

    Raises:
        ValueError: naming the argument and what it may be.
    """
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 < value < math.inf:
        raise ValueError(f"{name} must be a number above 0, not {value!r}")


def check_probability(name: str, value: float) -> None:
    """Refuse anything but a probability below 1.

    Raises:
        ValueError: naming the argument and what it may be.
    """
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 <= value < 1:
        raise ValueError(f"{name} must be at least 0 and less than 1, not {value!r}")


def choose(table: Mapping[Key, Row], key: Key, what: str) -> Row:
    """Look a row of a paper's table up.

    Raises:
        ValueError: naming the rows that the table has.
    """
    try:
        return table[key]
    except KeyError:
        raise ValueError(f"there is no {what} {key!r}; there are {', '.join(map(str, table))}") from None
