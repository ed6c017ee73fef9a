"""Xception. Chollet, CVPR 2017, arXiv:1610.02357. Figure 5."""

from collections import OrderedDict

import torch
from torch import nn

from archcost.zoo._blocks import ConvBNReLU, global_average_pool

# Figure 5, blocks with two separable convolutions, a max pool and a projected shortcut: their filters
ENTRY_FLOW: tuple[tuple[int, ...], ...] = ((128, 128), (256, 256), (728, 728))
EXIT_FLOW = (728, 1024)
# Blocks with an identity shortcut, and the separable convolutions at the end
MIDDLE_FLOW: tuple[tuple[int, ...], ...] = ((728, 728, 728),) * 8
LAST = (1536, 2048)


class SeparableConv(nn.Sequential):
    """3x3 depthwise and 1x1 convolution with nothing between them, then batch normalisation."""

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.depthwise = nn.Conv2d(in_channels, in_channels, 3, padding=1, groups=in_channels, bias=False)
        self.pointwise = nn.Conv2d(in_channels, out_channels, 1, bias=False)
        self.bn = nn.BatchNorm2d(out_channels)


class Block(nn.Module):
    """A row of figure 5: separable convolutions with ReLUs before them, and a shortcut that is added.

    Without `relu_first` the first one has none. With `shrink` a max pool and a 1x1 shortcut of stride 2 end the block.
    """

    def __init__(
        self, in_channels: int, filters: tuple[int, ...], *, relu_first: bool = True, shrink: bool = True
    ) -> None:
        super().__init__()
        self.residual = nn.Sequential()
        channels = in_channels
        for index, count in enumerate(filters):
            if index or relu_first:
                self.residual.append(nn.ReLU(inplace=index > 0))  # the shortcut needs what the first one sees
            self.residual.append(SeparableConv(channels, count))
            channels = count
        self.shortcut: nn.Module = nn.Identity()
        if shrink:
            # paper: TensorFlow pads maps of even size on one side only; symmetric padding gives the same sizes.
            self.residual.append(nn.MaxPool2d(3, 2, padding=1))
            self.shortcut = ConvBNReLU(in_channels, channels, 1, stride=2, activation=None)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.residual(x) + self.shortcut(x)


class Xception(nn.Sequential):
    """Figure 5 from top to bottom."""


def xception(*, num_classes: int = 1000, in_channels: int = 3) -> Xception:
    """Build the network without the optional fully connected layers."""
    layers: OrderedDict[str, nn.Module] = OrderedDict()
    # paper: silent; the author's code (Keras) does not pad these two.
    layers["conv1"] = ConvBNReLU(in_channels, 32, 3, stride=2, padding=0)
    layers["conv2"] = ConvBNReLU(32, 64, 3, padding=0)
    channels = 64
    for index, filters in enumerate(ENTRY_FLOW, start=1):
        layers[f"entry{index}"] = Block(channels, filters, relu_first=index > 1)
        channels = filters[-1]
    for index, filters in enumerate(MIDDLE_FLOW, start=1):
        layers[f"middle{index}"] = Block(channels, filters, shrink=False)
    layers["exit"] = Block(channels, EXIT_FLOW)
    channels = EXIT_FLOW[-1]
    for index, count in enumerate(LAST, start=1):
        layers[f"separable{index}"] = SeparableConv(channels, count)
        layers[f"relu{index}"] = nn.ReLU(inplace=True)
        channels = count
    layers["average_pool"] = global_average_pool()
    layers["dropout"] = nn.Dropout(0.5)  # section 4.3
    layers["fc"] = nn.Linear(channels, num_classes)
    return Xception(layers)
