"""LeNet-5, AlexNet, ZFNet, NiN and VGG."""

from dataclasses import replace
from functools import partial

from .layers import image

# LeCun et al. 1998, table I: the input maps (S2) of each of the 16 maps of C3.
LENET_C3 = (
    *("0 1 2", "1 2 3", "2 3 4", "3 4 5", "0 4 5", "0 1 5"),
    *("0 1 2 3", "1 2 3 4", "2 3 4 5", "0 3 4 5", "0 1 4 5", "0 1 2 5", "0 1 3 4", "1 2 4 5", "0 2 3 5"),
    "0 1 2 3 4 5",
)

# Simonyan and Zisserman 2014, table 1: the 3x3 convolutions of each of the five stages.
VGG_WIDTHS = (64, 128, 256, 512, 512)
VGG = {
    "vgg11": (1, 1, 2, 2, 2),
    "vgg13": (2, 2, 2, 2, 2),
    "vgg16": (2, 2, 3, 3, 3),
    "vgg19": (2, 2, 4, 4, 4),
}


def classifier(net, x, *widths):
    for width in widths:
        x = net.fc(x, width)
    return net


def lenet5_1998():
    """LeCun et al. 1998, section II-B: C3 is 16 convolutions of one map each; S2 and S4 have no multiply-adds here."""
    net = image(32, channels=1)
    x = net.chain(net.input, "5x5V 6, avg 2x2/2V")
    x = net.concat(*(net.chain(replace(x, c=len(maps.split())), "5x5V 1") for maps in LENET_C3))
    x = net.chain(x, "avg 2x2/2V, 5x5V 120")
    return classifier(net, x, 84)


def lenet5_simple():
    """The common remake: C3 reads all six maps; C5 and the output are fully connected."""
    net = image(32, channels=1)
    return classifier(net, net.chain(net.input, "5x5V 6, avg 2x2/2V, 5x5V 16, avg 2x2/2V"), 120, 84, 10)


def lenet_caffe():
    """Caffe's MNIST example."""
    net = image(28, channels=1)
    return classifier(net, net.chain(net.input, "5x5V 20, max 2x2/2V, 5x5V 50, max 2x2/2V"), 500, 10)


def alexnet(size, steps):
    net = image(size)
    return classifier(net, net.chain(net.input, steps), 4096, 4096, 1000)


# Krizhevsky et al. 2012, section 3.5 and figure 2, as one column and on two GPUs; Krizhevsky 2014, one tower ("OWT").
ALEXNET_LECTURE = "11x11/4V 96, max 3x3/2V, 5x5 256, max 3x3/2V, 3x3 384, 3x3 384, 3x3 256, max 3x3/2V"
ALEXNET_GROUPED = "11x11/4V 96, max 3x3/2V, 5x5 256 g2, max 3x3/2V, 3x3 384, 3x3 384 g2, 3x3 256 g2, max 3x3/2V"
ALEXNET_OWT = "11x11/4p2 64, max 3x3/2V, 5x5 192, max 3x3/2V, 3x3 384, 3x3 256, 3x3 256, max 3x3/2V"

# Zeiler and Fergus 2013, figure 3; the wider layers 3 to 5 come from table 2.
ZFNET_PAPER = "7x7/2p1 96, max 3x3/2C, 5x5/2V 256, max 3x3/2C, 3x3 384, 3x3 384, 3x3 256, max 3x3/2V"
ZFNET_WIDE = "7x7/2p1 96, max 3x3/2C, 5x5/2V 256, max 3x3/2C, 3x3 512, 3x3 1024, 3x3 512, max 3x3/2V"
# "AlexNet, but CONV1 7x7 stride 2 and CONV3 to 5 with 512, 1024, 512 filters", taken literally.
ZFNET_LITERAL = "7x7/2V 96, max 3x3/2V, 5x5 256, max 3x3/2V, 3x3 512, 3x3 1024, 3x3 512, max 3x3/2V"


def nin_cifar(classes):
    """Lin et al. 2013, figure 2, with the widths of the authors' CIFAR-10 model."""
    net = image(32)
    x = net.chain(net.input, "5x5 192, 1x1 160, 1x1 96, max 3x3/2C")
    x = net.chain(x, "5x5 192, 1x1 192, 1x1 192, avg 3x3/2C")
    net.chain(x, f"3x3 192, 1x1 192, 1x1 {classes}")
    return net


def nin_imagenet(size):
    """The authors' ImageNet model."""
    net = image(size)
    x = net.chain(net.input, "11x11/4V 96, 1x1 96, 1x1 96, max 3x3/2C")
    x = net.chain(x, "5x5 256, 1x1 256, 1x1 256, max 3x3/2C")
    x = net.chain(x, "3x3 384, 1x1 384, 1x1 384, max 3x3/2C")
    net.chain(x, "3x3 1024, 1x1 1024, 1x1 1000")
    return net


def vgg(repeats, third="3x3"):
    """Table 1: `third` is the kernel of the third convolution of stages 3 to 5, a 1x1 in configuration C."""
    net = image(224)
    x = net.input
    for width, count in zip(VGG_WIDTHS, repeats, strict=True):
        kernels = ["3x3", "3x3", third, "3x3"][:count]
        x = net.chain(x, ", ".join(f"{k} {width}" for k in kernels) + ", max 2x2/2V")
    return classifier(net, x, 4096, 4096, 1000)


NETWORKS = {
    "lenet5_1998": lenet5_1998,
    "lenet5_simple": lenet5_simple,
    "lenet_caffe": lenet_caffe,
    "alexnet_lecture": partial(alexnet, 227, ALEXNET_LECTURE),
    "alexnet_grouped": partial(alexnet, 227, ALEXNET_GROUPED),
    "alexnet_owt": partial(alexnet, 224, ALEXNET_OWT),
    "zfnet_paper": partial(alexnet, 224, ZFNET_PAPER),
    "zfnet_wide": partial(alexnet, 224, ZFNET_WIDE),
    "zfnet_literal": partial(alexnet, 227, ZFNET_LITERAL),
    "nin_cifar10": partial(nin_cifar, 10),
    "nin_cifar100": partial(nin_cifar, 100),
    "nin_imagenet": partial(nin_imagenet, 224),
    "nin_imagenet@227": partial(nin_imagenet, 227),
    # Batch normalisation adds no convolution: the _bn networks are the same lists.
    **{name + bn: partial(vgg, repeats) for name, repeats in VGG.items() for bn in ("", "_bn")},
    **{"vgg16_C" + bn: partial(vgg, VGG["vgg16"], third="1x1") for bn in ("", "_bn")},
}
