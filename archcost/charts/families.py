"""One hue and one shape for each line of networks, so that a chart can be read without colour, too."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from archcost.charts.theme import Theme

# line: the families of the zoo that it takes in. Each has a shape of its own, and as many of the first as there are
# hues have one of their own.
LINES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "VGG": ("VGG",),
        "EfficientNet": ("EfficientNet",),
        "ResNet": ("ResNet", "Pre-activation ResNet", "Wide ResNet"),
        "Inception": ("GoogLeNet", "BN-Inception", "Inception-v2", "Inception-v3", "Inception-v4", "Inception-ResNet"),
        "DenseNet": ("DenseNet",),
        "SENet": ("SENet",),
        "MobileNet": ("MobileNet", "MobileNetV2", "MobileNetV3"),
        "ResNeXt": ("ResNeXt",),
        "NASNet": ("NASNet",),
        "AlexNet, ZFNet": ("AlexNet", "ZFNet"),
        "Xception": ("Xception",),
        "ShuffleNet": ("ShuffleNet", "ShuffleNet V2"),
        "SqueezeNet": ("SqueezeNet",),
        "NiN": ("NiN",),
        "FractalNet": ("FractalNet",),
    }
)
# the networks that the lectures talk about: of many, these are named first
LECTURED = (
    "alexnet", "alexnet_owt", "vgg16", "googlenet", "resnet50", "resnet152", "inception_v3", "inception_v4", "senet154",
    "efficientnet_b4",
)  # fmt: skip
SHAPES = ("o", "s", "^", "D", "v", "P", "X", "*", "p", "<", ">", "h", "d", "8", "H")
_LINE_OF = {family: line for line, families in LINES.items() for family in families}


def find_line(family: str) -> str:
    """Return the line that a family belongs to; one that the zoo does not have is its own."""
    return _LINE_OF.get(family, family)


def assign_looks(families: Iterable[str], theme: Theme) -> Mapping[str, tuple[str, str]]:
    """Return hue and shape of each line that a chart shows, in the order of its legend.

    No two lines share a hue. The first of `LINES` always have theirs; others take the hues that are left over in this
    chart, and where none is, the grey of the rest: then the shape alone tells them apart.
    """
    shown = {find_line(family) for family in families}
    places = {line: i for i, line in enumerate((*LINES, *sorted(shown - LINES.keys())))}
    ordered = sorted(shown, key=places.__getitem__)
    own = {line: theme.hues[places[line]] for line in ordered if places[line] < len(theme.hues)}
    free = [hue for hue in theme.hues if hue not in own.values()]
    others = [line for line in ordered if line not in own]
    own |= {line: free[i] if i < len(free) else theme.rest for i, line in enumerate(others)}
    return {line: (own[line], SHAPES[places[line] % len(SHAPES)]) for line in ordered}
