"""Plain and residual networks, pre-activation and wide ones, ResNeXt and SENet.

The lists omit batch normalisation and the order of activations, so a pre-activation network equals its post-activation
twin with the shortcuts of its own paper.
"""

from functools import partial

from .layers import Map, Net, image

# He et al. 2015 (arXiv 1512.03385), table 1: blocks of conv2_x to conv5_x; 200 comes from arXiv 1603.05027.
BLOCKS = {
    18: (2, 2, 2, 2),
    34: (3, 4, 6, 3),
    50: (3, 4, 6, 3),
    101: (3, 4, 23, 3),
    152: (3, 8, 36, 3),
    200: (3, 24, 36, 3),
}
WIDTHS = (64, 128, 256, 512)
STEM = "7x7/2 64, max 3x3/2"


def join(net, x, branch, stride, *, shortcut, projection="1x1"):
    """Add the sum of a block; A: subsampling and zero channels, B: projection if the shape changes, C: always."""
    if shortcut == "plain":
        return branch
    changes = stride != 1 or x.c != branch.c
    if shortcut == "C" or (shortcut == "B" and changes):
        x = net.chain(x, f"{projection}/{stride} {branch.c}")
    elif changes:
        assert shortcut == "A"
        x = Map(branch.c, branch.h, branch.w, x.depth)
    return net.add(x, branch)


def stages(net, x, repeats, block):
    """Add stages of blocks; the first block of every stage except the first has stride 2."""
    for stage, count in enumerate(repeats):
        for index in range(count):
            x = block(net, x, stage, 2 if stage and not index else 1)
    return x


def finish(net, x, classes):
    net.fc(net.average(x), classes)
    return net


def basic(net, x, stage, stride, *, widths, shortcut):
    """1512.03385, figure 5 left: two 3x3."""
    width = widths[stage]
    return join(net, x, net.chain(x, f"3x3/{stride} {width}, 3x3 {width}"), stride, shortcut=shortcut)


