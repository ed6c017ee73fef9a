"""ZFNet. Zeiler and Fergus, "Visualizing and Understanding Convolutional Networks", ECCV 2014, arXiv:1311.2901.

Transcribed from figure 3; the wider layers are those of table 2 and of the lecture.
"""

from collections import OrderedDict
from dataclasses import dataclass

from torch import nn

from archcost.zoo._blocks import choose


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """The widths of conv3 to conv5, stride of conv2, padding of conv1 and conv2, the size of the last maps."""

    widths: tuple[int, int, int]
    stride: int = 2
    padding: tuple[int, int] = (1, 0)
    size: int = 6


# paper: maps of 110, 55, 26, 13 and 6 follow from 224 with padding 1 in conv1 and pools that round up.
VARIANTS = {
    "paper": Variant(widths=(384, 384, 256)),
    "wide": Variant(widths=(512, 1024, 512)),
    # The lecture's recipe to the letter: AlexNet's padding in conv1, and its conv2 as it was.
    "literal": Variant(widths=(512, 1024, 512), stride=1, padding=(0, 2), size=13),
}


def _normalise() -> nn.LocalResponseNorm:
    """Return the contrast normalisation across maps, with AlexNet's constants (torch divides alpha by 5)."""
    return nn.LocalResponseNorm(5, alpha=5e-4, beta=0.75, k=2.0)


def zfnet(variant: str = "wide", *, num_classes: int = 1000, in_channels: int = 3) -> nn.Sequential:
    """Build figure 3 (`paper`), the lecture's widths (`wide`), or the lecture's recipe (`literal`, 227x227)."""
    row = choose(VARIANTS, variant, "variant")
    w3, w4, w5 = row.widths
    return nn.Sequential(
        OrderedDict[str, nn.Module](
            conv1=nn.Conv2d(in_channels, 96, 7, stride=2, padding=row.padding[0]),
            relu1=nn.ReLU(inplace=True),
            pool1=nn.MaxPool2d(3, 2, ceil_mode=True),
            norm1=_normalise(),
            conv2=nn.Conv2d(96, 256, 5, stride=row.stride, padding=row.padding[1]),
            relu2=nn.ReLU(inplace=True),
            pool2=nn.MaxPool2d(3, 2, ceil_mode=True),
            norm2=_normalise(),
            conv3=nn.Conv2d(256, w3, 3, padding=1),
            relu3=nn.ReLU(inplace=True),
            conv4=nn.Conv2d(w3, w4, 3, padding=1),
            relu4=nn.ReLU(inplace=True),
            conv5=nn.Conv2d(w4, w5, 3, padding=1),
            relu5=nn.ReLU(inplace=True),
            pool3=nn.MaxPool2d(3, 2),
            flatten=nn.Flatten(),
            fc6=nn.Linear(w5 * row.size * row.size, 4096),
            relu6=nn.ReLU(inplace=True),
            dropout6=nn.Dropout(0.5),
            fc7=nn.Linear(4096, 4096),
            relu7=nn.ReLU(inplace=True),
            dropout7=nn.Dropout(0.5),
            fc8=nn.Linear(4096, num_classes),
        )
    )
