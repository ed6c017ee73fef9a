"""The Inception line: the lecture's modules, GoogLeNet, BN-Inception, v2, v3, v4 and Inception-ResNet."""

from dataclasses import replace

from archcost.zoo._registry import Paper, Series

GOOGLENET = Series(
    family="GoogLeNet",
    paper=Paper(
        title="Going Deeper with Convolutions",
        authors="Szegedy, Liu, Jia, Sermanet, Reed, Anguelov, Erhan, Vanhoucke, Rabinovich",
        year=2015,
        venue="CVPR",
        arxiv="1409.4842",
    ),
    lecture="GoogLeNet",
    dataset="ImageNet",
    input=(3, 224, 224),
    builder="googlenet:googlenet",
)

MODULE = replace(
    GOOGLENET, family="Inception module", input=(256, 28, 28), builder="inception_modules:inception_module"
)

BN_INCEPTION = Series(
    family="BN-Inception",
    paper=Paper(
        title="Batch Normalization: Accelerating Deep Network Training by Reducing Internal Covariate Shift",
        authors="Ioffe, Szegedy",
        year=2015,
        venue="ICML",
        arxiv="1502.03167",
    ),
    lecture="Inception-v2 and v3",
    dataset="ImageNet",
    input=(3, 224, 224),
    builder="bn_inception:bn_inception",
)

INCEPTION_V3 = Series(
    family="Inception-v3",
    paper=Paper(
        title="Rethinking the Inception Architecture for Computer Vision",
        authors="Szegedy, Vanhoucke, Ioffe, Shlens, Wojna",
        year=2016,
        venue="CVPR",
        arxiv="1512.00567",
    ),
    lecture="Inception-v2 and v3",
    dataset="ImageNet",
    input=(3, 299, 299),
    builder="inception_v3:inception_v3",
)

INCEPTION_V2 = replace(INCEPTION_V3, family="Inception-v2", builder="inception_v2:inception_v2")

INCEPTION_V4 = Series(
    family="Inception-v4",
    paper=Paper(
        title="Inception-v4, Inception-ResNet and the Impact of Residual Connections on Learning",
        authors="Szegedy, Ioffe, Vanhoucke, Alemi",
        year=2017,
        venue="AAAI",
        arxiv="1602.07261",
    ),
    lecture="Inception-v4 and Inception-ResNet",
    dataset="ImageNet",
    input=(3, 299, 299),
    builder="inception_v4:inception_v4",
)

INCEPTION_RESNET = replace(INCEPTION_V4, family="Inception-ResNet", builder="inception_resnet:inception_resnet")

MISPRINTS = (
    "The paper's figures 17 and 19 print 1154 and 2048 for the linear convolutions of blocks B and C; only 1152 and "
    "2144 can be added to their inputs (384 + 384 + 384 = 1152, 1152 + 384 + 288 + 320 = 2144)."
)

