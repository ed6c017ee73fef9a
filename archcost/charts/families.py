"""One hue and one shape for each line of networks, so that a chart can be read without colour, too."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from archcost.charts.theme import Theme

# line: the families of the zoo that it takes in. In this order hues and shapes are given, so that lines that meet in a
# chart differ in both.
LINES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "VGG": ("VGG",),
        "EfficientNet": ("EfficientNet",),
        "ResNet": ("ResNet", "Pre-activation ResNet", "Wide ResNet"),
        "Inception": ("GoogLeNet", "BN-Inception", "Inception-v2", "Inception-v3", "Inception-v4", "Inception-ResNet"),
        "DenseNet": ("DenseNet",),
        "SENet": ("SENet",),
        "ResNeXt": ("ResNeXt",),
        "MobileNet": ("MobileNet", "MobileNetV2", "MobileNetV3"),
        "NASNet": ("NASNet",),
        "AlexNet, ZFNet": ("AlexNet", "ZFNet"),
        "Xception": ("Xception",),
        "ShuffleNet": ("ShuffleNet", "ShuffleNet V2"),
        "SqueezeNet": ("SqueezeNet",),
        "NiN": ("NiN",),
        "FractalNet": ("FractalNet",),
    }
)
SHAPES = ("o", "s", "^", "D", "v", "P", "X", "*", "p", "<", ">", "h", "d", "8", "H")
_LINE_OF = {family: line for line, families in LINES.items() for family in families}


def find_line(family: str) -> str:
    """Return the line that a family belongs to; one that the zoo does not have is its own."""
    return _LINE_OF.get(family, family)


def assign_looks(families: Iterable[str], theme: Theme) -> Mapping[str, tuple[str, str]]:
    """Return hue and shape of each line that a chart shows, in the order of its legend; a line's are always the same.

    Lines that the zoo does not have take the ones that come after.
    """
    shown = {find_line(family) for family in families}
    places = {line: i for i, line in enumerate((*LINES, *sorted(shown - LINES.keys())))}
    return {
        line: (theme.hues[places[line] % len(theme.hues)], SHAPES[places[line] % len(SHAPES)])
        for line in sorted(shown, key=places.__getitem__)
    }
