"""The networks before the Inception line: LeNet-5, AlexNet, ZFNet, NiN, VGG."""

from dataclasses import replace

from archcost.zoo._registry import Paper, Series

LENET = Series(
    family="LeNet",
    paper=Paper(
        title="Gradient-Based Learning Applied to Document Recognition",
        authors="LeCun, Bottou, Bengio, Haffner",
        year=1998,
        venue="Proceedings of the IEEE 86(11)",
    ),
    lecture="LeNet-5",
    dataset="MNIST",
    input=(1, 32, 32),
    builder="lenet:lenet5",
)

ALEXNET = Series(
    family="AlexNet",
    paper=Paper(
        title="ImageNet Classification with Deep Convolutional Neural Networks",
        authors="Krizhevsky, Sutskever, Hinton",
        year=2012,
        venue="NIPS",
    ),
    lecture="AlexNet",
    dataset="ImageNet",
    input=(3, 227, 227),
    builder="alexnet:alexnet",
)

ONE_WEIRD_TRICK = replace(
    ALEXNET,
    paper=Paper(
        title="One weird trick for parallelizing convolutional neural networks",
        authors="Krizhevsky",
        year=2014,
        venue="arXiv",
        arxiv="1404.5997",
    ),
    input=(3, 224, 224),
)

ZFNET = Series(
    family="ZFNet",
    paper=Paper(
        title="Visualizing and Understanding Convolutional Networks",
        authors="Zeiler, Fergus",
        year=2014,
        venue="ECCV",
        arxiv="1311.2901",
    ),
    lecture="ZFNet",
    dataset="ImageNet",
    input=(3, 224, 224),
    builder="zfnet:zfnet",
)

NIN = Series(
    family="NiN",
    paper=Paper(
        title="Network In Network",
        authors="Lin, Chen, Yan",
        year=2014,
        venue="ICLR",
        arxiv="1312.4400",
    ),
    lecture="Beyond ResNet",
    dataset="ImageNet",
    input=(3, 224, 224),
    builder="nin:nin",
)

VGG = Series(
    family="VGG",
    paper=Paper(
        title="Very Deep Convolutional Networks for Large-Scale Image Recognition",
        authors="Simonyan, Zisserman",
        year=2015,
        venue="ICLR",
        arxiv="1409.1556",
    ),
    lecture="VGG",
    dataset="ImageNet",
    input=(3, 224, 224),
    builder="vgg:vgg",
)

NIN_WIDTHS = "The paper prints no widths: they are those of the authors' Caffe model."

