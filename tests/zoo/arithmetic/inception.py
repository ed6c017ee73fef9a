"""The Inception networks on 224x224 inputs: the lecture's two modules, GoogLeNet and BN-Inception."""

from functools import partial

from .layers import Map, Net, image

DENSE_STEM = "7x7/2 64"
# Depth multiplier 8 on the three colours, then a 1x1 convolution.
SEPARABLE_STEM = "7x7/2 24 g3, 1x1 64"

# Szegedy et al. 2014 (GoogLeNet), table 1: 1x1, 3x3 reduce, 3x3, 5x5 reduce, 5x5, pool proj.
GOOGLENET = {
    "3a": (64, 96, 128, 16, 32, 32),
    "3b": (128, 128, 192, 32, 96, 64),
    "4a": (192, 96, 208, 16, 48, 64),
    "4b": (160, 112, 224, 24, 64, 64),
    "4c": (128, 128, 256, 24, 64, 64),
    "4d": (112, 144, 288, 32, 64, 64),
    "4e": (256, 160, 320, 32, 128, 128),
    "5a": (256, 160, 320, 32, 128, 128),
    "5b": (384, 192, 384, 48, 128, 128),
}

# Ioffe and Szegedy 2015 (BN-Inception), figure 5: 1x1, 3x3 reduce, 3x3, double 3x3 reduce, double 3x3, pool proj.
# None marks the modules with stride 2, which lack the 1x1 and the projection.
BN_INCEPTION = {
    "3a": (64, 64, 64, 64, 96, "avg 3x3, 1x1 32"),
    "3b": (64, 64, 96, 64, 96, "avg 3x3, 1x1 64"),
    "3c": (None, 128, 160, 64, 96, "max 3x3/2C"),
    "4a": (224, 64, 96, 96, 128, "avg 3x3, 1x1 128"),
    "4b": (192, 96, 128, 96, 128, "avg 3x3, 1x1 128"),
    "4c": (160, 128, 160, 128, 160, "avg 3x3, 1x1 {projection}"),
    "4d": (96, 128, 192, 160, 192, "avg 3x3, 1x1 {projection}"),
    "4e": (None, 128, 192, 192, 256, "max 3x3/2C"),
    "5a": (352, 192, 320, 160, 224, "avg 3x3, 1x1 128"),
    "5b": (352, 192, 320, 192, 224, "max 3x3, 1x1 128"),
}


def naive_block():
    """Stanford CS231n, lecture 9: the naive Inception module on 28x28x256."""
    net = Net(Map(256, 28, 28))
    net.branches(net.input, "1x1 128", "3x3 192", "5x5 96", "max 3x3")
    return net


def dimred_block():
    """The same module with 1x1 "bottleneck" layers."""
    net = Net(Map(256, 28, 28))
    net.branches(net.input, "1x1 128", "1x1 64, 3x3 192", "1x1 64, 5x5 96", "max 3x3, 1x1 64")
    return net


def googlenet_aux_head(net, x):
    """Section 5: average 5x5/3, 1x1 with 128 filters, 1024 units, 1000 classes."""
    x = net.chain(x, "avg 5x5/3V, 1x1 128")
    net.fc(net.fc(x, 1024), 1000)


def googlenet(stem=DENSE_STEM, aux=False):
    """Table 1 and figure 3 of Szegedy et al. 2014."""
    net = image(224)
    x = net.chain(net.input, f"{stem}, max 3x3/2C, 1x1 64, 3x3 192, max 3x3/2C")
    for name, (one, reduce3, three, reduce5, five, projection) in GOOGLENET.items():
        if aux and name in ("4b", "4e"):  # the auxiliary heads read the outputs of 4a and 4d
            googlenet_aux_head(net, x)
        x = net.branches(
            x,
            f"1x1 {one}",
            f"1x1 {reduce3}, 3x3 {three}",
            f"1x1 {reduce5}, 5x5 {five}",
            f"max 3x3, 1x1 {projection}",
        )
        if name in ("3b", "4e"):
            x = net.chain(x, "max 3x3/2C")
    net.fc(net.average(x), 1000)
    return net


def bn_inception(stem=DENSE_STEM, projection=128):
    """Figure 5 of Ioffe and Szegedy 2015; it prints 128 projections for 4c and 4d, but sizes that follow from 96."""
    net = image(224)
    x = net.chain(net.input, f"{stem}, max 3x3/2C, 1x1 64, 3x3 192, max 3x3/2C")
    for one, reduce3, three, double, last, pool in BN_INCEPTION.values():
        stride = 1 if one else 2
        x = net.branches(
            x,
            *([f"1x1 {one}"] if one else []),
            f"1x1 {reduce3}, 3x3/{stride} {three}",
            f"1x1 {double}, 3x3 {last}, 3x3/{stride} {last}",
            pool.format(projection=projection),
        )
    net.fc(net.average(x), 1000)
    return net


NETWORKS = {
    "inception_naive_block": naive_block,
    "inception_dimred_block": dimred_block,
    "googlenet": googlenet,
    "googlenet_aux": partial(googlenet, aux=True),
    "googlenet_sep": partial(googlenet, SEPARABLE_STEM),
    "bn_inception_608": bn_inception,
    "bn_inception_608_bias": bn_inception,
    "bn_inception_576": partial(bn_inception, projection=96),
    "bn_inception_608_sep8": partial(bn_inception, SEPARABLE_STEM),
    "bn_inception_576_sep8": partial(bn_inception, SEPARABLE_STEM, projection=96),
}
