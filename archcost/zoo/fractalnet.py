"""FractalNet. Larsson, Maire and Shakhnarovich, ICLR 2017, arXiv:1605.07648. Figure 1 and section 4.

Where the paper is silent, the authors' generator of Caffe files (gustavla/fractalnet).
"""

from __future__ import annotations

import random
from collections import OrderedDict
from typing import TYPE_CHECKING

import torch
from torch import nn

from archcost.zoo._blocks import check_probability, check_whole, choose

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

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
        # paper: silent; the authors' script has the bias. Its normalisation learns no scale and shift, this one does.
        self.conv = nn.Conv2d(in_channels, out_channels, 3, padding=1, bias=bias)
        if dropout:
            self.dropout = nn.Dropout(dropout)
        self.bn = nn.BatchNorm2d(out_channels)
        self.relu = nn.ReLU(inplace=True)


class Join(nn.Module):
    """The mean of columns; in training, local drop-path leaves some of them out, though never all."""

    def __init__(self, drop_path: float) -> None:
        super().__init__()
        # paper: half of its batches train one whole column instead (global drop-path), which is left out here.
        self.drop_path = drop_path

    def forward(self, columns: Sequence[torch.Tensor]) -> torch.Tensor:
        if len(columns) == 1:
            return columns[0]
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


class Row(nn.Module):
    """The convolutions side by side in one row of a block; the columns that have one go on from their join."""

    def __init__(self, units: Mapping[int, ConvUnit], drop_path: float, *, last: bool) -> None:
        super().__init__()
        self.columns = tuple(units)
        self.units = nn.ModuleList(units.values())
        # paper: joins the last row, then pools; the authors' script pools every column, then joins.
        self.pool = nn.MaxPool2d(2, 2) if last else nn.Identity()
        self.join = Join(drop_path)

    def forward(self, columns: Sequence[torch.Tensor]) -> list[torch.Tensor]:
        joined = self.join([self.pool(unit(columns[c])) for c, unit in zip(self.columns, self.units, strict=True)])
        return [joined if c in self.columns else column for c, column in enumerate(columns)]


class FractalBlock(nn.Module):
    """Figure 1: 2^(C-1) rows; column c of 1 to C convolves in every 2^(C-c)-th of them."""

    def __init__(
        self, in_channels: int, width: int, columns: int, dropout: float, drop_path: float, *, bias: bool
    ) -> None:
        super().__init__()
        self.columns = columns
        self.rows = nn.ModuleList()
        for row in range(1, 2 ** (columns - 1) + 1):
            units = {}
            for column in range(columns):
                every = 2 ** (columns - 1 - column)
                if row % every == 0:
                    channels = in_channels if row == every else width
                    units[column] = ConvUnit(channels, width, dropout, bias=bias)
            self.rows.append(Row(units, drop_path, last=row == 2 ** (columns - 1)))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        states = [x] * self.columns
        for row in self.rows:
            states = row(states)
        return states[0]


class FractalNet(nn.Sequential):
    """Five fractal blocks and one linear layer."""


def fractalnet(
    columns: int = 3,
    *,
    width: int = 64,
    bias: bool = True,
    drop_path: float = 0.15,
    num_classes: int = 10,
    in_channels: int = 3,
) -> FractalNet:
    """Build the network of 1 to 6 columns whose first block has `width` maps; `drop_path` acts in training only."""
    choose(DEPTHS, columns, "number of columns")
    check_whole("width", width)
    check_probability("drop_path", drop_path)
    layers: OrderedDict[str, nn.Module] = OrderedDict()
    channels = in_channels
    for index, (factor, dropout) in enumerate(BLOCKS, start=1):
        layers[f"block{index}"] = FractalBlock(channels, factor * width, columns, dropout, drop_path, bias=bias)
        channels = factor * width
    layers["flatten"] = nn.Flatten()
    layers["fc"] = nn.Linear(channels, num_classes)
    return FractalNet(layers)
