"""The papers' modules as networks of their own, each as its network has it, on the maps that it gets there."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from archcost.zoo.catalog.early import NIN
from archcost.zoo.catalog.efficient import (
    MOBILENET_V1,
    MOBILENET_V2,
    MOBILENET_V3,
    NASNET,
    SHUFFLENET_V1,
    SHUFFLENET_V2,
    SQUEEZENET,
    XCEPTION,
)
from archcost.zoo.catalog.inception import (
    BN_INCEPTION,
    GOOGLENET,
    INCEPTION_RESNET,
    INCEPTION_V2,
    INCEPTION_V3,
    INCEPTION_V4,
)
from archcost.zoo.catalog.residual import DENSENET, FRACTALNET, PRERESNET, RESNET, RESNEXT, SENET

if TYPE_CHECKING:
    from archcost.zoo._registry import Entry, Series

Row = tuple[str, str, tuple[int, int, int], str]

# Name, where it is ("network::module"), the maps that come in, title
ROWS: tuple[tuple[Series, tuple[Row, ...]], ...] = (
    (NIN, (("mlpconv", "nin_cifar10::mlpconv1", (3, 32, 32), "mlpconv layer (figure 1)"),)),
    (
        GOOGLENET,
        (
            ("googlenet_3a", "googlenet::inception3a", (192, 28, 28), "GoogLeNet's module 3a (figure 2)"),
            ("googlenet_side_classifier", "googlenet_aux::aux1", (512, 14, 14), "GoogLeNet's side classifier"),
        ),
    ),
    (
        BN_INCEPTION,
        (
            ("bn_inception_3a", "bn_inception::inception3a", (192, 28, 28), "BN-Inception's module 3a"),
            ("bn_inception_3c", "bn_inception::inception3c", (320, 28, 28), "BN-Inception's module of stride 2"),
        ),
    ),
    (INCEPTION_V2, (("inception_v2_a", "inception_v2::figure5.0", (288, 35, 35), "Inception-v2 A (figure 5)"),)),
    (
        INCEPTION_V3,
        (
            ("inception_v3_a", "inception_v3::trunk.mixed5d", (288, 35, 35), "Inception-v3 A"),
            ("inception_v3_b", "inception_v3::trunk.mixed6e", (768, 17, 17), "Inception-v3 B (figure 6)"),
            ("inception_v3_c", "inception_v3::tail.mixed7c", (2048, 8, 8), "Inception-v3 C (figure 7)"),
            ("inception_v3_reduction_a", "inception_v3::trunk.mixed6a", (288, 35, 35), "Grid reduction (figure 10)"),
            ("inception_v3_reduction_b", "inception_v3::tail.mixed7a", (768, 17, 17), "Grid reduction to 8x8"),
        ),
    ),
    (
        INCEPTION_V4,
        (
            ("inception_v4_stem", "inception_v4::stem", (3, 299, 299), "Inception-v4 stem (figure 3)"),
            ("inception_v4_a", "inception_v4::inception_a.0", (384, 35, 35), "Inception-v4 A (figure 4)"),
            ("inception_v4_b", "inception_v4::inception_b.0", (1024, 17, 17), "Inception-v4 B (figure 5)"),
            ("inception_v4_c", "inception_v4::inception_c.0", (1536, 8, 8), "Inception-v4 C (figure 6)"),
            ("inception_v4_reduction_a", "inception_v4::reduction_a", (384, 35, 35), "Reduction-A (figure 7)"),
            ("inception_v4_reduction_b", "inception_v4::reduction_b", (1024, 17, 17), "Reduction-B (figure 8)"),
        ),
    ),
    (
        INCEPTION_RESNET,
        (
            ("inception_resnet_v1_a", "inception_resnet_v1::trunk.inception_a.0", (256, 35, 35),
             "Inception-ResNet-v1 A (figure 10)"),
            ("inception_resnet_v1_b", "inception_resnet_v1::trunk.inception_b.0", (896, 17, 17),
             "Inception-ResNet-v1 B (figure 11)"),
            ("inception_resnet_v1_c", "inception_resnet_v1::tail.inception_c.0", (1792, 8, 8),
             "Inception-ResNet-v1 C (figure 13)"),
            ("inception_resnet_v2_a", "inception_resnet_v2_paper::trunk.inception_a.0", (384, 35, 35),
             "Inception-ResNet-v2 A (figure 16)"),
            ("inception_resnet_v2_b", "inception_resnet_v2_paper::trunk.inception_b.0", (1152, 17, 17),
             "Inception-ResNet-v2 B (figure 17)"),
            ("inception_resnet_v2_c", "inception_resnet_v2_paper::tail.inception_c.0", (2144, 8, 8),
             "Inception-ResNet-v2 C (figure 19)"),
        ),
    ),
    (
        RESNET,
        (
            ("resnet_basic", "resnet18::conv3_x.1", (128, 28, 28), "ResNet's basic block (figure 5, left)"),
            ("resnet_option_a", "resnet34_A::conv3_x.0", (64, 56, 56), "ResNet's block with shortcut A"),
            ("resnet_option_b", "resnet34::conv3_x.0", (64, 56, 56), "ResNet's block with shortcut B"),
            ("resnet_bottleneck", "resnet50::conv3_x.1", (512, 28, 28), "ResNet's bottleneck (figure 5, right)"),
        ),
    ),
    (PRERESNET, (("preresnet_unit", "preresnet200::conv3_x.1", (512, 28, 28), "Pre-activation unit (figure 4 e)"),)),
    (RESNEXT, (("resnext_bottleneck", "resnext50_32x4d::conv3.1", (512, 28, 28), "ResNeXt's bottleneck"),)),
    (SENET, (("se_bottleneck", "se_resnet50::conv3_x.1", (512, 28, 28), "SE-ResNet's bottleneck (figure 3)"),)),
    (
        DENSENET,
        (
            ("dense_layer", "densenet121::dense_block1.1", (96, 56, 56), "DenseNet's layer"),
            ("dense_block", "densenet121::dense_block1", (64, 56, 56), "DenseNet's block of 6 layers"),
            ("dense_transition", "densenet121::transition1", (256, 56, 56), "DenseNet's transition"),
        ),
    ),
    (FRACTALNET, (("fractal_block", "fractalnet20::block2", (64, 16, 16), "Fractal block of 3 columns (figure 1)"),)),
    (SQUEEZENET, (("fire", "squeezenet1_0::fire2", (96, 54, 54), "Fire module (figure 1)"),)),
    (XCEPTION, (("xception_middle", "xception::middle1", (728, 19, 19), "Xception's middle flow (figure 5)"),)),
    (MOBILENET_V1, (("mobilenet_v1_unit", "mobilenet_v1::conv8", (512, 14, 14), "MobileNet's unit (figure 3)"),)),
    (
        MOBILENET_V2,
        (("mobilenet_v2_bottleneck", "mobilenet_v2::bottlenecks3.1", (32, 28, 28), "Inverted residual (figure 3)"),),
    ),
    (MOBILENET_V3, (("mobilenet_v3_bneck", "mobilenet_v3_large::bneck5", (40, 28, 28), "MobileNetV3's bneck"),)),
    (
        SHUFFLENET_V1,
        (
            ("shufflenet_v1_unit", "shufflenet_v1::stage2.1", (240, 28, 28), "ShuffleNet's unit (figure 2 b)"),
            ("shufflenet_v1_reduction", "shufflenet_v1::stage2.0", (24, 56, 56), "ShuffleNet's unit of stride 2"),
        ),
    ),
    (
        SHUFFLENET_V2,
        (
            ("shufflenet_v2_unit", "shufflenet_v2::stage2.1", (116, 28, 28), "ShuffleNetV2's unit (figure 3 c)"),
            ("shufflenet_v2_reduction", "shufflenet_v2::stage2.0", (24, 56, 56), "ShuffleNetV2's unit of stride 2"),
        ),
    ),
    (
        NASNET,
        (
            ("nasnet_normal_cell", "nasnet_a_mobile::cells.cell3", (264, 28, 28), "NASNet-A's normal cell"),
            ("nasnet_reduction_cell", "nasnet_a_mobile::cells.reduction1", (264, 28, 28), "NASNet-A's reduction cell"),
        ),
    ),
)  # fmt: skip

MODULE = replace(RESNET, family="Modules", dataset="building block", builder="parts:part")

SE_INCEPTION = replace(MODULE, paper=SENET.paper, lecture=SENET.lecture, builder="senet:se_inception").entry(
    "se_inception", "SE-Inception (figure 2), on BN-Inception's module 3a", input=(192, 28, 28)
)


def _build_entry(series: Series, row: Row) -> Entry:
    name, place, maps, title = row
    whole, _, path = place.partition("::")
    shared = replace(MODULE, paper=series.paper, lecture=series.lecture, input=maps)
    entry = shared.entry(name, title, network=whole, path=path, notes=(f"As in {place}.",))
    return replace(entry, inputs=2) if series is NASNET else entry


ENTRIES = (*(_build_entry(series, row) for series, rows in ROWS for row in rows), SE_INCEPTION)
