"""One hue and one shape for each line of networks, so that charts are readable without colour."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from archcost.charts.theme import Theme

# line: its families in the zoo. Each line has its own shape; the first lines also have their own hue.
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
# the networks of the lectures: in crowded charts these are named first
LECTURED = (
    "alexnet", "alexnet_owt", "vgg16", "googlenet", "resnet50", "resnet152", "inception_v3", "inception_v4", "senet154",
    "efficientnet_b4",
)  # fmt: skip
SHAPES = ("o", "s", "^", "D", "v", "P", "X", "*", "p", "<", ">", "h", "d", "8", "H")
_LINE_OF = {family: line for line, families in LINES.items() for family in families}


def find_line(family: str) -> str:
    """Return a family's line; a family outside the zoo is a line of its own."""
    return _LINE_OF.get(family, family)


def assign_looks(families: Iterable[str], theme: Theme) -> Mapping[str, tuple[str, str]]:
    """Return hue and shape of each line in a chart, in the order of the legend.

    No two lines share a hue. The first of `LINES` always keep theirs; others take the hues that are unused in this
    chart. If no hue is left, they are grey, and only the shape distinguishes them.
    """
    shown = {find_line(family) for family in families}
    places = {line: i for i, line in enumerate((*LINES, *sorted(shown - LINES.keys())))}
    ordered = sorted(shown, key=places.__getitem__)
    own = {line: theme.hues[places[line]] for line in ordered if places[line] < len(theme.hues)}
    free = [hue for hue in theme.hues if hue not in own.values()]
    others = [line for line in ordered if line not in own]
    own |= {line: free[i] if i < len(free) else theme.rest for i, line in enumerate(others)}
    return {line: (own[line], SHAPES[places[line] % len(SHAPES)]) for line in ordered}
