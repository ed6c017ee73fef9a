"""The Inception networks on 299x299: v2 and v3 (arXiv 1512.00567), v4 and Inception-ResNet (arXiv 1602.07261)."""

from functools import partial

from .layers import image

V3_STEM = "3x3/2V 32, 3x3V 32, 3x3 64, max 3x3/2V, 1x1 80, 3x3V 192, max 3x3/2V"
# 1512.00567, table 1, rows 1 to 7; the last row keeps 35x35, so it is padded.
V2_STEM = "3x3/2V 32, 3x3V 32, 3x3 64, max 3x3/2V, 3x3V 80, 3x3/2V 192, 3x3 288"
# 1602.07261, figure 14.
RESNET_V1_STEM = "3x3/2V 32, 3x3V 32, 3x3 64, max 3x3/2V, 1x1 80, 3x3V 192, 3x3/2V 256"

V3_B_WIDTHS = (128, 160, 160, 192)
V2_B_WIDTHS = (128, 160, 160, 192, 192)


def head(net, x):
    net.fc(net.average(x), 1000)
    return net


def aux_head(net, x):
    """1512.00567, figure 8, as released: on the last 17x17 grid."""
    net.fc(net.chain(x, "avg 5x5/3V, 1x1 128, 5x5V 768"), 1000)


# Inception-v3 (1512.00567, figures 5 to 7 and 10; widths of the released network).


def v3_a(net, x, projection):
    return net.branches(x, "1x1 64", "1x1 48, 5x5 64", "1x1 64, 3x3 96, 3x3 96", f"avg 3x3, 1x1 {projection}")


def v2_a(net, x):
    """Figure 5 as drawn, two 3x3 in place of the 5x5; v3's widths."""
    return net.branches(x, "1x1 64", "1x1 48, 3x3 64", "1x1 64, 3x3 96, 3x3 96", "avg 3x3, 1x1 64")


def v3_reduction_a(net, x):
    return net.branches(x, "3x3/2V 384", "1x1 64, 3x3 96, 3x3/2V 96", "max 3x3/2V")


def v3_b(net, x, c):
    return net.branches(
        x,
        "1x1 192",
        f"1x1 {c}, 1x7 {c}, 7x1 192",
        f"1x1 {c}, 7x1 {c}, 1x7 {c}, 7x1 {c}, 1x7 192",
        "avg 3x3, 1x1 192",
    )


def v3_reduction_b(net, x):
    return net.branches(x, "1x1 192, 3x3/2V 320", "1x1 192, 1x7 192, 7x1 192, 3x3/2V 192", "max 3x3/2V")


def v3_c(net, x):
    return net.concat(
        net.chain(x, "1x1 320"),
        net.branches(net.chain(x, "1x1 384"), "1x3 384", "3x1 384"),
        net.branches(net.chain(x, "1x1 448, 3x3 384"), "1x3 384", "3x1 384"),
        net.chain(x, "avg 3x3, 1x1 192"),
    )


def inception_v3(aux=False):
    net = image(299)
    x = net.chain(net.input, V3_STEM)
    for projection in (32, 64, 64):
        x = v3_a(net, x, projection)
    x = v3_reduction_a(net, x)
    for width in V3_B_WIDTHS:
        x = v3_b(net, x, width)
    if aux:
        aux_head(net, x)
    x = v3_reduction_b(net, x)
    for _ in range(2):
        x = v3_c(net, x)
    return head(net, x)


def inception_v2(b_widths):
    """Table 1: 3 modules of figure 5, 5 (or 4) of figure 6, 2 of figure 7; v3's widths and grid reductions."""
    net = image(299)
    x = net.chain(net.input, V2_STEM)
    for _ in range(3):
        x = v2_a(net, x)
    x = v3_reduction_a(net, x)
    for width in b_widths:
        x = v3_b(net, x, width)
    x = v3_reduction_b(net, x)
    for _ in range(2):
        x = v3_c(net, x)
    return head(net, x)


# Inception-v4 (1602.07261, figures 3 to 9).


def v4_stem(net, x):
    x = net.chain(x, "3x3/2V 32, 3x3V 32, 3x3 64")
    x = net.branches(x, "max 3x3/2V", "3x3/2V 96")
    x = net.branches(x, "1x1 64, 3x3V 96", "1x1 64, 7x1 64, 1x7 64, 3x3V 96")
    return net.branches(x, "3x3/2V 192", "max 3x3/2V")


def v4_a(net, x):
    return net.branches(x, "avg 3x3, 1x1 96", "1x1 96", "1x1 64, 3x3 96", "1x1 64, 3x3 96, 3x3 96")


def reduction_a(net, x, widths):
    """Figure 7 with the k, l, m, n of table 1, for v4 and both Inception-ResNets."""
    k, ell, m, n = widths
    return net.branches(x, "max 3x3/2V", f"3x3/2V {n}", f"1x1 {k}, 3x3 {ell}, 3x3/2V {m}")


