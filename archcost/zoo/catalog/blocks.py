"""The lectures' worked examples as networks of their own, each with the layers that it replaces."""

from dataclasses import replace

from archcost.zoo._registry import Series
from archcost.zoo.catalog.early import VGG
from archcost.zoo.catalog.efficient import MOBILENET_V1
from archcost.zoo.catalog.inception import GOOGLENET, INCEPTION_V3
from archcost.zoo.catalog.residual import RESNET

STACK = Series(
    family="Building blocks",
    paper=INCEPTION_V3.paper,
    lecture="Building blocks",
    dataset="building block",
    input=(64, 56, 56),
    builder="building_blocks:stack",
)

STACK_OF_3X3 = replace(STACK, paper=VGG.paper)

CONV_5X5 = replace(STACK, paper=GOOGLENET.paper, input=(256, 28, 28), builder="building_blocks:conv_5x5")

RESIDUAL = replace(STACK, paper=RESNET.paper, builder="building_blocks:residual")

GRID_REDUCTION = replace(STACK, input=(320, 35, 35), builder="building_blocks:grid_reduction")

CONV_3X3 = replace(STACK, paper=MOBILENET_V1.paper, input=(512, 14, 14), builder="building_blocks:conv_3x3")

ENTRIES = (
    STACK_OF_3X3.entry("block_7x7", "One 7x7 convolution", form="7x7"),
    STACK_OF_3X3.entry(
        "block_three_3x3",
        "Three 3x3 convolutions",
        variant_of="block_7x7",
        form="three_3x3",
        notes=("The receptive field of one 7x7 for 27 / 49 = 0.551 of its weights and multiply-adds.",),
    ),
    STACK.entry(
        "block_1x7_7x1",
        "1x7 and 7x1 convolutions",
        variant_of="block_7x7",
        form="1x7_7x1",
        notes=("2 / 7 = 0.286 of one 7x7, with the same width in both layers.",),
    ),
    STACK.entry("block_5x5", "One 5x5 convolution", form="5x5"),
    STACK.entry(
        "block_two_3x3",
        "Two 3x3 convolutions",
        variant_of="block_5x5",
        form="two_3x3",
        notes=(
            'The cost is 18 / 25 of one 5x5, so 28 % less, not "(9 + 9) / 25 less" as a lecture has it; another\'s '
            '"25 / (25 - 9 x 2) = 0.28" is (25 - 18) / 25.',
        ),
    ),
    STACK.entry("block_3x3", "One 3x3 convolution", form="3x3"),
    STACK.entry(
        "block_3x1_1x3",
        "3x1 and 1x3 convolutions",
        variant_of="block_3x3",
        form="3x1_1x3",
        notes=("6 / 9 of one 3x3, 33.3 % less, with the same width in both layers.",),
    ),
    STACK.entry(
        "block_two_2x2",
        "Two 2x2 convolutions",
        variant_of="block_3x3",
        form="two_2x2",
        notes=(
            "8 / 9 of one 3x3, the paper's 11 % less, where maps keep their size: padded on one side, here before the "
            "first and after the second. Other paddings change the first map to (H - 1)^2 or (H + 1)^2.",
        ),
    ),
    CONV_5X5.entry("block_direct_5x5", "5x5 convolution, 256 to 96 channels"),
    CONV_5X5.entry(
        "block_bottleneck_1x1",
        "1x1 convolution before the 5x5, 256 to 64 to 96 channels",
        variant_of="block_direct_5x5",
        reduced=64,
        notes=(
            "133,267,456 multiply-adds for 481,689,600, 72.3 % less. The 1x1's own 256 x reduced count too: with "
            "reduced above 256 x 25 x 96 / (256 + 25 x 96) = 231 it costs more than it saves.",
        ),
    ),
    RESIDUAL.entry("block_residual_basic", "Residual block, two 3x3 of 64 channels", form="basic"),
    RESIDUAL.entry(
        "block_residual_basic_256",
        "Residual block, two 3x3 of 256 channels",
        input=(256, 56, 56),
        variant_of="block_residual_basic",
        form="basic",
        in_channels=256,
        notes=("16.9 times the bottleneck on as many channels: 1,179,648 / 69,632.",),
    ),
    RESIDUAL.entry(
        "block_residual_bottleneck",
        "Residual bottleneck, 256 to 64 to 256 channels",
        input=(256, 56, 56),
        variant_of="block_residual_basic",
        form="bottleneck",
        in_channels=256,
        notes=(
            'Figure 5\'s "similar" complexity: 69,632 / 73,728 = 0.944 of the basic block on 64 channels. It is also '
            "the ResNet block of ResNeXt's figure 1; the ResNeXt block is resnext_block_c.",
        ),
    ),
    GRID_REDUCTION.entry(
        "block_grid_pool_then_conv",
        "Grid reduction, pool first",
        form="pool_then_conv",
        notes=("The representational bottleneck: the pool leaves 320 maps of 17x17.",),
    ),
    GRID_REDUCTION.entry(
        "block_grid_conv_then_pool",
        "Grid reduction, convolution first",
        variant_of="block_grid_pool_then_conv",
        form="conv_then_pool",
        notes=(
            'Figure 9\'s "3 times more expensive" is 4 times the cost of pooling first, 3 times more, where the size '
            "is even; from 35 to 17 it is 35^2 / 17^2 = 4.24 times.",
        ),
    ),
    GRID_REDUCTION.entry(
        "block_grid_parallel",
        "Grid reduction, convolution beside a pool",
        variant_of="block_grid_pool_then_conv",
        form="parallel",
        notes=("Half the cost of pooling first: 320 filters instead of 640, on as many places.",),
    ),
    CONV_3X3.entry("block_standard_conv", "3x3 convolution of 512 channels"),
    CONV_3X3.entry(
        "block_separable_conv",
        "Depthwise separable convolution of 512 channels",
        variant_of="block_standard_conv",
        separable=True,
        notes=("1 / N + 1 / k^2 = 1 / 512 + 1 / 9 = 0.1131 of the 3x3 convolution, 8.8 times less.",),
    ),
)