def bottleneck(net, x, stage, stride, *, middle, outer, shortcut="B", version=1, groups=1, se=False):
    """1512.03385, figure 5 right; version 1 has the stride in the first 1x1, version 1.5 in the 3x3."""
    m, out = middle[stage], outer[stage]
    first, second = (stride, 1) if version == 1 else (1, stride)
    branch = net.chain(x, f"1x1/{first} {m}, 3x3/{second} {m} g{groups}, 1x1 {out}")
    if se:  # Hu et al. 2017, figure 3, reduction ratio 16
        branch = net.squeeze_excite(branch, out // 16)
    return join(net, x, branch, stride, shortcut=shortcut)


def resnet_basic(depth, shortcut):
    """Table 1, columns 18-layer and 34-layer."""
    net = image(224)
    block = partial(basic, widths=WIDTHS, shortcut=shortcut)
    return finish(net, stages(net, net.chain(net.input, STEM), BLOCKS[depth], block), 1000)


def resnet(depth, middle=WIDTHS, **options):
    """Table 1, columns 50-layer to 152-layer; `middle` widths other than 64 to 512 belong to the relatives."""
    net = image(224)
    block = partial(bottleneck, middle=middle, outer=(256, 512, 1024, 2048), **options)
    return finish(net, stages(net, net.chain(net.input, STEM), BLOCKS[depth], block), 1000)


def resnext(depth, cardinality, d):
    """Xie et al. 2016, tables 1 and 2: C x d channels in the first grouped convolution, twice as many per stage."""
    middle = [cardinality * d * 2**stage for stage in range(4)]
    return resnet(depth, middle, version=1.5, groups=cardinality)


def cifar(depth, shortcut, classes=10, widen=1):
    """1512.03385, section 4.2 (6n+2 layers); 1605.07146, table 1, with widths 16k, 32k, 64k."""
    net = image(32)
    n = (depth - 2) // 6
    block = partial(basic, widths=(16 * widen, 32 * widen, 64 * widen), shortcut=shortcut)
    return finish(net, stages(net, net.chain(net.input, "3x3 16"), (n, n, n), block), classes)


def wrn(depth, widen):
    """Zagoruyko and Komodakis 2016, table 1: d = 6n+4 counts the three projections."""
    return cifar(depth - 2, "B", widen=widen)


def cifar_preresnet(depth, classes=10):
    """He et al. 2016, appendix: bottlenecks, 9n+2 layers, stride in the first 1x1, as in the authors' code."""
    net = image(32)
    n = (depth - 2) // 9
    block = partial(bottleneck, middle=(16, 32, 64), outer=(64, 128, 256))
    return finish(net, stages(net, net.chain(net.input, "3x3 16"), (n, n, n), block), classes)


def cifar_resnext(cardinality, d):
    """Xie et al. 2016, section 5.3: 29 layers, stride in the 3x3."""
    net = image(32)
    middle = [cardinality * d * 2**stage for stage in range(3)]
    block = partial(bottleneck, middle=middle, outer=(256, 512, 1024), version=1.5, groups=cardinality)
    return finish(net, stages(net, net.chain(net.input, "3x3 64"), (3, 3, 3), block), 10)


def senet154_block(net, x, stage, stride):
    """The first 1x1 is half as wide as in ResNeXt 64x4d, and projections are 3x3 if the grid shrinks."""
    p = WIDTHS[stage]
    branch = net.chain(x, f"1x1 {2 * p}, 3x3/{stride} {4 * p} g64, 1x1 {4 * p}")
    branch = net.squeeze_excite(branch, 4 * p // 16)
    return join(net, x, branch, stride, shortcut="B", projection="3x3" if stride == 2 else "1x1")


def senet154():
    """Hu et al. 2017, appendix, and the authors' model file."""
    net = image(224)
    x = net.chain(net.input, "3x3/2 64, 3x3 64, 3x3 128, max 3x3/2C")
    return finish(net, stages(net, x, BLOCKS[152], senet154_block), 1000)


def resnext_block(shape):
    """Xie et al. 2016, figure 3: three forms of one block, 256-d, 32 paths of width 4, on 56x56."""
    net = Net(Map(256, 56, 56))
    x = net.input
    if shape == "a":
        branch = net.add(*(net.chain(x, "1x1 4, 3x3 4, 1x1 256") for _ in range(32)))
    elif shape == "b":
        branch = net.chain(net.branches(x, *["1x1 4, 3x3 4"] * 32), "1x1 256")
    else:
        branch = net.chain(x, "1x1 128, 3x3 128 g32, 1x1 256")
    net.add(x, branch)
    return net


CIFAR_DEPTHS = (20, 32, 44, 56, 110, 1202)
DOUBLED = (128, 256, 512, 1024)

NETWORKS = {
    **{f"plain{depth}": partial(resnet_basic, depth, "plain") for depth in (18, 34)},
    **{f"resnet{depth}_{s}": partial(resnet_basic, depth, s) for depth in (18, 34) for s in "ABC"},
    **{f"resnet{depth}_A": partial(resnet, depth, shortcut="A") for depth in (50, 101, 152)},
    **{f"resnet{depth}": partial(resnet, depth) for depth in (50, 101, 152)},
    **{f"resnet{depth}_v1.5": partial(resnet, depth, version=1.5) for depth in (50, 101, 152, 200)},
    **{f"cifar_resnet{depth}": partial(cifar, depth, "A") for depth in CIFAR_DEPTHS},
    **{f"cifar_plain{depth}": partial(cifar, depth, "plain") for depth in CIFAR_DEPTHS},
    "cifar_resnet110_B": partial(cifar, 110, "B"),
    "cifar_preresnet110": partial(cifar, 110, "A"),
    "cifar_preresnet110_B": partial(cifar, 110, "B"),
    **{f"cifar_preresnet{depth}": partial(cifar_preresnet, depth) for depth in (164, 1001)},
    **{f"cifar100_preresnet{depth}": partial(cifar_preresnet, depth, classes=100) for depth in (164, 1001)},
    "preresnet152": partial(resnet, 152, version=1.5),
    "preresnet200": partial(resnet, 200, version=1.5),
    "preresnet200_s1x1": partial(resnet, 200),
    "preresnet200_firstpreact": partial(resnet, 200, version=1.5),
    "preresnet200_s1x1_firstpreact": partial(resnet, 200),
    **{f"wrn{d}_{k}": partial(wrn, d, k) for d, k in ((28, 10), (40, 4), (16, 8), (16, 4), (40, 8), (22, 8))},
    "wrn50_2": partial(resnet, 50, DOUBLED, version=1.5),
    "wrn101_2": partial(resnet, 101, DOUBLED, version=1.5),
    **{f"resnext29_{c}x{d}d": partial(cifar_resnext, c, d) for c, d in ((8, 64), (16, 64), (1, 64), (32, 4))},
    **{f"resnext50_{c}x{d}d": partial(resnext, 50, c, d) for c, d in ((2, 40), (4, 24), (8, 14), (32, 4))},
    **{f"resnext101_{c}x{d}d": partial(resnext, 101, c, d) for c, d in ((32, 4), (64, 4))},
    **{f"se_resnet{depth}": partial(resnet, depth, se=True) for depth in (50, 101, 152)},
    "se_resnet50_v1.5": partial(resnet, 50, version=1.5, se=True),
    # Authors' model file: the ResNeXt-50 (32x4d) above with the squeeze and excitation of SE-ResNet-50.
    "se_resnext50_32x4d": partial(resnet, 50, DOUBLED, version=1.5, groups=32, se=True),
    "senet154": senet154,
    **{f"resnext_block_{shape}": partial(resnext_block, shape) for shape in "abc"},
}
