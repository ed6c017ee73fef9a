"""DenseNet and FractalNet."""

from functools import partial

from .layers import image

# Huang et al. 2016, table 1: layers of the four dense blocks, growth rate k.
DENSENET = {
    "densenet121": ((6, 12, 24, 16), 32),
    "densenet169": ((6, 12, 32, 32), 32),
    "densenet201": ((6, 12, 48, 32), 32),
    "densenet264": ((6, 12, 64, 48), 32),
    "densenet161": ((6, 12, 36, 24), 48),
}

FRACTALNET_WIDE = (64, 128, 256, 512, 512)
FRACTALNET_NARROW = (16, 32, 64, 128, 128)


def densenet(net, x, blocks, k, bottleneck=True):
    """Section 3: every layer adds k maps; a -BC network has 1x1 layers of 4k maps and halves maps in transitions."""
    layer = f"1x1 {4 * k}, 3x3 {k}" if bottleneck else f"3x3 {k}"
    for index, count in enumerate(blocks):
        if index:
            x = net.chain(x, f"1x1 {x.c // 2 if bottleneck else x.c}, avg 2x2/2V")
        for _ in range(count):
            x = net.concat(x, net.chain(x, layer))
    net.fc(net.average(x), 1000 if len(blocks) == 4 else 10)
    return net


def imagenet(blocks, k):
    """Table 1."""
    net = image(224)
    return densenet(net, net.chain(net.input, f"7x7/2 {2 * k}, max 3x3/2"), blocks, k)


def cifar_bc(depth, k):
    """Section 4: DenseNet-BC on 32x32, (L-4)/6 layers of two convolutions in each of three blocks."""
    net = image(32)
    return densenet(net, net.chain(net.input, f"3x3 {2 * k}"), [(depth - 4) // 6] * 3, k)


def cifar(depth, k):
    """Section 4: plain DenseNet on 32x32, (L-4)/3 single 3x3 layers per block, no compression."""
    net = image(32)
    return densenet(net, net.chain(net.input, "3x3 16"), [(depth - 4) // 3] * 3, k, bottleneck=False)


def fractal(net, x, columns, width):
    """Larsson et al. 2016, figure 1: f(1) is a convolution, f(C+1) joins f(C) after f(C) with one convolution."""
    if columns == 1:
        return net.chain(x, f"3x3 {width}")
    deep = fractal(net, fractal(net, x, columns - 1, width), columns - 1, width)
    return net.add(deep, net.chain(x, f"3x3 {width}"))


def fractalnet(columns, widths, classes):
    """Larsson et al. 2016, section 4: five fractal blocks with 2x2 pooling after each."""
    net = image(32)
    x = net.input
    for width in widths:
        x = net.chain(fractal(net, x, columns, width), "max 2x2/2V")
    net.fc(x, classes)
    return net


NETWORKS = {
    **{name: partial(imagenet, *table) for name, table in DENSENET.items()},
    **{f"cifar_densenet_{depth}_{k}": partial(cifar, depth, k) for depth, k in ((40, 12), (100, 12), (100, 24))},
    **{
        f"cifar_densenet_bc_{depth}_{k}": partial(cifar_bc, depth, k)
        for depth, k in ((40, 12), (100, 12), (250, 24), (190, 40))
    },
    **{f"fractalnet_c{c}_w16_cifar100": partial(fractalnet, c, FRACTALNET_NARROW, 100) for c in range(1, 7)},
    "fractalnet20_cifar10": partial(fractalnet, 3, FRACTALNET_WIDE, 10),
    "fractalnet20_nobias": partial(fractalnet, 3, FRACTALNET_WIDE, 10),
    "fractalnet20_cifar100": partial(fractalnet, 3, FRACTALNET_WIDE, 100),
    "fractalnet40_wide_cifar100": partial(fractalnet, 4, FRACTALNET_WIDE, 100),
}