ENTRIES = (
    LENET.entry(
        "lenet5_1998",
        "LeNet-5",
        aliases=("lenet5",),
        notes=(
            "C3 is made of 16 small convolutions, because each of its maps reads only some maps of S2: it counts as "
            "one layer in the paper's 7. The 840 fixed values of the RBF output are a buffer, not parameters.",
        ),
    ),
    LENET.entry("lenet5_simple", "LeNet-5, the usual remake", builder="lenet:lenet5_simple", variant_of="lenet5_1998"),
    LENET.entry(
        "lenet_caffe",
        "LeNet of Caffe's MNIST example",
        builder="lenet:lenet_caffe",
        input=(1, 28, 28),
        variant_of="lenet5_1998",
    ),
    ALEXNET.entry(
        "alexnet_lecture",
        "AlexNet",
        aliases=("alexnet",),
        variant="lecture",
        notes=(
            "One column without groups has 62,378,344 parameters; the paper's 60M are those of its two columns "
            "(alexnet_grouped, 60,965,224).",
            "The paper prints a 224x224 input; 55x55 maps without padding need (227 - 11) / 4 + 1 = 55.",
            "Normalisation follows the pools, as in the lecture; the paper has it before them.",
        ),
    ),
    ALEXNET.entry(
        "alexnet_grouped",
        "AlexNet on two GPUs",
        variant_of="alexnet_lecture",
        variant="grouped",
        notes=(
            "The paper prints 650,000 neurons; the outputs of the convolutions and full layers sum to 659,272. Its "
            "253,440 for the first layer are not 55 x 55 x 96 = 290,400.",
        ),
    ),
    ONE_WEIRD_TRICK.entry("alexnet_owt", "AlexNet, one weird trick", variant_of="alexnet_lecture", variant="owt"),
    ZFNET.entry(
        "zfnet_paper",
        "ZFNet, figure 3",
        variant_of="zfnet_wide",
        variant="paper",
        notes=(
            "Figure 3 prints maps of 110x110 for 224x224, stride 2, kernel 7: (224 - 7) / 2 + 1 = 109.5 without "
            "padding. Padding 1 in CONV1 and pools that round up give all its sizes, 110, 55, 26, 13 and 6.",
        ),
    ),
    ZFNET.entry(
        "zfnet_wide",
        "ZFNet",
        aliases=("zfnet",),
        variant="wide",
        notes=(
            "The lecture's recipe (AlexNet with CONV1 7x7 stride 2 and CONV3 to CONV5 of 512, 1024, 512) leaves out "
            "that CONV2 has stride 2 as well. To the letter it is zfnet_literal: 386,548,840 parameters instead of "
            "107,627,624.",
        ),
    ),
    ZFNET.entry(
        "zfnet_literal",
        "ZFNet, the lecture's recipe to the letter",
        input=(3, 227, 227),
        variant_of="zfnet_wide",
        variant="literal",
        notes=(
            "A counter-example, not a published network: with CONV2 at stride 1 the maps are 111, 55, 27 and 13, so "
            "FC6 alone has 13 x 13 x 512 x 4096 = 354,418,688 weights.",
        ),
    ),
    NIN.entry(
        "nin_cifar10",
        "NiN for CIFAR-10",
        input=(3, 32, 32),
        dataset="CIFAR-10",
        variant_of="nin_imagenet",
        model="cifar",
        num_classes=10,
        notes=(NIN_WIDTHS,),
    ),
    NIN.entry(
        "nin_cifar100",
        "NiN for CIFAR-100",
        input=(3, 32, 32),
        dataset="CIFAR-100",
        variant_of="nin_imagenet",
        model="cifar",
        num_classes=100,
        notes=(NIN_WIDTHS,),
    ),
    NIN.entry("nin_imagenet", "NiN for ImageNet", aliases=("nin",), model="imagenet", notes=(NIN_WIDTHS,)),
    VGG.entry("vgg11", "VGG-11", config="A"),
    VGG.entry("vgg11_bn", "VGG-11 with BatchNorm", variant_of="vgg11", config="A", batch_norm=True),
    VGG.entry("vgg13", "VGG-13", config="B"),
    VGG.entry("vgg13_bn", "VGG-13 with BatchNorm", variant_of="vgg13", config="B", batch_norm=True),
    VGG.entry(
        "vgg16",
        "VGG-16",
        config="D",
        notes=(
            "The lecture's table prints TOTAL memory 24M values = 96 MB; its own rows sum to 15.2M = 61 MB. Adding its "
            "three FC rows, 4096, 4096 and 1000, as thousands gives 15.2M + 9.2M = 24.4M.",
        ),
    ),
    VGG.entry("vgg16_bn", "VGG-16 with BatchNorm", variant_of="vgg16", config="D", batch_norm=True),
    VGG.entry("vgg16_C", "VGG-16, configuration C", variant_of="vgg16", config="C"),
    VGG.entry("vgg16_C_bn", "VGG-16, configuration C, with BatchNorm", variant_of="vgg16", config="C", batch_norm=True),
    VGG.entry("vgg19", "VGG-19", config="E"),
    VGG.entry("vgg19_bn", "VGG-19 with BatchNorm", variant_of="vgg19", config="E", batch_norm=True),
)
