"""ResNet and what came of it: pre-activation, Wide ResNet, ResNeXt, SENet, DenseNet, FractalNet."""

from dataclasses import replace

from archcost.zoo._registry import Paper, Series

RESNET = Series(
    family="ResNet",
    paper=Paper(
        title="Deep Residual Learning for Image Recognition",
        authors="He, Zhang, Ren, Sun",
        year=2016,
        venue="CVPR",
        arxiv="1512.03385",
    ),
    lecture="ResNet",
    dataset="ImageNet",
    input=(3, 224, 224),
    builder="resnet:resnet",
)

CIFAR_RESNET = replace(RESNET, dataset="CIFAR-10", input=(3, 32, 32), builder="resnet:cifar_resnet")

PRERESNET = Series(
    family="Pre-activation ResNet",
    paper=Paper(
        title="Identity Mappings in Deep Residual Networks",
        authors="He, Zhang, Ren, Sun",
        year=2016,
        venue="ECCV",
        arxiv="1603.05027",
    ),
    lecture="Beyond ResNet",
    dataset="ImageNet",
    input=(3, 224, 224),
    builder="preresnet:preresnet",
)

CIFAR_PRERESNET = replace(PRERESNET, dataset="CIFAR-10", input=(3, 32, 32), builder="preresnet:cifar_preresnet")

WIDE_RESNET = replace(
    PRERESNET,
    family="Wide ResNet",
    paper=Paper(
        title="Wide Residual Networks", authors="Zagoruyko, Komodakis", year=2016, venue="BMVC", arxiv="1605.07146"
    ),
    dataset="CIFAR-10",
    input=(3, 32, 32),
    builder="wide_resnet:wide_resnet",
)

WIDE_BOTTLENECK = replace(
    WIDE_RESNET, dataset="ImageNet", input=(3, 224, 224), builder="wide_resnet:wide_resnet_bottleneck"
)

RESNEXT = replace(
    PRERESNET,
    family="ResNeXt",
    paper=Paper(
        title="Aggregated Residual Transformations for Deep Neural Networks",
        authors="Xie, Girshick, Dollár, Tu, He",
        year=2017,
        venue="CVPR",
        arxiv="1611.05431",
    ),
    builder="resnext:resnext",
)

CIFAR_RESNEXT = replace(RESNEXT, dataset="CIFAR-10", input=(3, 32, 32), builder="resnext:cifar_resnext")

RESNEXT_BLOCK = replace(RESNEXT, family="ResNeXt block", input=(256, 56, 56), builder="resnext:resnext_block")

SENET = replace(
    PRERESNET,
    family="SENet",
    paper=Paper(
        title="Squeeze-and-Excitation Networks", authors="Hu, Shen, Sun", year=2018, venue="CVPR", arxiv="1709.01507"
    ),
    builder="senet:senet",
)

DENSENET = replace(
    PRERESNET,
    family="DenseNet",
    paper=Paper(
        title="Densely Connected Convolutional Networks",
        authors="Huang, Liu, van der Maaten, Weinberger",
        year=2017,
        venue="CVPR",
        arxiv="1608.06993",
    ),
    builder="densenet:densenet",
)

CIFAR_DENSENET = replace(DENSENET, dataset="CIFAR-10", input=(3, 32, 32), builder="densenet:cifar_densenet")

FRACTALNET = replace(
    PRERESNET,
    family="FractalNet",
    paper=Paper(
        title="FractalNet: Ultra-Deep Neural Networks without Residuals",
        authors="Larsson, Maire, Shakhnarovich",
        year=2017,
        venue="ICLR",
        arxiv="1605.07648",
    ),
    dataset="CIFAR-100",
    input=(3, 32, 32),
    builder="fractalnet:fractalnet",
)

V1_5 = (
    "The stride of a bottleneck is in the 3x3 (torchvision, fb.resnet.torch), not in the first 1x1 as in the authors' "
    "Caffe files: the same parameters, 231,211,008 multiply-adds more."
)

OWN_NORMALISATION = (
    "The first unit has a BatchNorm and ReLU of its own after the max pool, 128 parameters that the authors' code "
    "does not have."
)

