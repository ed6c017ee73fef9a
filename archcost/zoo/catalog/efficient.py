"""The small networks: SqueezeNet, Xception, MobileNet, ShuffleNet, NASNet, EfficientNet."""

from dataclasses import replace

from archcost.zoo._registry import Paper, Series

SQUEEZENET = Series(
    family="SqueezeNet",
    paper=Paper(
        title="SqueezeNet: AlexNet-level accuracy with 50x fewer parameters and <0.5MB model size",
        authors="Iandola, Han, Moskewicz, Ashraf, Dally, Keutzer",
        year=2016,
        venue="arXiv",
        arxiv="1602.07360",
    ),
    lecture="Efficient networks",
    dataset="ImageNet",
    input=(3, 224, 224),
    builder="squeezenet:squeezenet",
)

XCEPTION = Series(
    family="Xception",
    paper=Paper(
        title="Xception: Deep Learning with Depthwise Separable Convolutions",
        authors="Chollet",
        year=2017,
        venue="CVPR",
        arxiv="1610.02357",
    ),
    lecture="Efficient networks",
    dataset="ImageNet",
    input=(3, 299, 299),
    builder="xception:xception",
)

MOBILENET_V1 = Series(
    family="MobileNet",
    paper=Paper(
        title="MobileNets: Efficient Convolutional Neural Networks for Mobile Vision Applications",
        authors="Howard, Zhu, Chen, Kalenichenko, Wang, Weyand, Andreetto, Adam",
        year=2017,
        venue="arXiv",
        arxiv="1704.04861",
    ),
    lecture="Efficient networks",
    dataset="ImageNet",
    input=(3, 224, 224),
    builder="mobilenet_v1:mobilenet_v1",
)

MOBILENET_V2 = Series(
    family="MobileNetV2",
    paper=Paper(
        title="MobileNetV2: Inverted Residuals and Linear Bottlenecks",
        authors="Sandler, Howard, Zhu, Zhmoginov, Chen",
        year=2018,
        venue="CVPR",
        arxiv="1801.04381",
    ),
    lecture="Efficient networks",
    dataset="ImageNet",
    input=(3, 224, 224),
    builder="mobilenet_v2:mobilenet_v2",
)

MOBILENET_V3 = Series(
    family="MobileNetV3",
    paper=Paper(
        title="Searching for MobileNetV3",
        authors="Howard, Sandler, Chu, Chen, Chen, Tan, Wang, Zhu, Pang, Vasudevan, Le, Adam",
        year=2019,
        venue="ICCV",
        arxiv="1905.02244",
    ),
    lecture="Efficient networks",
    dataset="ImageNet",
    input=(3, 224, 224),
    builder="mobilenet_v3:mobilenet_v3",
)

SHUFFLENET_V1 = Series(
    family="ShuffleNet",
    paper=Paper(
        title="ShuffleNet: An Extremely Efficient Convolutional Neural Network for Mobile Devices",
        authors="Zhang, Zhou, Lin, Sun",
        year=2018,
        venue="CVPR",
        arxiv="1707.01083",
    ),
    lecture="Efficient networks",
    dataset="ImageNet",
    input=(3, 224, 224),
    builder="shufflenet_v1:shufflenet_v1",
)

SHUFFLENET_V2 = Series(
    family="ShuffleNet V2",
    paper=Paper(
        title="ShuffleNet V2: Practical Guidelines for Efficient CNN Architecture Design",
        authors="Ma, Zhang, Zheng, Sun",
        year=2018,
        venue="ECCV",
        arxiv="1807.11164",
    ),
    lecture="Efficient networks",
    dataset="ImageNet",
    input=(3, 224, 224),
    builder="shufflenet_v2:shufflenet_v2",
)

NASNET = Series(
    family="NASNet",
    paper=Paper(
        title="Learning Transferable Architectures for Scalable Image Recognition",
        authors="Zoph, Vasudevan, Shlens, Le",
        year=2018,
        venue="CVPR",
        arxiv="1707.07012",
    ),
    lecture="Efficient networks",
    dataset="ImageNet",
    input=(3, 224, 224),
    builder="nasnet:nasnet_a",
)

NASNET_LARGE = replace(NASNET, input=(3, 331, 331))