ENTRIES = (
    MODULE.entry(
        "inception_naive_block",
        "Inception module, naive",
        aliases=("inception_naive",),
        reduced=False,
        notes=("The lecture prints an output of 529k values; 28 x 28 x (128 + 192 + 96 + 256) = 526,848.",),
    ),
    MODULE.entry(
        "inception_dimred_block",
        "Inception module with dimension reductions",
        aliases=("inception_reduced",),
        reduced=True,
        notes=(
            "The lecture prints a total of 358M operations; its rows sum to 271,351,808. With the 3x3 row, 86,704,128, "
            "counted once more it is 358,055,936, as it would be if that row read 128 reduced channels instead of 64.",
        ),
    ),
    GOOGLENET.entry(
        "googlenet",
        "GoogLeNet",
        notes=(
            'The lecture prints "only 5 million parameters" and 12x less than AlexNet: 6,998,552 parameters, and '
            "60,965,224 / 6,998,552 = 8.7. Twelve needs 60M / 5M.",
            "Table 1 prints parameters (in units of 1024) that its own widths do not give: 4a 364K for 366.8K, 4c 463K "
            "for 497.5K, 4d 580K for 590.5K, 4e 840K for 847.0K, 5a 1072K for 1018.0K, 5b 1388K for 1409.0K. Here the "
            "widths count.",
            "The first layer is a dense 7x7 convolution (9,408 weights), as in every implementation; table 1's 2.7K "
            "and its 1.5 billion operations are those of a separable one: googlenet_sep.",
        ),
    ),
    GOOGLENET.entry("googlenet_aux", "GoogLeNet with its side classifiers", variant_of="googlenet", aux=True),
    GOOGLENET.entry(
        "googlenet_sep",
        "GoogLeNet with a separable first layer",
        variant_of="googlenet",
        separable=True,
        notes=(
            "The 24 depthwise 7x7 kernels have biases, as all convolutions of the network; the paper does not say. "
            "Without them there are 24 parameters less: 6,991,856.",
        ),
    ),
    BN_INCEPTION.entry(
        "bn_inception_608",
        "BN-Inception",
        aliases=("bn_inception",),
        projection=128,
        notes=(
            "The paper prints 13.6 million parameters; no reading of figure 5 without side classifiers gives more than "
            "11.3 million.",
            "Figure 5 contradicts itself: the widths of 4c and 4d sum to 608 maps (160 + 160 + 160 + 128 and "
            "96 + 192 + 192 + 128), the sizes say 576, which needs projections of 96: bn_inception_576.",
        ),
    ),
    BN_INCEPTION.entry(
        "bn_inception_608_bias",
        "BN-Inception, convolutions with biases",
        variant_of="bn_inception_608",
        projection=128,
        conv_bias=True,
    ),
    BN_INCEPTION.entry(
        "bn_inception_576",
        "BN-Inception, projections of 96",
        variant_of="bn_inception_608",
        projection=96,
    ),
    BN_INCEPTION.entry(
        "bn_inception_608_sep8",
        "BN-Inception, separable first layer",
        variant_of="bn_inception_608",
        projection=128,
        separable=True,
    ),
    BN_INCEPTION.entry(
        "bn_inception_576_sep8",
        "BN-Inception, projections of 96, separable first layer",
        variant_of="bn_inception_608",
        projection=96,
        separable=True,
    ),
    INCEPTION_V2.entry(
        "inception_v2_table1",
        "Inception-v2, a reconstruction of table 1",
        aliases=("inception_v2",),
        figure6_modules=5,
        notes=(
            "A reconstruction: the paper prints the sizes of table 1 and no widths inside the modules; those are "
            "Inception-v3's.",
            "The paper prints 42 layers and about 2.5 times GoogLeNet's cost (3.8 to 1.5 billion). With these widths "
            "the longest path has 54 layers, and 6,482,774,624 / 1,582,671,872 = 4.1.",
        ),
    ),
    INCEPTION_V2.entry(
        "inception_v2_table1_4B",
        "Inception-v2, a reconstruction with four modules of figure 6",
        variant_of="inception_v2_table1",
        figure6_modules=4,
    ),
    INCEPTION_V3.entry(
        "inception_v3",
        "Inception-v3",
        notes=(
            "The paper's table 3 prints 4.8 billion operations; the released network has 5,713,216,096 multiply-adds.",
            "The released normalisations have no scale: without those 17,216 values 23,817,352 parameters are trained.",
        ),
    ),
    INCEPTION_V3.entry(
        "inception_v3_aux", "Inception-v3 with its side classifier", variant_of="inception_v3", aux=True
    ),
    INCEPTION_V4.entry("inception_v4", "Inception-v4"),
    INCEPTION_RESNET.entry(
        "inception_resnet_v1",
        "Inception-ResNet-v1",
        version="v1",
        notes=("The paper likens its cost to Inception-v3's: 6,206,361,696 / 5,713,216,096 = 1.09.",),
    ),
    INCEPTION_RESNET.entry(
        "inception_resnet_v2_paper",
        "Inception-ResNet-v2, the paper's figures",
        variant_of="inception_resnet_v2_slim",
        version="v2_paper",
        notes=(
            MISPRINTS,
            "The paper likens its cost to Inception-v4's: 9,257,953,632 / 12,253,974,624 = 0.76.",
        ),
    ),
    INCEPTION_RESNET.entry(
        "inception_resnet_v2_slim",
        "Inception-ResNet-v2",
        aliases=("inception_resnet_v2",),
        version="v2_slim",
        notes=(
            "The released network, larger than the paper's figures (inception_resnet_v2_paper): 10, 20 and 10 blocks "
            "for 5, 10 and 5, and another stem. The published 55.8M parameters and 13.2 billion operations are its.",
            "The paper likens its cost to Inception-v4's: 13,155,794,016 / 12,253,974,624 = 1.07.",
        ),
    ),
    INCEPTION_RESNET.entry(
        "inception_resnet_v2_slim_aux",
        "Inception-ResNet-v2 with its side classifier",
        variant_of="inception_resnet_v2_slim",
        version="v2_slim",
        aux=True,
    ),
)
