"""Inception-v4. Szegedy, Ioffe, Vanhoucke and Alemi, AAAI 2017, arXiv:1602.07261. Figures 3 to 9 and table 1."""

from collections import OrderedDict

from torch import nn

from archcost.zoo._blocks import Concatenate, global_average_pool
from archcost.zoo.inception_v3 import Kernel, conv

Step = tuple[int, Kernel]

# Table 1: k, l, m, n of Reduction-A; the other two columns are in inception_resnet.py.
TABLE_1 = (192, 224, 256, 384)


def chain(in_channels: int, *steps: Step, stride: int = 1, padding: int | None = None) -> nn.Sequential:
    """Convolutions by (width, kernel); stride and padding are the last one's."""
    *first, (width, kernel) = steps
    layers = []
    for step in first:
        layers.append(conv(in_channels, *step))
        in_channels = step[0]
    return nn.Sequential(*layers, conv(in_channels, width, kernel, stride, padding))


def pooled(in_channels: int, width: int) -> nn.Sequential:
    """3x3 average pool that keeps the size, then a 1x1 convolution."""
    return nn.Sequential(nn.AvgPool2d(3, 1, padding=1, count_include_pad=False), conv(in_channels, width, 1))


def stem(in_channels: int) -> nn.Sequential:
    """Figure 3: 299x299 to 384 maps of 35x35, also for Inception-ResNet-v2."""
    return nn.Sequential(
        OrderedDict[str, nn.Module](
            conv1=conv(in_channels, 32, 3, stride=2, padding=0),
            conv2=conv(32, 32, 3, padding=0),
            conv3=conv(32, 64, 3),
            concat1=Concatenate(pool=nn.MaxPool2d(3, 2), conv=conv(64, 96, 3, stride=2, padding=0)),
            concat2=Concatenate(
                conv3x3=chain(160, (64, 1), (96, 3), padding=0),
                conv7x7=chain(160, (64, 1), (64, (7, 1)), (64, (1, 7)), (96, 3), padding=0),
            ),
            concat3=Concatenate(conv=conv(192, 192, 3, stride=2, padding=0), pool=nn.MaxPool2d(3, 2)),
        )
    )


class InceptionA(Concatenate):
    """Figure 4, 35x35."""

    def __init__(self) -> None:
        super().__init__(
            pool=pooled(384, 96),
            conv1x1=conv(384, 96, 1),
            conv3x3=chain(384, (64, 1), (96, 3)),
            double3x3=chain(384, (64, 1), (96, 3), (96, 3)),
        )


class InceptionB(Concatenate):
    """Figure 5, 17x17; the released network has 1x7 and 7x1 of the longest branch the other way round."""

    def __init__(self) -> None:
        super().__init__(
            pool=pooled(1024, 128),
            conv1x1=conv(1024, 384, 1),
            conv7x7=chain(1024, (192, 1), (224, (1, 7)), (256, (7, 1))),
            double7x7=chain(1024, (192, 1), (192, (1, 7)), (224, (7, 1)), (224, (1, 7)), (256, (7, 1))),
        )


class InceptionC(Concatenate):
    """Figure 6, 8x8; the released network has 1x3 and 3x1 of the longest branch the other way round."""

    def __init__(self) -> None:
        super().__init__(
            pool=pooled(1536, 256),
            conv1x1=conv(1536, 256, 1),
            conv3x3=nn.Sequential(conv(1536, 384, 1), self.bank(384)),
            double3x3=nn.Sequential(chain(1536, (384, 1), (448, (1, 3)), (512, (3, 1))), self.bank(512)),
        )

    @staticmethod
    def bank(in_channels: int) -> Concatenate:
        """1x3 and 3x1 convolutions side by side."""
        return Concatenate(conv1x3=conv(in_channels, 256, (1, 3)), conv3x1=conv(in_channels, 256, (3, 1)))


class ReductionA(Concatenate):
    """Figure 7, 35x35 to 17x17, for all networks of the paper."""

    def __init__(self, in_channels: int, k: int, l: int, m: int, n: int) -> None:  # noqa: E741 - the paper's letter
        super().__init__(
            pool=nn.MaxPool2d(3, 2),
            conv3x3=conv(in_channels, n, 3, stride=2, padding=0),
            double3x3=chain(in_channels, (k, 1), (l, 3), (m, 3), stride=2, padding=0),
        )


class ReductionB(Concatenate):
    """Figure 8, 17x17 to 8x8."""

    def __init__(self) -> None:
        super().__init__(
            pool=nn.MaxPool2d(3, 2),
            conv3x3=chain(1024, (192, 1), (192, 3), stride=2, padding=0),
            conv7x7=chain(1024, (256, 1), (256, (1, 7)), (320, (7, 1)), (320, 3), stride=2, padding=0),
        )


def inception_v4(*, num_classes: int = 1000, in_channels: int = 3) -> nn.Sequential:
    """Build figure 9."""
    return nn.Sequential(
        OrderedDict[str, nn.Module](
            stem=stem(in_channels),
            inception_a=nn.Sequential(*(InceptionA() for _ in range(4))),
            reduction_a=ReductionA(384, *TABLE_1),
            inception_b=nn.Sequential(*(InceptionB() for _ in range(7))),
            reduction_b=ReductionB(),
            inception_c=nn.Sequential(*(InceptionC() for _ in range(3))),
            pool=global_average_pool(),
            dropout=nn.Dropout(0.2),  # paper: keep 0.8
            fc=nn.Linear(1536, num_classes),
        )
    )
