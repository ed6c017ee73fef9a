"""Inception-v3. Szegedy et al., "Rethinking the Inception Architecture", CVPR 2016, arXiv:1512.00567.

paper: prints no widths; modules, widths and names (5b to 7c) are those of the released network (TF-Slim, torchvision).
"""

from collections import OrderedDict

import torch
from torch import nn

from archcost.zoo._blocks import Concatenate, ConvBNReLU, global_average_pool

Kernel = int | tuple[int, int]


def conv(in_channels: int, width: int, kernel: Kernel, stride: int = 1, padding: int | None = None) -> ConvBNReLU:
    """Convolution, normalisation with the released epsilon, ReLU."""
    return ConvBNReLU(in_channels, width, kernel, stride, padding, eps=1e-3)


def chain(in_channels: int, *steps: tuple[int, Kernel], reduction: bool = False) -> nn.Sequential:
    """Convolutions by (width, kernel); in a reduction the last one has stride 2 and no padding."""
    layers = []
    for index, (width, kernel) in enumerate(steps, start=1):
        last = reduction and index == len(steps)
        layers.append(
            conv(in_channels, width, kernel, stride=2, padding=0) if last else conv(in_channels, width, kernel)
        )
        in_channels = width
    return nn.Sequential(*layers)


def pooled(in_channels: int, width: int) -> nn.Sequential:
    """3x3 average pool that keeps the size, then a 1x1 convolution."""
    return nn.Sequential(nn.AvgPool2d(3, 1, padding=1, count_include_pad=False), conv(in_channels, width, 1))


class InceptionA(Concatenate):
    """The module on 35x35 maps (figure 5; released with one 5x5 for its first pair of 3x3 convolutions)."""

    def __init__(self, in_channels: int, projection: int) -> None:
        super().__init__(
            conv1x1=conv(in_channels, 64, 1),
            conv5x5=chain(in_channels, (48, 1), (64, 5)),
            double3x3=chain(in_channels, (64, 1), (96, 3), (96, 3)),
            pool=pooled(in_channels, projection),
        )


class ReductionA(Concatenate):
    """From 35x35 to 17x17 (figure 10)."""

    def __init__(self, in_channels: int) -> None:
        super().__init__(
            conv3x3=chain(in_channels, (384, 3), reduction=True),
            double3x3=chain(in_channels, (64, 1), (96, 3), (96, 3), reduction=True),
            pool=nn.MaxPool2d(3, 2),
        )


class InceptionB(Concatenate):
    """The module with factorised 7x7 convolutions on 17x17 maps (figure 6, n = 7)."""

    def __init__(self, in_channels: int, width: int) -> None:
        c = width
        super().__init__(
            conv1x1=conv(in_channels, 192, 1),
            conv7x7=chain(in_channels, (c, 1), (c, (1, 7)), (192, (7, 1))),
            double7x7=chain(in_channels, (c, 1), (c, (7, 1)), (c, (1, 7)), (c, (7, 1)), (192, (1, 7))),
            pool=pooled(in_channels, 192),
        )


class ReductionB(Concatenate):
    """From 17x17 to 8x8."""

    def __init__(self, in_channels: int) -> None:
        super().__init__(
            conv3x3=chain(in_channels, (192, 1), (320, 3), reduction=True),
            conv7x7=chain(in_channels, (192, 1), (192, (1, 7)), (192, (7, 1)), (192, 3), reduction=True),
            pool=nn.MaxPool2d(3, 2),
        )


class InceptionC(Concatenate):
    """The module with expanded filter banks on 8x8 maps (figure 7)."""

    def __init__(self, in_channels: int) -> None:
        super().__init__(
            conv1x1=conv(in_channels, 320, 1),
            conv3x3=nn.Sequential(conv(in_channels, 384, 1), self.bank(384)),
            double3x3=nn.Sequential(conv(in_channels, 448, 1), conv(448, 384, 3), self.bank(384)),
            pool=pooled(in_channels, 192),
        )

    @staticmethod
    def bank(in_channels: int) -> Concatenate:
        """1x3 and 3x1 convolutions side by side."""
        return Concatenate(conv1x3=conv(in_channels, 384, (1, 3)), conv3x1=conv(in_channels, 384, (3, 1)))


class Auxiliary(nn.Sequential):
    """The side classifier on the last 17x17 maps (figure 8); dropped after training."""

    def __init__(self, in_channels: int, num_classes: int) -> None:
        super().__init__()
        self.pool = nn.AvgPool2d(5, 3)
        self.conv1 = conv(in_channels, 128, 1)
        self.conv2 = conv(128, 768, 5, padding=0)
        self.flatten = nn.Flatten()
        self.fc = nn.Linear(768, num_classes)


class InceptionV3(nn.Module):
    """Trunk to the last 17x17 maps, side classifier, tail."""

    def __init__(self, in_channels: int, num_classes: int, *, aux: bool) -> None:
        super().__init__()
        self.trunk = nn.Sequential(
            OrderedDict[str, nn.Module](
                conv1a=conv(in_channels, 32, 3, stride=2, padding=0),
                conv2a=conv(32, 32, 3, padding=0),
                conv2b=conv(32, 64, 3),
                pool3a=nn.MaxPool2d(3, 2),
                conv3b=conv(64, 80, 1),
                conv4a=conv(80, 192, 3, padding=0),
                pool5a=nn.MaxPool2d(3, 2),
                mixed5b=InceptionA(192, 32),
                mixed5c=InceptionA(256, 64),
                mixed5d=InceptionA(288, 64),
                mixed6a=ReductionA(288),
                mixed6b=InceptionB(768, 128),
                mixed6c=InceptionB(768, 160),
                mixed6d=InceptionB(768, 160),
                mixed6e=InceptionB(768, 192),
            )
        )
        self.aux = Auxiliary(768, num_classes) if aux else None
        self.tail = nn.Sequential(
            OrderedDict[str, nn.Module](
                mixed7a=ReductionB(768),
                mixed7b=InceptionC(1280),
                mixed7c=InceptionC(2048),
                pool=global_average_pool(),
                dropout=nn.Dropout(0.5),
                fc=nn.Linear(2048, num_classes),
            )
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor | tuple[torch.Tensor, torch.Tensor]:
        x = self.trunk(x)
        if self.aux is None:
            return self.tail(x)
        return self.tail(x), self.aux(x)


def inception_v3(*, aux: bool = False, num_classes: int = 1000, in_channels: int = 3) -> InceptionV3:
    """Build the released network; with `aux` it also returns the logits of the side classifier."""
    return InceptionV3(in_channels, num_classes, aux=aux)
