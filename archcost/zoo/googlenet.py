"""GoogLeNet. Szegedy et al., "Going Deeper with Convolutions", CVPR 2015, arXiv:1409.4842. Table 1 and section 5."""

from collections import OrderedDict

import torch
from torch import nn

from archcost.zoo._blocks import global_average_pool

# Table 1: #1x1, #3x3 reduce, #3x3, #5x5 reduce, #5x5, pool proj
TABLE_1 = {
    "3a": (64, 96, 128, 16, 32, 32),
    "3b": (128, 128, 192, 32, 96, 64),
    "4a": (192, 96, 208, 16, 48, 64),
    "4b": (160, 112, 224, 24, 64, 64),
    "4c": (128, 128, 256, 24, 64, 64),
    "4d": (112, 144, 288, 32, 64, 64),
    "4e": (256, 160, 320, 32, 128, 128),
    "5a": (256, 160, 320, 32, 128, 128),
    "5b": (384, 192, 384, 48, 128, 128),
}


class ConvReLU(nn.Sequential):
    """Convolution with bias, then ReLU; the padding keeps the size."""

    def __init__(self, in_channels: int, out_channels: int, kernel: int, stride: int = 1) -> None:
        super().__init__()
        self.conv = nn.Conv2d(in_channels, out_channels, kernel, stride, padding=kernel // 2)
        self.relu = nn.ReLU(inplace=True)


class Inception(nn.Module):
    """Figure 2(b)."""

    def __init__(self, in_channels: int, row: tuple[int, int, int, int, int, int]) -> None:
        super().__init__()
        n1x1, n3x3_reduce, n3x3, n5x5_reduce, n5x5, pool_proj = row
        self.conv1x1 = ConvReLU(in_channels, n1x1, 1)
        self.reduce3x3 = ConvReLU(in_channels, n3x3_reduce, 1)
        self.conv3x3 = ConvReLU(n3x3_reduce, n3x3, 3)
        self.reduce5x5 = ConvReLU(in_channels, n5x5_reduce, 1)
        self.conv5x5 = ConvReLU(n5x5_reduce, n5x5, 5)
        self.pool = nn.MaxPool2d(3, 1, padding=1)
        self.project = ConvReLU(in_channels, pool_proj, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        branch3x3 = self.conv3x3(self.reduce3x3(x))
        branch5x5 = self.conv5x5(self.reduce5x5(x))
        return torch.cat([self.conv1x1(x), branch3x3, branch5x5, self.project(self.pool(x))], dim=1)


class Auxiliary(nn.Sequential):
    """The side classifier of section 5; the paper drops it after training."""

    def __init__(self, in_channels: int, num_classes: int) -> None:
        super().__init__()
        self.pool = nn.AvgPool2d(5, 3)
        self.conv = ConvReLU(in_channels, 128, 1)
        self.flatten = nn.Flatten()
        self.fc1 = nn.Linear(128 * 4 * 4, 1024)
        self.relu = nn.ReLU(inplace=True)
        self.dropout = nn.Dropout(0.7)
        self.fc2 = nn.Linear(1024, num_classes)


def _max_pool() -> nn.MaxPool2d:
    return nn.MaxPool2d(3, 2, ceil_mode=True)


def _normalise() -> nn.LocalResponseNorm:
    # paper: silent; the constants are those of Caffe's bvlc_googlenet.
    return nn.LocalResponseNorm(5, alpha=1e-4, beta=0.75, k=1.0)


def _stem(in_channels: int, *, separable: bool) -> nn.Sequential:
    """Return the rows up to the second max pool."""
    conv1: nn.Module = ConvReLU(in_channels, 64, 7, stride=2)
    if separable:
        # paper: table 1's 2.7K parameters and 34M operations fit this alone; bias as in every other convolution.
        depthwise = nn.Conv2d(in_channels, 8 * in_channels, 7, stride=2, padding=3, groups=in_channels)
        conv1 = nn.Sequential(OrderedDict(depthwise=depthwise, pointwise=ConvReLU(8 * in_channels, 64, 1)))
    return nn.Sequential(
        OrderedDict[str, nn.Module](
            conv1=conv1,
            pool1=_max_pool(),
            norm1=_normalise(),
            reduce2=ConvReLU(64, 64, 1),
            conv2=ConvReLU(64, 192, 3),
            norm2=_normalise(),
            pool2=_max_pool(),
        )
    )


class GoogLeNet(nn.Module):
    """Stem, nine Inception modules, average pool and one linear layer."""

    def __init__(self, stem: nn.Sequential, num_classes: int, *, aux: bool) -> None:
        super().__init__()
        self.stem = stem
        self.inception3a = Inception(192, TABLE_1["3a"])
        self.inception3b = Inception(256, TABLE_1["3b"])
        self.pool3 = _max_pool()
        self.inception4a = Inception(480, TABLE_1["4a"])
        self.aux1 = Auxiliary(512, num_classes) if aux else None
        self.inception4b = Inception(512, TABLE_1["4b"])
        self.inception4c = Inception(512, TABLE_1["4c"])
        self.inception4d = Inception(512, TABLE_1["4d"])
        self.aux2 = Auxiliary(528, num_classes) if aux else None
        self.inception4e = Inception(528, TABLE_1["4e"])
        self.pool4 = _max_pool()
        self.inception5a = Inception(832, TABLE_1["5a"])
        self.inception5b = Inception(832, TABLE_1["5b"])
        self.pool5 = global_average_pool()
        self.dropout = nn.Dropout(0.4)
        self.fc = nn.Linear(1024, num_classes)

    def forward(self, x: torch.Tensor) -> torch.Tensor | tuple[torch.Tensor, ...]:
        x = self.stem(x)
        x = self.pool3(self.inception3b(self.inception3a(x)))
        x = self.inception4a(x)
        sides = [self.aux1(x)] if self.aux1 is not None else []
        x = self.inception4d(self.inception4c(self.inception4b(x)))
        if self.aux2 is not None:
            sides.append(self.aux2(x))
        x = self.pool4(self.inception4e(x))
        x = self.pool5(self.inception5b(self.inception5a(x)))
        logits: torch.Tensor = self.fc(self.dropout(x))
        return (logits, *sides) if sides else logits


def googlenet(
    *, aux: bool = False, separable: bool = False, num_classes: int = 1000, in_channels: int = 3
) -> GoogLeNet:
    """Build the network; with `aux` it also returns the logits of the side classifiers on 4a and 4d.

    `separable` makes the first layer a depthwise 7x7 convolution with multiplier 8 and a 1x1 convolution.
    """
    return GoogLeNet(_stem(in_channels, separable=separable), num_classes, aux=aux)