def v4_b(net, x):
    return net.branches(
        x,
        "avg 3x3, 1x1 128",
        "1x1 384",
        "1x1 192, 1x7 224, 7x1 256",
        "1x1 192, 1x7 192, 7x1 224, 1x7 224, 7x1 256",
    )


def v4_reduction_b(net, x):
    return net.branches(x, "max 3x3/2V", "1x1 192, 3x3/2V 192", "1x1 256, 1x7 256, 7x1 320, 3x3/2V 320")


def v4_c(net, x):
    return net.concat(
        net.chain(x, "avg 3x3, 1x1 256"),
        net.chain(x, "1x1 256"),
        net.branches(net.chain(x, "1x1 384"), "1x3 256", "3x1 256"),
        net.branches(net.chain(x, "1x1 384, 1x3 448, 3x1 512"), "1x3 256", "3x1 256"),
    )


def inception_v4():
    net = image(299)
    x = v4_stem(net, net.input)
    for _ in range(4):
        x = v4_a(net, x)
    x = reduction_a(net, x, (192, 224, 256, 384))
    for _ in range(7):
        x = v4_b(net, x)
    x = v4_reduction_b(net, x)
    for _ in range(3):
        x = v4_c(net, x)
    return head(net, x)


# Inception-ResNet (1602.07261, figures 10 to 19; "slim" is the released v2).

V1_A = ("1x1 32", "1x1 32, 3x3 32", "1x1 32, 3x3 32, 3x3 32")
V1_B = ("1x1 128", "1x1 128, 1x7 128, 7x1 128")
V1_REDUCTION_B = ("max 3x3/2V", "1x1 256, 3x3/2V 384", "1x1 256, 3x3/2V 256", "1x1 256, 3x3 256, 3x3/2V 256")
V1_C = ("1x1 192", "1x1 192, 1x3 192, 3x1 192")

V2_A = ("1x1 32", "1x1 32, 3x3 32", "1x1 32, 3x3 48, 3x3 64")
V2_B = ("1x1 192", "1x1 128, 1x7 160, 7x1 192")
V2_REDUCTION_B = ("max 3x3/2V", "1x1 256, 3x3/2V 384", "1x1 256, 3x3/2V 288", "1x1 256, 3x3 288, 3x3/2V 320")
V2_C = ("1x1 192", "1x1 192, 1x3 224, 3x1 256")


def residual(net, x, branches):
    """Branches, then a linear 1x1 back to the width of x, then the sum."""
    return net.add(x, net.chain(net.branches(x, *branches), f"1x1 {x.c}"))


def inception_resnet_v1():
    net = image(299)
    x = net.chain(net.input, RESNET_V1_STEM)
    for _ in range(5):
        x = residual(net, x, V1_A)
    x = reduction_a(net, x, (192, 192, 256, 384))
    for _ in range(10):
        x = residual(net, x, V1_B)
    x = net.branches(x, *V1_REDUCTION_B)
    for _ in range(5):
        x = residual(net, x, V1_C)
    return head(net, x)


def inception_resnet_v2_paper():
    net = image(299)
    x = v4_stem(net, net.input)
    for _ in range(5):
        x = residual(net, x, V2_A)
    x = reduction_a(net, x, (256, 256, 384, 384))
    for _ in range(10):
        x = residual(net, x, V2_B)
    x = net.branches(x, *V2_REDUCTION_B)
    for _ in range(5):
        x = residual(net, x, V2_C)
    return head(net, x)


def inception_resnet_v2_slim(aux=False):
    net = image(299)
    x = net.chain(net.input, V3_STEM)
    x = net.branches(x, "1x1 96", "1x1 48, 5x5 64", "1x1 64, 3x3 96, 3x3 96", "avg 3x3, 1x1 64")
    for _ in range(10):
        x = residual(net, x, V2_A)
    x = reduction_a(net, x, (256, 256, 384, 384))
    for _ in range(20):
        x = residual(net, x, V2_B)
    if aux:
        aux_head(net, x)
    x = net.branches(x, *V2_REDUCTION_B)
    for _ in range(10):
        x = residual(net, x, V2_C)
    return head(net, net.chain(x, "1x1 1536"))


NETWORKS = {
    "inception_v2_table1": partial(inception_v2, V2_B_WIDTHS),
    "inception_v2_table1_4B": partial(inception_v2, V3_B_WIDTHS),
    "inception_v3": inception_v3,
    "inception_v3_aux": partial(inception_v3, aux=True),
    "inception_v4": inception_v4,
    "inception_resnet_v1": inception_resnet_v1,
    "inception_resnet_v2_paper": inception_resnet_v2_paper,
    "inception_resnet_v2_slim": inception_resnet_v2_slim,
    "inception_resnet_v2_slim_aux": partial(inception_resnet_v2_slim, aux=True),
}
