"""The two Inception modules that the lecture counts. Szegedy et al., CVPR 2015, arXiv:1409.4842, figure 2.

Widths are the lecture's (Stanford CS231n, lecture 9): 256 maps of 28x28 come in. It counts the convolutions alone,
so there are no ReLUs here; in GoogLeNet each convolution has one.
"""

import torch
from torch import nn


class NaiveInception(nn.Module):
    """Figure 2(a): 1x1, 3x3 and 5x5 convolutions and a pool side by side, joined by channels."""

    def __init__(self, in_channels: int) -> None:
        super().__init__()
        self.conv1x1 = nn.Conv2d(in_channels, 128, 1)
        self.conv3x3 = nn.Conv2d(in_channels, 192, 3, padding=1)
        self.conv5x5 = nn.Conv2d(in_channels, 96, 5, padding=2)
        self.pool = nn.MaxPool2d(3, 1, padding=1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.cat([self.conv1x1(x), self.conv3x3(x), self.conv5x5(x), self.pool(x)], dim=1)


class ReducedInception(nn.Module):
    """Figure 2(b): 1x1 convolutions to 64 maps before the large ones and after the pool."""

    def __init__(self, in_channels: int) -> None:
        super().__init__()
        self.conv1x1 = nn.Conv2d(in_channels, 128, 1)
        self.reduce3x3 = nn.Conv2d(in_channels, 64, 1)
        self.conv3x3 = nn.Conv2d(64, 192, 3, padding=1)
        self.reduce5x5 = nn.Conv2d(in_channels, 64, 1)
        self.conv5x5 = nn.Conv2d(64, 96, 5, padding=2)
        self.pool = nn.MaxPool2d(3, 1, padding=1)
        self.project = nn.Conv2d(in_channels, 64, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        branch3x3 = self.conv3x3(self.reduce3x3(x))
        branch5x5 = self.conv5x5(self.reduce5x5(x))
        return torch.cat([self.conv1x1(x), branch3x3, branch5x5, self.project(self.pool(x))], dim=1)


def inception_module(*, reduced: bool = True, in_channels: int = 256) -> nn.Module:
    """Build the module with 1x1 reductions, or the naive one."""
    return ReducedInception(in_channels) if reduced else NaiveInception(in_channels)