EFFICIENTNET = Series(
    family="EfficientNet",
    paper=Paper(
        title="EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks",
        authors="Tan, Le",
        year=2019,
        venue="ICML",
        arxiv="1905.11946",
    ),
    lecture="Efficient networks",
    dataset="ImageNet",
    input=(3, 224, 224),
    builder="efficientnet:efficientnet",
)

# The authors' released coefficients: width, depth, side of the input, dropout
EFFICIENTNETS = {
    "b0": (1.0, 1.0, 224, 0.2),
    "b1": (1.0, 1.1, 240, 0.2),
    "b2": (1.1, 1.2, 260, 0.3),
    "b3": (1.2, 1.4, 300, 0.3),
    "b4": (1.4, 1.8, 380, 0.4),
    "b5": (1.6, 2.2, 456, 0.4),
    "b6": (1.8, 2.6, 528, 0.5),
    "b7": (2.0, 3.1, 600, 0.5),
}

EFFICIENTNET_NOTES = {
    "b2": ("The paper's table 2 prints 9.2M parameters; the authors' coefficients give 9,109,994.",),
    "b4": (
        "The paper's table 2 prints 4.2 billion; the authors' coefficients at 380x380 give 4,393,771,024, 4.6 % more. "
        "Padding is not the reason: TensorFlow's gives the same sizes.",
    ),
    "b5": (
        "The paper's table 2 prints 9.9 billion; the authors' coefficients at 456x456 give 10,266,384,752, 3.7 % "
        "more. Padding is not the reason: TensorFlow's gives the same sizes.",
    ),
    "b7": (
        "The authors' coefficients are rounded by hand: depth 1.2^phi = 3.1, width 1.1^phi = 2.0 and resolution "
        "1.15^phi = 600 / 224 need phi of 6.2, 7.3 and 7.0.",
    ),
}

SHUFFLENET_NOTE = "The paper's {} million are the convolutions alone, {}; with the linear layer's {} they are {}."

NASNET_NOTE = (
    "Padded as in TF-Slim. Ports that pad more, convolve the larger map and crop have the same parameters and {} more "
    "multiply-adds."
)

