"""Network in Network. Lin, Chen and Yan, ICLR 2014, arXiv:1312.4400. Figure 2 and section 4.

paper: prints no widths; they are those of the authors' Caffe models.
"""

from collections import OrderedDict
from dataclasses import dataclass

from torch import nn

from archcost.zoo._blocks import choose, global_average_pool


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One mlpconv layer (None: as wide as there are classes) and what follows it."""

    kernel: int
    stride: int = 1
    padding: int
    widths: tuple[int, int, int | None]
    pool: str
    dropout: bool = False


MODELS = {
    "cifar": (
        Row(kernel=5, padding=2, widths=(192, 160, 96), pool="max", dropout=True),
        Row(kernel=5, padding=2, widths=(192, 192, 192), pool="average", dropout=True),
        Row(kernel=3, padding=1, widths=(192, 192, None), pool="global"),
    ),
    "imagenet": (
        Row(kernel=11, stride=4, padding=0, widths=(96, 96, 96), pool="max"),
        Row(kernel=5, padding=2, widths=(256, 256, 256), pool="max"),
        Row(kernel=3, padding=1, widths=(384, 384, 384), pool="max", dropout=True),
        Row(kernel=3, padding=1, widths=(1024, 1024, None), pool="global"),
    ),
}


class MLPConv(nn.Sequential):
    """A convolution and two 1x1 convolutions over its maps, each with a ReLU."""

    def __init__(self, in_channels: int, row: Row, widths: tuple[int, int, int]) -> None:
        first, second, third = widths
        super().__init__(
            OrderedDict[str, nn.Module](
                conv=nn.Conv2d(in_channels, first, row.kernel, row.stride, row.padding),
                relu1=nn.ReLU(inplace=True),
                cccp1=nn.Conv2d(first, second, 1),
                relu2=nn.ReLU(inplace=True),
                cccp2=nn.Conv2d(second, third, 1),
                relu3=nn.ReLU(inplace=True),
            )
        )


def _pool(kind: str) -> nn.Module:
    if kind == "global":
        return global_average_pool()
    return nn.MaxPool2d(3, 2, ceil_mode=True) if kind == "max" else nn.AvgPool2d(3, 2, ceil_mode=True)


def nin(model: str = "imagenet", *, num_classes: int = 1000, in_channels: int = 3) -> nn.Sequential:
    """Build the model for `cifar` or `imagenet`; the last mlpconv layer has one map for each class."""
    layers: OrderedDict[str, nn.Module] = OrderedDict()
    for index, row in enumerate(choose(MODELS, model, "model"), start=1):
        first, second, third = row.widths
        width = num_classes if third is None else third
        layers[f"mlpconv{index}"] = MLPConv(in_channels, row, (first, second, width))
        layers[f"pool{index}"] = _pool(row.pool)
        if row.dropout:
            layers[f"dropout{index}"] = nn.Dropout(0.5)
        in_channels = width
    return nn.Sequential(layers)
