"""NASNet-A. Zoph, Vasudevan, Shlens and Le, CVPR 2018, arXiv:1707.07012. Figures 2 and 4, table 3 and the appendix.

What they leave out is from the authors' code, TF-Slim's nasnet.py.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import nn
from torch.nn import functional

from archcost.zoo._blocks import ConvBNReLU, choose, global_average_pool

EPS = 1e-3
Combination = tuple[tuple[str, str], tuple[str, str]]

# Figure 4: pairs of operations whose results are added, on the cell's input h, on the one before it, p, or on the
# result of an earlier pair; b0 is the first.
NORMAL_CELL: tuple[Combination, ...] = (
    (("sep 5x5", "h"), ("sep 3x3", "p")),
    (("sep 5x5", "p"), ("sep 3x3", "p")),
    (("avg 3x3", "h"), ("identity", "p")),
    (("avg 3x3", "p"), ("avg 3x3", "p")),
    (("sep 3x3", "h"), ("identity", "h")),
)
REDUCTION_CELL: tuple[Combination, ...] = (
    (("sep 5x5", "h"), ("sep 7x7", "p")),
    (("max 3x3", "h"), ("sep 7x7", "p")),
    (("avg 3x3", "h"), ("sep 5x5", "p")),
    (("identity", "b1"), ("avg 3x3", "b0")),
    (("sep 3x3", "b0"), ("max 3x3", "h")),
)
# The unused results, which are concatenated. paper: TF-Slim adds p to those of the normal cell.
NORMAL_OUTPUTS = ("p", "b0", "b1", "b2", "b3", "b4")
REDUCTION_OUTPUTS = ("b1", "b2", "b3", "b4")


class Model(NamedTuple):
    """N and P of "NASNet-A (N @ P)"; TF-Slim's filters of the first convolution, and its two rules for the size.

    `skip_input`: the cell after a reduction has the reduction's p for its own, not the reduction's input. `aux_grid`
    is the side of the map that the side classifier convolves whole.
    """

    n: int
    p: int
    stem: int
    skip_input: bool
    aux_grid: int


MODELS = {
    "mobile": Model(4, 1056, 32, skip_input=False, aux_grid=4),
    "large": Model(6, 4032, 96, skip_input=True, aux_grid=6),
}


class Shape(NamedTuple):
    """Channels of a map, and how often it has been halved."""

    channels: int
    level: int


class DepthwiseConv(nn.Conv2d):
    """Depthwise convolution, padded as TensorFlow's SAME: with stride 2 and an even size the end has one zero more."""

    def __init__(self, channels: int, kernel: int, stride: int) -> None:
        super().__init__(channels, channels, kernel, stride, kernel // 2, groups=channels, bias=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        rows, columns = (self.stride[0] == 2 and size % 2 == 0 for size in x.shape[-2:])
        if rows or columns:
            x = functional.pad(x, (0, int(columns), 0, int(rows)))
        padding = (self.kernel_size[0] // 2 - rows, self.kernel_size[1] // 2 - columns)
        return functional.conv2d(x, self.weight, None, self.stride, padding, groups=self.groups)


class Pool(nn.Module):
    """3x3 pool, padded as TensorFlow's SAME; an average leaves the padding out."""

    def __init__(self, kind: str, stride: int) -> None:
        super().__init__()
        self.kind = kind
        self.stride = stride

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        # With stride 2 the last window of an even map hangs over its end.
        height, width = (1 if self.stride == 1 else size % 2 for size in x.shape[-2:])
        if self.kind == "max":
            return functional.max_pool2d(x, 3, self.stride, (height, width), ceil_mode=True)
        return functional.avg_pool2d(
            x, 3, self.stride, (height, width), ceil_mode=self.stride == 2, count_include_pad=False
        )

    def extra_repr(self) -> str:
        return f"{self.kind}, stride={self.stride}"


class SeparableConv(nn.Sequential):
    """Twice: ReLU, depthwise convolution, 1x1 convolution, normalisation; the first has the stride."""

    def __init__(self, in_channels: int, out_channels: int, kernel: int, stride: int) -> None:
        super().__init__()
        for number, (channels, step) in enumerate(((in_channels, stride), (out_channels, 1)), start=1):
            self.add_module(f"relu{number}", nn.ReLU(inplace=number > 1))  # others need what the first one sees
            self.add_module(f"depthwise{number}", DepthwiseConv(channels, kernel, step))
            self.add_module(f"pointwise{number}", nn.Conv2d(channels, out_channels, 1, bias=False))
            self.add_module(f"bn{number}", nn.BatchNorm2d(out_channels, eps=EPS))


class Squeeze(nn.Sequential):
    """ReLU, 1x1 convolution, normalisation."""

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.relu = nn.ReLU()
        self.conv = nn.Conv2d(in_channels, out_channels, 1, bias=False)
        self.bn = nn.BatchNorm2d(out_channels, eps=EPS)


class FactorizedReduction(nn.Module):
    """ReLU, 1x1 convolutions of stride 2 on the map and on the map moved by one place, joined and normalised."""

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.relu = nn.ReLU()
        self.path1 = nn.Conv2d(in_channels, out_channels // 2, 1, 2, bias=False)
        self.move = nn.ZeroPad2d((-1, 1, -1, 1))
        self.path2 = nn.Conv2d(in_channels, out_channels // 2, 1, 2, bias=False)
        self.bn = nn.BatchNorm2d(out_channels, eps=EPS)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.relu(x)
        return self.bn(torch.cat([self.path1(x), self.path2(self.move(x))], dim=1))


def _operation(name: str, in_channels: int, filters: int, stride: int) -> nn.Module:
    kind, _, size = name.partition(" ")
    if kind == "sep":
        return SeparableConv(in_channels, filters, int(size[0]), stride)
    return nn.Identity() if kind == "identity" else Pool(kind, stride)


class Cell(nn.Module):
    """A cell of figure 4 with `filters` in each operation; `output` is the shape that it makes.

    `p` is None where there is no previous map yet: h itself is p then, as it comes.
    """

    # paper: its training drops operations at random (ScheduledDropPath); here they all run.

    def __init__(self, h: Shape, p: Shape | None, filters: int, *, reduction: bool, skip_input: bool = False) -> None:
        super().__init__()
        self.combinations = REDUCTION_CELL if reduction else NORMAL_CELL
        self.joined = REDUCTION_OUTPUTS if reduction else NORMAL_OUTPUTS
        self.skip_input = skip_input
        self.output = Shape(len(self.joined) * filters, h.level + reduction)
        self.prepare_h = Squeeze(h.channels, filters)
        self.prepare_p: nn.Module = nn.Identity()
        channels = {"h": filters, "p": h.channels if p is None else filters}
        if p is not None:
            self.prepare_p = (FactorizedReduction if p.level < h.level else Squeeze)(p.channels, filters)
        self.left, self.right = nn.ModuleList(), nn.ModuleList()
        for pair in self.combinations:
            for side, (name, source) in zip((self.left, self.right), pair, strict=True):
                stride = 2 if reduction and source in channels else 1
                side.append(_operation(name, channels.get(source, filters), filters, stride))

    def forward(self, h: torch.Tensor, p: torch.Tensor) -> torch.Tensor:
        states = {"h": self.prepare_h(h), "p": self.prepare_p(p)}
        for index, ((_, first), (_, second)) in enumerate(self.combinations):
            states[f"b{index}"] = self.left[index](states[first]) + self.right[index](states[second])
        return torch.cat([states[name] for name in self.joined], dim=1)


class Auxiliary(nn.Sequential):
    """The side classifier; dropped after training."""

    def __init__(self, in_channels: int, grid: int, num_classes: int) -> None:
        super().__init__()
        self.relu = nn.ReLU()
        self.pool = nn.AvgPool2d(5, 3)
        self.conv1 = ConvBNReLU(in_channels, 128, 1, eps=EPS)
        self.conv2 = ConvBNReLU(128, 768, grid, padding=0, eps=EPS)
        self.flatten = nn.Flatten()
        self.fc = nn.Linear(768, num_classes)


class NASNet(nn.Module):
    """Figure 2, right: a convolution, two reduction cells, three runs of N normal cells with reductions between."""

    def __init__(self, model: Model, num_classes: int, in_channels: int, *, aux: bool) -> None:
        super().__init__()
        filters = model.p // 24
        self.conv0 = ConvBNReLU(in_channels, model.stem, 3, 2, padding=0, eps=EPS, activation=None)
        self.cells = nn.ModuleDict()
        self.aux: Auxiliary | None = None
        h, p = Shape(model.stem, 0), None
        for name, width, skips in self._plan(model, filters):
            cell = Cell(h, p, width, reduction="cell" not in name, skip_input=skips)
            if aux and name == "reduction2":
                self.aux = Auxiliary(h.channels, model.aux_grid, num_classes)
            self.cells[name] = cell
            p, h = p if skips else h, cell.output
        self.relu = nn.ReLU(inplace=True)
        self.average_pool = global_average_pool()
        self.dropout = nn.Dropout(0.5)
        self.fc = nn.Linear(h.channels, num_classes)

    @staticmethod
    def _plan(model: Model, filters: int) -> list[tuple[str, int, bool]]:
        """Return name, filters, and whether the cell's p is the next one's too, of all cells in their order."""
        plan = [("stem0", filters // 4, False), ("stem1", filters // 2, False)]
        for stage in range(3):
            if stage:
                plan.append((f"reduction{stage}", filters * 2**stage, model.skip_input))
            plan += [(f"cell{stage * model.n + i + 1}", filters * 2**stage, False) for i in range(model.n)]
        return plan

    def forward(self, x: torch.Tensor) -> torch.Tensor | tuple[torch.Tensor, torch.Tensor]:
        h = p = self.conv0(x)
        side = None
        for name, cell in self.cells.items():
            if self.aux is not None and name == "reduction2":
                side = self.aux(h)
            p, h = p if cell.skip_input else h, cell(h, p)
        logits: torch.Tensor = self.fc(self.dropout(self.average_pool(self.relu(h))))
        return logits if side is None else (logits, side)


def nasnet_a(model: str = "mobile", *, aux: bool = False, num_classes: int = 1000, in_channels: int = 3) -> NASNet:
    """Build the "mobile" (4 @ 1056) or the "large" (6 @ 4032) network.

    With `aux` it also returns the logits of the side classifier on the cell before the second reduction.
    """
    return NASNet(choose(MODELS, model, "model"), num_classes, in_channels, aux=aux)
