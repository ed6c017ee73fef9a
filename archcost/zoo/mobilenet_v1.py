"""MobileNet. Howard et al., 2017, arXiv:1704.04861. Table 1, section 3.3; table 4 for the network without pairs."""

from collections import OrderedDict

from torch import nn

from archcost.zoo._blocks import ConvBNReLU, check_multiplier, global_average_pool

# Table 1, a row for each pair: stride of "Conv dw", filters of the 1x1 "Conv / s1" after it
TABLE_1 = (
    (1, 64),
    (2, 128),
    (1, 128),
    (2, 256),
    (1, 256),
    (2, 512),
    (1, 512),
    (1, 512),
    (1, 512),
    (1, 512),
    (1, 512),
    (2, 1024),
    (1, 1024),  # paper: prints "s2", with 7x7 maps before and after it.
)


class DepthwiseSeparable(nn.Sequential):
    """Figure 3, right: 3x3 depthwise and 1x1 convolution, each with batch normalisation and ReLU."""

    def __init__(self, in_channels: int, out_channels: int, stride: int) -> None:
        super().__init__()
        self.depthwise = ConvBNReLU(in_channels, in_channels, 3, stride, groups=in_channels)
        self.pointwise = ConvBNReLU(in_channels, out_channels, 1)


class MobileNet(nn.Sequential):
    """The rows of table 1 in their order."""


def mobilenet_v1(
    width: float = 1.0, *, separable: bool = True, num_classes: int = 1000, in_channels: int = 3
) -> MobileNet:
    """Build table 1 with all widths times `width`; the resolution multiplier is the size of the input.

    Without `separable` every pair is one full 3x3 convolution.
    """
    check_multiplier("width", width)
    # paper: silent on fractions; TF-Slim rounds down, to no less than 8 filters.
    filters = [max(int(width * count), 8) for count in (32, *(count for _, count in TABLE_1))]
    layers: OrderedDict[str, nn.Module] = OrderedDict()
    # paper: TensorFlow pads maps of even size on one side only; symmetric padding, as here, gives the same sizes.
    layers["conv1"] = ConvBNReLU(in_channels, filters[0], 3, stride=2)
    for index, (stride, _) in enumerate(TABLE_1, start=1):
        before, after = filters[index - 1 : index + 1]
        layers[f"conv{index + 1}"] = (
            DepthwiseSeparable(before, after, stride) if separable else ConvBNReLU(before, after, 3, stride)
        )
    layers["average_pool"] = global_average_pool()
    layers["fc"] = nn.Linear(filters[-1], num_classes)
    return MobileNet(layers)