ENTRIES = (
    RESNET.entry("plain18", "Plain-18", depth=18, shortcut=None),
    RESNET.entry("plain34", "Plain-34", depth=34, shortcut=None),
    RESNET.entry("resnet18_A", "ResNet-18, option A", variant_of="resnet18_B", depth=18, shortcut="A"),
    RESNET.entry(
        "resnet18_B",
        "ResNet-18",
        aliases=("resnet18",),
        depth=18,
        shortcut="B",
        notes=(
            "Projections where the shape changes (option B), as in torchvision; in the paper's tables 1 and 2 the net "
            "has option A: resnet18_A. Both are its 1.8 billion (A 1,794,805,760, B 1,814,073,344).",
        ),
    ),
    RESNET.entry("resnet18_C", "ResNet-18, option C", variant_of="resnet18_B", depth=18, shortcut="C"),
    RESNET.entry(
        "resnet34_A",
        "ResNet-34, option A",
        variant_of="resnet34_B",
        depth=34,
        shortcut="A",
        notes=("The paper's 3.6 billion is this network's 3,644,493,824.",),
    ),
    RESNET.entry(
        "resnet34_B",
        "ResNet-34",
        aliases=("resnet34",),
        depth=34,
        shortcut="B",
        notes=(
            "Projections where the shape changes (option B), as in torchvision: 3,663,761,408 multiply-adds. The "
            "paper's 3.6 billion is option A's 3,644,493,824: resnet34_A.",
        ),
    ),
    RESNET.entry("resnet34_C", "ResNet-34, option C", variant_of="resnet34_B", depth=34, shortcut="C"),
    *(
        RESNET.entry(
            f"resnet{depth}_A", f"ResNet-{depth}, option A", variant_of=f"resnet{depth}", depth=depth, shortcut="A"
        )
        for depth in (50, 101, 152)
    ),
    RESNET.entry(
        "resnet50",
        "ResNet-50",
        depth=50,
        notes=(
            "The paper's 3.8 billion is this network's 3,857,973,248, cut, with the stride in the first 1x1. With the "
            "stride in the 3x3 (torchvision; ResNeXt's table 1 prints 4.1) it is 4,089,184,256: resnet50_v1.5.",
            "The authors' Caffe file of this depth alone keeps a bias in conv1, 64 parameters; here it has none.",
        ),
    ),
    RESNET.entry("resnet101", "ResNet-101", depth=101),
    RESNET.entry("resnet152", "ResNet-152", depth=152),
    *(
        RESNET.entry(
            f"resnet{depth}_v1.5",
            f"ResNet-{depth} v1.5",
            variant_of=f"resnet{depth}",
            depth=depth,
            stride_in="3x3",
            notes=(V1_5,),
        )
        for depth in (50, 101, 152)
    ),
    RESNET.entry(
        "resnet200_v1.5",
        "ResNet-200 v1.5",
        depth=200,
        stride_in="3x3",
        notes=("Not in the paper: the baseline of arXiv:1603.05027, table 5, as fb.resnet.torch builds it.",),
    ),
    *(
        CIFAR_RESNET.entry(f"cifar_resnet{depth}", f"ResNet-{depth} for CIFAR-10", depth=depth)
        for depth in (20, 32, 44, 56, 110, 1202)
    ),
    CIFAR_RESNET.entry(
        "cifar_resnet110_B", "ResNet-110 for CIFAR-10, option B", variant_of="cifar_resnet110", depth=110, shortcut="B"
    ),
    *(
        CIFAR_RESNET.entry(f"cifar_plain{depth}", f"Plain-{depth} for CIFAR-10", depth=depth, shortcut=None)
        for depth in (20, 32, 44, 56, 110, 1202)
    ),
    CIFAR_PRERESNET.entry(
        "cifar_preresnet110",
        "Pre-activation ResNet-110 for CIFAR-10",
        depth=110,
        block="basic",
        shortcut="A",
        notes=("The paper does not repeat which shortcuts this depth has: option A, as in ResNet-110.",),
    ),
    CIFAR_PRERESNET.entry(
        "cifar_preresnet110_B",
        "Pre-activation ResNet-110 for CIFAR-10, option B",
        variant_of="cifar_preresnet110",
        depth=110,
        block="basic",
        shortcut="B",
    ),
    CIFAR_PRERESNET.entry("cifar_preresnet164", "Pre-activation ResNet-164 for CIFAR-10", depth=164),
    CIFAR_PRERESNET.entry(
        "cifar_preresnet1001",
        "Pre-activation ResNet-1001 for CIFAR-10",
        depth=1001,
        notes=(
            "Table 4 prints 10.2M parameters: the convolution and linear weights are 10,178,480; with 149,216 of the "
            "normalisations and 10 biases it is 10,327,706.",
        ),
    ),
    *(
        CIFAR_PRERESNET.entry(
            f"cifar100_preresnet{depth}",
            f"Pre-activation ResNet-{depth} for CIFAR-100",
            dataset="CIFAR-100",
            variant_of=f"cifar_preresnet{depth}",
            depth=depth,
            num_classes=100,
        )
        for depth in (164, 1001)
    ),
    PRERESNET.entry("preresnet200", "Pre-activation ResNet-200", depth=200),
    PRERESNET.entry(
        "preresnet200_s1x1",
        "Pre-activation ResNet-200, stride in the first 1x1",
        variant_of="preresnet200",
        depth=200,
        stride_in="1x1",
    ),
    PRERESNET.entry(
        "preresnet200_firstpreact",
        "Pre-activation ResNet-200, first unit pre-activated",
        variant_of="preresnet200",
        depth=200,
        first_activation=True,
        notes=(OWN_NORMALISATION,),
    ),
    PRERESNET.entry(
        "preresnet200_s1x1_firstpreact",
        "Pre-activation ResNet-200, stride in the first 1x1, first unit pre-activated",
        variant_of="preresnet200",
        depth=200,
        stride_in="1x1",
        first_activation=True,
        notes=(OWN_NORMALISATION,),
    ),
    PRERESNET.entry("preresnet152", "Pre-activation ResNet-152", depth=152),
    *(
        WIDE_RESNET.entry(f"wrn{depth}_{width}", f"WRN-{depth}-{width}", depth=depth, width=width)
        for depth, width in ((28, 10), (40, 4), (16, 8), (16, 4), (40, 8), (22, 8))
    ),
    WIDE_BOTTLENECK.entry("wrn50_2", "WRN-50-2-bottleneck", depth=50, width=2),
    WIDE_BOTTLENECK.entry(
        "wrn101_2", "WRN-101-2-bottleneck", depth=101, width=2, notes=("Not in the paper: torchvision's.",)
    ),
    *(
        CIFAR_RESNEXT.entry(f"resnext29_{c}x{d}d", f"ResNeXt-29 ({c}x{d}d) for CIFAR-10", cardinality=c, width=d)
        for c, d in ((8, 64), (16, 64), (1, 64), (32, 4))
    ),
    *(
        RESNEXT.entry(f"resnext{depth}_{c}x{d}d", f"ResNeXt-{depth} ({c}x{d}d)", depth=depth, cardinality=c, width=d)
        for depth, c, d in ((50, 32, 4), (101, 32, 4), (101, 64, 4), (50, 2, 40), (50, 4, 24), (50, 8, 14))
    ),
    RESNEXT_BLOCK.entry("resnext_block_a", "ResNeXt block, paths added", variant_of="resnext_block_c", form="a"),
    RESNEXT_BLOCK.entry("resnext_block_b", "ResNeXt block, paths concatenated", variant_of="resnext_block_c", form="b"),
    RESNEXT_BLOCK.entry("resnext_block_c", "ResNeXt block, grouped convolution", form="c"),
    SENET.entry(
        "se_resnet50",
        "SE-ResNet-50",
        depth=50,
        notes=(
            "The paper prints 3.87 billion, and 3.86 for ResNet-50. Multiply-adds are 3,860,488,192; averaging and "
            "scaling the 5,519,360 values that the SE blocks see, one operation each, gives 3,871,526,912.",
        ),
    ),
    *(SENET.entry(f"se_resnet{depth}", f"SE-ResNet-{depth}", depth=depth) for depth in (101, 152)),
    SENET.entry(
        "se_resnet50_v1.5", "SE-ResNet-50 v1.5", variant_of="se_resnet50", depth=50, stride_in="3x3", notes=(V1_5,)
    ),
    SENET.entry("se_resnext50_32x4d", "SE-ResNeXt-50 (32x4d)", depth=50, cardinality=32, width=4, stride_in="3x3"),
    SENET.entry(
        "senet154",
        "SENet-154",
        builder="senet:senet154",
        notes=(
            "The 145.8M parameters and 42.3 billion operations that NASNet's and EfficientNet's tables print for SENet "
            "are of another network, at 320x320; this one has 115,088,984 and 20,688,363,520.",
        ),
    ),
    *(DENSENET.entry(f"densenet{depth}", f"DenseNet-{depth}", depth=depth) for depth in (121, 169, 201)),
    DENSENET.entry(
        "densenet264",
        "DenseNet-264",
        depth=264,
        notes=("By the paper's own rule it has 265 layers: 1 + 2 x (6 + 12 + 64 + 48) + 3 + 1.",),
    ),
    DENSENET.entry(
        "densenet161",
        "DenseNet-161",
        depth=161,
        notes=("Not in the published table 1: growth rate 48, in the authors' repository.",),
    ),
    *(
        CIFAR_DENSENET.entry(
            f"cifar_densenet_{depth}_{growth}",
            f"DenseNet ({depth} layers, k = {growth}) for CIFAR-10",
            depth=depth,
            growth=growth,
            notes=(
                f"Transitions keep their maps, as the paper's {printed} parameters need; implementations that halve "
                "them as DenseNet-BC does are smaller.",
            ),
        )
        for depth, growth, printed in ((40, 12, "1.0M"), (100, 12, "7.0M"), (100, 24, "27.2M"))
    ),
    *(
        CIFAR_DENSENET.entry(
            f"cifar_densenet_bc_{depth}_{growth}",
            f"DenseNet-BC ({depth} layers, k = {growth}) for CIFAR-10",
            depth=depth,
            growth=growth,
            bc=True,
        )
        for depth, growth in ((100, 12), (250, 24), (190, 40), (40, 12))
    ),
    *(
        FRACTALNET.entry(
            f"fractalnet_c{columns}_w16_cifar100",
            f"FractalNet (C = {columns}), {5 * 2 ** (columns - 1)} layers, for CIFAR-100",
            aliases=("fractalnet40",) if columns == 4 else (),
            columns=columns,
            width=16,
            num_classes=100,
        )
        for columns in range(1, 7)
    ),
    FRACTALNET.entry(
        "fractalnet20_cifar10",
        "FractalNet-20 for CIFAR-10",
        dataset="CIFAR-10",
        aliases=("fractalnet20",),
        columns=3,
        width=64,
        notes=(
            "Table 1 prints 38.6M parameters; the layers of the authors' own script (3 columns, widths 64 to 512) give "
            "33,734,922, and no reading tried gives 38.6M.",
            "20,608 of them are scales and shifts of normalisations; the script's have none: 33,714,314.",
        ),
    ),
    FRACTALNET.entry(
        "fractalnet20_cifar100",
        "FractalNet-20 for CIFAR-100",
        variant_of="fractalnet20_cifar10",
        columns=3,
        width=64,
        num_classes=100,
    ),
    FRACTALNET.entry(
        "fractalnet20_nobias",
        "FractalNet-20 for CIFAR-10, convolutions without biases",
        dataset="CIFAR-10",
        variant_of="fractalnet20_cifar10",
        columns=3,
        width=64,
        bias=False,
    ),
    FRACTALNET.entry(
        "fractalnet40_wide_cifar100",
        "FractalNet-40 of the widths of FractalNet-20, for CIFAR-100",
        variant_of="fractalnet_c4_w16_cifar100",
        columns=4,
        width=64,
        num_classes=100,
        notes=("Not a published network: the paper's 40 layers have widths 16 to 128.",),
    ),
)
