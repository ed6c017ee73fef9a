"""AlexNet. Krizhevsky, Sutskever and Hinton, NIPS 2012 (no arXiv id). Section 3.5 and figure 2.

`owt` is the network of Krizhevsky, "One weird trick for parallelizing convolutional neural networks", 2014,
arXiv:1404.5997, with the widths of torchvision.
"""

from collections import OrderedDict
from dataclasses import dataclass

from torch import nn

from archcost.zoo._blocks import choose


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """The differences: conv1 to conv5, the place of the normalisation, and the full layers after a dropout."""

    widths: tuple[int, int, int, int, int]
    groups: tuple[int, int, int, int, int] = (1, 1, 1, 1, 1)
    padding: int = 0
    norm: str | None
    dropout: tuple[int, int] = (7, 8)


VARIANTS = {
    "lecture": Variant(widths=(96, 256, 384, 384, 256), norm="after pool"),
    "grouped": Variant(widths=(96, 256, 384, 384, 256), groups=(1, 2, 1, 2, 2), norm="before pool"),
    "owt": Variant(widths=(64, 192, 384, 256, 256), padding=2, norm=None, dropout=(6, 7)),
}


def _pool(index: int, norm: str | None) -> dict[str, nn.Module]:
    """Return the overlapping max pool, with the normalisation on its side of it."""
    pool: dict[str, nn.Module] = {f"pool{index}": nn.MaxPool2d(3, 2)}
    if norm is None:
        return pool
    # paper: alpha = 1e-4 for each of the 5 maps; torch divides alpha by their number.
    response: dict[str, nn.Module] = {f"norm{index}": nn.LocalResponseNorm(5, alpha=5e-4, beta=0.75, k=2.0)}
    return pool | response if norm == "after pool" else response | pool


def _full(index: int, in_features: int, out_features: int, dropout: tuple[int, int]) -> dict[str, nn.Module]:
    """Return a fully connected layer, after dropout where the variant has it."""
    before: dict[str, nn.Module] = {f"dropout{index}": nn.Dropout(0.5)} if index in dropout else {}
    return before | {f"fc{index}": nn.Linear(in_features, out_features)}


def alexnet(variant: str = "lecture", *, num_classes: int = 1000, in_channels: int = 3) -> nn.Sequential:
    """Build one column without groups (`lecture`), both GPUs' columns as groups (`grouped`) or `owt`."""
    row = choose(VARIANTS, variant, "variant")
    w, g = row.widths, row.groups
    return nn.Sequential(
        OrderedDict[str, nn.Module](
            # paper: prints 224x224; 55x55 maps without padding need 227x227.
            conv1=nn.Conv2d(in_channels, w[0], 11, stride=4, padding=row.padding, groups=g[0]),
            relu1=nn.ReLU(inplace=True),
            **_pool(1, row.norm),
            conv2=nn.Conv2d(w[0], w[1], 5, padding=2, groups=g[1]),
            relu2=nn.ReLU(inplace=True),
            **_pool(2, row.norm),
            conv3=nn.Conv2d(w[1], w[2], 3, padding=1, groups=g[2]),
            relu3=nn.ReLU(inplace=True),
            conv4=nn.Conv2d(w[2], w[3], 3, padding=1, groups=g[3]),
            relu4=nn.ReLU(inplace=True),
            conv5=nn.Conv2d(w[3], w[4], 3, padding=1, groups=g[4]),
            relu5=nn.ReLU(inplace=True),
            pool3=nn.MaxPool2d(3, 2),
            flatten=nn.Flatten(),  # torchvision's adaptive pool before it is the identity at 224x224
            **_full(6, w[4] * 6 * 6, 4096, row.dropout),
            relu6=nn.ReLU(inplace=True),
            **_full(7, 4096, 4096, row.dropout),
            relu7=nn.ReLU(inplace=True),
            **_full(8, 4096, num_classes, row.dropout),
        )
    )
