"""The networks before the Inception line: LeNet-5, AlexNet, ZFNet, NiN, VGG."""

from archcost.zoo._registry import Paper, Series

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

ENTRIES = (
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
