"""FractalNet. Larsson, Maire and Shakhnarovich, ICLR 2017, arXiv:1605.07648. Figure 1, section 4, and the ultra-deep table.

Where the paper is silent, the authors' generator of Caffe files (gustavla/fractalnet).
"""

from __future__ import annotations

import random
from collections import OrderedDict
from typing import TYPE_CHECKING

import torch
from torch import nn

from archcost.zoo._blocks import choose

if TYPE_CHECKING:
    from collections.abc import Sequence

# Columns of a block, and the layers on the longest path through the five blocks
DEPTHS = {1: 5, 2: 10, 3: 20, 4: 40, 5: 80, 6: 160}

# Section 4: width of a block as a multiple of the first, dropout in it
BLOCKS = (
    (1, 0.0),
    (2, 0.1),
    (4, 0.2),
    (8, 0.3),
    (8, 0.4),
)


class ConvUnit(nn.Sequential):
    """3x3 convolution, dropout, batch normalisation, ReLU."""

    def __init__(self, in_channels: int, out_channels: int, dropout: float, *, bias: bool) -> None:
        super().__init__()
        # paper: silent; the authors' script has the bias. Its normalisation has no learned scale, here it has one.
        self.conv = nn.Conv2d(in_channels, out_channels, 3, padding=1, bias=bias)
        if dropout:
            self.dropout = nn.Dropout(dropout)
        self.bn = nn.BatchNorm2d(out_channels)
        self.relu = nn.ReLU(inplace=True)


class Join(nn.Module):
    """The mean of columns; in training, local drop-path leaves some of them out, though never all."""

    def __init__(self, drop_path: float) -> None:
        super().__init__()
        self.drop_path = drop_path

    def forward(self, columns: Sequence[torch.Tensor]) -> torch.Tensor:
        shares = self._shares(len(columns))
        mean = columns[0] * shares[0]
        for column, share in zip(columns[1:], shares[1:], strict=True):
            mean = torch.add(mean, column, alpha=share)
        return mean

    def _shares(self, columns: int) -> list[float]:
        """Return the weight of each column; a dropped one has 0, so that every pass runs the same operations."""
        kept = set(range(columns))
        if self.training:
            kept = {c for c in kept if random.random() >= self.drop_path} or {random.randrange(columns)}  # noqa: S311
        return [1 / len(kept) if c in kept else 0.0 for c in range(columns)]


class FractalBlock(nn.Module):
    """Figure 1: column c of C (the first has one convolution) convolves in every 2^(C-c)-th of 2^(C-1) rows.

    Columns that convolve in a row are joined after it and go on from their mean. Those of the last row are pooled first.
    """

    def __init__(
        self, in_channels: int, width: int, columns: int, dropout: float, drop_path: float, *, bias: bool
    ) -> None:
        super().__init__()
        self.columns = columns
        self.rows = nn.ModuleList()
        for row in range(1, 2 ** (columns - 1) + 1):
            units = nn.ModuleDict()
            for column in range(columns):
                every = 2 ** (columns - 1 - column)
                if row % every == 0:
                    channels = in_channels if row == every else width
                    units[str(column)] = ConvUnit(channels, width, dropout, bias=bias)
            self.rows.append(units)
        self.join = Join(drop_path)
        self.pool = nn.MaxPool2d(2, 2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        ...


class FractalNet(nn.Sequential):
    """Five fractal blocks and one linear layer."""