ENTRIES = (
    SQUEEZENET.entry(
        "squeezenet1_0",
        "SqueezeNet",
        version="1.0",
        notes=(
            "Table 1 prints maps of 111x111 after conv1 for an input of 224x224: (224 - 7) / 2 + 1 = 109.5. An input "
            "of 227x227, which the authors' Caffe file has, gives 111 (squeezenet1_0@227).",
            '"50x fewer parameters than AlexNet": 60,965,224 / 1,248,424 = 48.8.',
        ),
    ),
    SQUEEZENET.entry(
        "squeezenet1_1",
        "SqueezeNet 1.1",
        variant_of="squeezenet1_0",
        version="1.1",
        notes=("Not in the paper: the authors' later version, of 2.3 times fewer multiply-adds.",),
    ),
    XCEPTION.entry(
        "xception",
        "Xception",
        notes=(
            "Table 3's 22,855,952 parameters include the 2,049,000 of the linear layer. Its 36 convolutional layers "
            "count depthwise and 1x1 as one and leave shortcuts out; as layers of their own they are 74.",
        ),
    ),
    MOBILENET_V1.entry(
        "mobilenet_v1_1.0",
        "MobileNet",
        aliases=("mobilenet_v1",),
        width=1.0,
        notes=("Table 1 prints stride 2 for the last depthwise layer, with maps of 7x7 before and after it: it is 1.",),
    ),
    *(
        MOBILENET_V1.entry(
            f"mobilenet_v1_{width}", f"MobileNet, width {width}", variant_of="mobilenet_v1_1.0", width=width
        )
        for width in (0.75, 0.5, 0.25)
    ),
    MOBILENET_V1.entry(
        "conv_mobilenet",
        "MobileNet with full convolutions",
        variant_of="mobilenet_v1_1.0",
        separable=False,
        notes=(
            "Table 4 prints 4866 million: the convolutions alone, 4,866,269,184; with the linear layer, which its 569 "
            "million for MobileNet include, they are 4,867,293,184.",
        ),
    ),
    MOBILENET_V2.entry(
        "mobilenet_v2",
        "MobileNetV2",
        width=1.0,
        notes=(
            "Table 4 prints 3.4M parameters: there are 3,504,872, of which 3,469,760 are weights of convolutions and "
            "the linear layer.",
        ),
    ),
    MOBILENET_V2.entry(
        "mobilenet_v2_1.4",
        "MobileNetV2, width 1.4",
        variant_of="mobilenet_v2",
        width=1.4,
        notes=(
            "Table 4 prints 6.9M parameters; its table 2 with all widths times 1.4 gives 6,108,776. The authors' code "
            "says 6.06M, which are the weights without biases and normalisation, 6,059,840.",
        ),
    ),
    MOBILENET_V3.entry(
        "mobilenet_v3_large",
        "MobileNetV3-Large",
        size="large",
        notes=(
            "Table 3 prints 219 million; convolutions and linear layers make 216,589,760, and the authors' code lists "
            "217.",
        ),
    ),
    MOBILENET_V3.entry(
        "mobilenet_v3_small",
        "MobileNetV3-Small",
        size="small",
        notes=(
            "A hidden layer of 1024, as in the paper's later version (2.5M parameters). Its first version has 1280 "
            "(2.9M: (576 + 1 + 1000) x 256 = 403,712 more than 2,542,856).",
            "Table 2 marks squeeze and excitation in the row of the last 1x1 convolution too; the authors' code, "
            "torchvision and timm have none there, and neither has this network.",
        ),
    ),
    *(
        SHUFFLENET_V1.entry(
            f"shufflenet_v1_g{groups}",
            "ShuffleNet, 1 group" if groups == 1 else f"ShuffleNet, {groups} groups",
            aliases=("shufflenet_v1",) if groups == 3 else (),
            variant_of=None if groups == 3 else "shufflenet_v1_g3",
            groups=groups,
            notes=(SHUFFLENET_NOTE.format(printed, f"{convs:,}", f"{fc:,}", f"{convs + fc:,}"),),
        )
        for groups, printed, convs, fc in (
            (1, 143, 142_502_976, 576_000),
            (2, 140, 140_036_512, 800_000),
            (3, 137, 136_500_672, 960_000),
            (4, 133, 133_251_776, 1_088_000),
            (8, 137, 136_829_952, 1_536_000),
        )
    ),
    *(
        SHUFFLENET_V2.entry(
            f"shufflenet_v2_{width}",
            f"ShuffleNet V2, {width}",
            aliases=("shufflenet_v2",) if width == "1x" else (),
            variant_of=None if width == "1x" else "shufflenet_v2_1x",
            width=width,
            notes=(f"Table 5 prints {printed} million; convolutions and the linear layer make {macs}.",),
        )
        for width, printed, macs in (
            ("0.5x", 41, "40,476,448"),
            ("1x", 146, "144,907,992"),
            ("1.5x", 299, "295,759,392"),
            ("2x", 591, "583,253,464"),
        )
    ),
    NASNET.entry(
        "nasnet_a_mobile",
        "NASNet-A (4 @ 1056)",
        model="mobile",
        notes=(NASNET_NOTE.format("4,596,042"),),
    ),
    NASNET.entry(
        "nasnet_a_mobile_aux",
        "NASNet-A (4 @ 1056) with its side classifier",
        variant_of="nasnet_a_mobile",
        model="mobile",
        aux=True,
    ),
    NASNET_LARGE.entry(
        "nasnet_a_large",
        "NASNet-A (6 @ 4032)",
        model="large",
        notes=(NASNET_NOTE.format("26,540,976"),),
    ),
    NASNET_LARGE.entry(
        "nasnet_a_large_aux",
        "NASNet-A (6 @ 4032) with its side classifier",
        variant_of="nasnet_a_large",
        model="large",
        aux=True,
    ),
    *(
        EFFICIENTNET.entry(
            f"efficientnet_{name}",
            f"EfficientNet-{name.upper()}",
            input=(3, side, side),
            width=width,
            depth=depth,
            dropout=dropout,
            notes=EFFICIENTNET_NOTES.get(name, ()),
        )
        for name, (width, depth, side, dropout) in EFFICIENTNETS.items()
    ),
)
