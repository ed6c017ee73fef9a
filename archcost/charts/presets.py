"""Published charts and the lectures' worked examples: their networks and how they are drawn."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from archcost.errors import ArgumentError, closest
from archcost.records import Missing

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class Preset:
    """A kind of chart, its networks, its options, and the parts of the original that cannot be reproduced."""

    kind: str
    networks: tuple[str, ...]
    options: Mapping[str, Any] = field(default_factory=dict)
    missing: tuple[Missing, ...] = ()


def _build_block(title: str, *networks: str, **options: Any) -> Preset:
    return Preset(kind="block", networks=networks, options={"title": title, **options})


SEEN = ("params", "receptive_field")  # the quantities below blocks that argue by receptive field and cost


CANZIANI = (
    "alexnet_owt", "googlenet", "resnet18", "resnet34", "resnet50_v1.5", "resnet101_v1.5", "resnet152_v1.5", "vgg16",
    "vgg19", "inception_v3", "inception_v4",
)  # fmt: skip
NOT_IN_ZOO = tuple(
    Missing(spec=name, reason="it is in the paper's figure, but not in the zoo")
    for name in ("BN-AlexNet", "BN-NIN", "ENet")
)
# As read from the paper's figures; the figures that a reading got wrong by a known amount are left out. Figure 2: G
# operations and top-1 accuracy in per cent; figure 10: top-1 accuracy in per cent for each million parameters.
READ_POINTS = {
    "alexnet_owt": (2.0, 55.0), "googlenet": (3.0, 69.0), "resnet18": (3.0, 69.0), "resnet34": (7.0, 73.0),
    "resnet50_v1.5": (7.0, 73.0), "resnet152_v1.5": (23.0, 78.0), "vgg16": (30.0, 70.0), "vgg19": (39.0, 70.0),
}  # fmt: skip
READ_DENSITIES = {
    "alexnet_owt": 0.8, "googlenet": 9.8, "resnet18": 5.9, "resnet34": 3.3, "resnet50_v1.5": 2.9,
    "resnet101_v1.5": 1.7, "resnet152_v1.5": 1.2, "vgg16": 0.4, "vgg19": 0.4, "inception_v3": 3.2,
}  # fmt: skip
UNLIKE = "Unlike the paper's: on another device, and without BN-AlexNet, BN-NIN and ENet, which the zoo does not have"


def _build_measured(kind: str, title: str, **options: Any) -> Preset:
    """Return the paper's networks in a chart of measurements, which the paper took on one device of its own."""
    return Preset(
        kind=kind,
        networks=CANZIANI,
        options={"title": f"{title}: after Canziani et al. 2016", **options},
        missing=NOT_IN_ZOO,
    )


PRESETS: Mapping[str, Preset] = MappingProxyType(
    {
        # arXiv 1605.07678, figure 2: one central crop, two operations for each multiply-add, a linear axis
        "canziani-2016": Preset(
            kind="accuracy-flops",
            networks=CANZIANI,
            options={
                "labels": "all",
                "linear": True,
                "doubled": True,
                "limits": (-1.0, 44.0, 50.0, 85.0),  # AlexNet's ball reaches below zero
                "printed": READ_POINTS,
                "title": "Accuracy against operations: Canziani et al. 2016",
                "remark": "Unlike the paper's figure: accuracies as others published them; BN-AlexNet, BN-NIN and ENet "
                "are left out, the zoo does not have them",
            },
            missing=NOT_IN_ZOO,
        ),
        # figure 10
        "canziani-density": Preset(
            kind="density",
            networks=CANZIANI,
            options={
                "printed": READ_DENSITIES,
                "title": "Information density: Canziani et al. 2016",
            },
            missing=NOT_IN_ZOO,
        ),
        # figure 1, with the accuracies of figure 2; Inception-v3's operations are misread there, not its accuracy
        "canziani-accuracy": Preset(
            kind="accuracy",
            networks=CANZIANI,
            options={
                "printed": {name: top1 for name, (_, top1) in READ_POINTS.items()} | {"inception_v3": 76.0},
                "title": "Top-1 accuracy: Canziani et al. 2016",
            },
            missing=NOT_IN_ZOO,
        ),
        # figures 3 to 9: one central crop, figures of a device of one's own
        "canziani-time": _build_measured("time-batch", "Time of an image"),
        "canziani-power": _build_measured("power-batch", "Power"),
        "canziani-memory": _build_measured("allocation-batch", "Measured peak memory"),
        "canziani-operations": _build_measured(
            "flops-time", "Operations against time", doubled=True, labels="all", remark=UNLIKE
        ),
        "canziani-efficiency": _build_measured(
            "accuracy-rate", "Accuracy against images a second", labels="all", remark=UNLIKE
        ),
        "inception": _build_block(
            "Inception module: 1x1 convolutions first leave {share} % of the multiply-adds",
            "inception_naive",
            "inception_reduced",
        ),
        "5x5": _build_block("Two 3x3 convolutions see what one 5x5 sees", "block_5x5", "block_two_3x3", beside=SEEN),
        "7x7": _build_block(
            "Three 3x3 convolutions see what one 7x7 sees", "block_7x7", "block_three_3x3", "block_1x7_7x1",
            beside=SEEN,
        ),
        "3x3": _build_block(
            "Taking a 3x3 convolution apart leaves {share} % of the multiply-adds",
            "block_3x3",
            "block_3x1_1x3",
            "block_two_2x2",
            beside=SEEN,
        ),
        "1x1": _build_block(
            "A 1x1 convolution before a 5x5 leaves {share} % of the multiply-adds",
            "block_direct_5x5",
            "block_bottleneck_1x1",
        ),
        "residual": _build_block(
            "The bottleneck has four times the channels at no more cost",
            "block_residual_basic_256",
            "block_residual_basic",
            "block_residual_bottleneck",
            every_share=True,
        ),
        "resnext": _build_block(
            "ResNeXt's block costs what ResNet's does, in each of its forms",
            "block_residual_bottleneck",
            "resnext_block_a",
            "resnext_block_b",
            "resnext_block_c",
        ),
        "separable": _build_block(
            "A depthwise separable convolution takes {share} % of the multiply-adds",
            "block_standard_conv",
            "block_separable_conv",
        ),
        "grid-reduction": _build_block(
            "Halving the grid without a bottleneck, for {share} % of the multiply-adds of pooling first",
            "block_grid_pool_then_conv",
            "block_grid_conv_then_pool",
            "block_grid_parallel",
            said={"block_grid_conv_then_pool": "paper: “3 times more”"},
            remark="The paper's figure is for even sizes, where pooling first saves 3 of 4 parts; from 35 to 17 the "
            "ratio is 35² / 17² = 4.24",
        ),
    }
)  # fmt: skip


def choose_preset(name: str | None, kind: str) -> Preset:
    """Return the named preset for a kind of chart; without a name, an empty preset.

    Raises:
        ArgumentError: no preset has this name, or the preset is of another kind of chart.
    """
    if name is None:
        return Preset(kind=kind, networks=())
    found = find_preset(name)
    if found.kind != kind:
        raise ArgumentError(f"--preset {name} is a chart of {found.kind}, not of {kind}")
    return found


def find_preset(name: str) -> Preset:
    """Return the preset with a name.

    Raises:
        ArgumentError: no preset has this name.
    """
    if name not in PRESETS:
        hint = closest(name, PRESETS, f"there are {', '.join(PRESETS)}")
        raise ArgumentError(f"there is no preset {name!r}; {hint}")
    return PRESETS[name]
