"""Inception-v2 of table 1. Szegedy et al., "Rethinking the Inception Architecture", CVPR 2016, arXiv:1512.00567.

paper: a reconstruction. Table 1 gives sizes and module kinds; the widths inside the modules and the two reductions,
which it does not print, are those of the released Inception-v3.
"""

from collections import OrderedDict

from torch import nn

from archcost.zoo._blocks import Concatenate, choose, global_average_pool
from archcost.zoo.inception_v3 import InceptionB, InceptionC, ReductionA, ReductionB, chain, conv, pooled

# The widths c of the modules of figure 6, by how many there are; the table says five, the released v3 has four.
FIGURE_6 = {5: (128, 160, 160, 192, 192), 4: (128, 160, 160, 192)}


class Figure5(Concatenate):
    """The module on 35x35 maps as it is drawn: two 3x3 convolutions in place of the 5x5."""

    def __init__(self, in_channels: int) -> None:
        super().__init__(
            conv1x1=conv(in_channels, 64, 1),
            conv3x3=chain(in_channels, (48, 1), (64, 3)),
            double3x3=chain(in_channels, (64, 1), (96, 3), (96, 3)),
            pool=pooled(in_channels, 64),
        )


def inception_v2(figure6_modules: int = 5, *, num_classes: int = 1000, in_channels: int = 3) -> nn.Sequential:
    """Build table 1 from top to bottom, with five modules of figure 6 as printed, or four."""
    widths = choose(FIGURE_6, figure6_modules, "number of figure 6 modules")
    return nn.Sequential(
        OrderedDict[str, nn.Module](
            conv1=conv(in_channels, 32, 3, stride=2, padding=0),
            conv2=conv(32, 32, 3, padding=0),
            conv3=conv(32, 64, 3),
            pool=nn.MaxPool2d(3, 2),
            conv4=conv(64, 80, 3, padding=0),
            conv5=conv(80, 192, 3, stride=2, padding=0),
            conv6=conv(192, 288, 3),  # paper: not marked as padded, but 35x35 stays 35x35
            figure5=nn.Sequential(*(Figure5(288) for _ in range(3))),
            reduction_a=ReductionA(288),
            figure6=nn.Sequential(*(InceptionB(768, c) for c in widths)),
            reduction_b=ReductionB(768),
            figure7=nn.Sequential(InceptionC(1280), InceptionC(2048)),
            average=global_average_pool(),
            linear=nn.Linear(2048, num_classes),
        )
    )
