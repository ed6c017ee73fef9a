"""SqueezeNet, ShuffleNet, Xception, MobileNet and EfficientNet."""

from dataclasses import replace
from functools import partial

from .layers import image

# Iandola et al. 2016, table 1 and the authors' repository: (squeeze, expand) of the fire modules, text between them.
SQUEEZENET_10 = (
    "7x7/2V 96, max 3x3/2C",
    *((16, 64), (16, 64), (32, 128), "max 3x3/2C"),
    *((32, 128), (48, 192), (48, 192), (64, 256), "max 3x3/2C"),
    (64, 256),
)
SQUEEZENET_11 = (
    "3x3/2V 64, max 3x3/2C",
    *((16, 64), (16, 64), "max 3x3/2C"),
    *((32, 128), (32, 128), "max 3x3/2C"),
    *((48, 192), (48, 192), (64, 256), (64, 256)),
)

# Zhang et al. 2017, table 1: outputs of stage 2 for g groups; stages 3 and 4 double them.
SHUFFLENET_V1 = {1: 144, 2: 200, 3: 240, 4: 272, 8: 384}

# Ma et al. 2018, table 5: outputs of stages 2 to 4 and of the last 1x1.
SHUFFLENET_V2 = {
    "0.5x": (48, 96, 192, 1024),
    "1x": (116, 232, 464, 1024),
    "1.5x": (176, 352, 704, 1024),
    "2x": (244, 488, 976, 2048),
}

# Howard et al. 2017, table 1: (outputs, stride) of the 13 depthwise separable layers.
MOBILENET_V1 = (
    *((64, 1), (128, 2), (128, 1), (256, 2), (256, 1)),
    *((512, 2), (512, 1), (512, 1), (512, 1), (512, 1), (512, 1)),
    *((1024, 2), (1024, 1)),
)

# Sandler et al. 2018, table 2: t, c, n, s.
MOBILENET_V2 = (
    (1, 16, 1, 1),
    (6, 24, 2, 2),
    (6, 32, 3, 2),
    (6, 64, 4, 2),
    (6, 96, 3, 1),
    (6, 160, 3, 2),
    (6, 320, 1, 1),
)

# Howard et al. 2019, tables 1 and 2: kernel, expansion size, outputs, squeeze-and-excite, stride.
MOBILENET_V3_LARGE = (
    (3, 16, 16, False, 1),
    (3, 64, 24, False, 2),
    (3, 72, 24, False, 1),
    (5, 72, 40, True, 2),
    (5, 120, 40, True, 1),
    (5, 120, 40, True, 1),
    (3, 240, 80, False, 2),
    (3, 200, 80, False, 1),
    (3, 184, 80, False, 1),
    (3, 184, 80, False, 1),
    (3, 480, 112, True, 1),
    (3, 672, 112, True, 1),
    (5, 672, 160, True, 2),
    (5, 960, 160, True, 1),
    (5, 960, 160, True, 1),
)
MOBILENET_V3_SMALL = (
    (3, 16, 16, True, 2),
    (3, 72, 24, False, 2),
    (3, 88, 24, False, 1),
    (5, 96, 40, True, 2),
    (5, 240, 40, True, 1),
    (5, 240, 40, True, 1),
    (5, 120, 48, True, 1),
    (5, 144, 48, True, 1),
    (5, 288, 96, True, 2),
    (5, 576, 96, True, 1),
    (5, 576, 96, True, 1),
)

# Tan and Le 2019, table 1: expansion, kernel, stride, outputs, repeats.
EFFICIENTNET_B0 = (
    (1, 3, 1, 16, 1),
    (6, 3, 2, 24, 2),
    (6, 5, 2, 40, 2),
    (6, 3, 2, 80, 3),
    (6, 5, 1, 112, 3),
    (6, 5, 2, 192, 4),
    (6, 3, 1, 320, 1),
)
# The released coefficients: width and depth in tenths, input size.
EFFICIENTNET = {
    "b0": (10, 10, 224),
    "b1": (10, 11, 240),
    "b2": (11, 12, 260),
    "b3": (12, 14, 300),
    "b4": (14, 18, 380),
    "b5": (16, 22, 456),
    "b6": (18, 26, 528),
    "b7": (20, 31, 600),
}


def round8(value, denominator=1):
    """Round the quotient to the nearest multiple of 8, halves up, at least 8 and at least 90 % of the quotient."""
    eights = max(1, (value + 4 * denominator) // (8 * denominator))
    if 10 * 8 * eights * denominator < 9 * value:
        eights += 1
    return 8 * eights


def finish(net, x, *widths):
    x = net.average(x)
    for width in widths:
        x = net.fc(x, width)
    return net


def squeezenet(table, size):
    net = image(size)
    x = net.input
    for row in table:
        if isinstance(row, str):
            x = net.chain(x, row)
        else:
            squeeze, expand = row
            x = net.branches(net.chain(x, f"1x1 {squeeze}"), f"1x1 {expand}", f"3x3 {expand}")
    net.chain(x, "1x1 1000")
    return net


def shufflenet_v1(g):
    """Table 1 and figure 2: the first 1x1 of stage 2 is not grouped; a stride-2 unit concatenates a pooled shortcut."""
    net = image(224)
    x = net.chain(net.input, "3x3/2 24, max 3x3/2")
    for stage, units in enumerate((4, 8, 4)):
        out = SHUFFLENET_V1[g] * 2**stage
        for unit in range(units):
            first = 1 if stage == unit == 0 else g
            if unit == 0:
                branch = f"1x1 {out // 4} g{first}, 3x3/2 dw, 1x1 {out - x.c} g{g}"
                x = net.branches(x, "avg 3x3/2", branch)
            else:
                x = net.add(x, net.chain(x, f"1x1 {out // 4} g{g}, 3x3 dw, 1x1 {out} g{g}"))
    return finish(net, x, 1000)


def shufflenet_v2(width):
    """Table 5 and figure 3 (c) and (d)."""
    *outputs, last = SHUFFLENET_V2[width]
    net = image(224)
    x = net.chain(net.input, "3x3/2 24, max 3x3/2")
    for out, units in zip(outputs, (4, 8, 4), strict=True):
        half = out // 2
        x = net.branches(x, f"3x3/2 dw, 1x1 {half}", f"1x1 {half}, 3x3/2 dw, 1x1 {half}")
        for _ in range(units - 1):
            left = right = replace(x, c=half)
            x = net.concat(left, net.chain(right, f"1x1 {half}, 3x3 dw, 1x1 {half}"))
    return finish(net, net.chain(x, f"1x1 {last}"), 1000)


def xception():
    """Chollet 2016, figure 5."""
    net = image(299)
    x = net.chain(net.input, "3x3/2V 32, 3x3V 64")
    for width in (128, 256, 728):
        shortcut = net.chain(x, f"1x1/2 {width}")
        x = net.add(shortcut, net.chain(x, f"3x3 dw, 1x1 {width}, 3x3 dw, 1x1 {width}, max 3x3/2"))
    for _ in range(8):
        x = net.add(x, net.chain(x, "3x3 dw, 1x1 728, 3x3 dw, 1x1 728, 3x3 dw, 1x1 728"))
    shortcut = net.chain(x, "1x1/2 1024")
    x = net.add(shortcut, net.chain(x, "3x3 dw, 1x1 728, 3x3 dw, 1x1 1024, max 3x3/2"))
    return finish(net, net.chain(x, "3x3 dw, 1x1 1536, 3x3 dw, 1x1 2048"), 1000)


def mobilenet_v1(percent=100, size=224):
    """Table 1; the last depthwise layer has stride 1. `percent` is the width multiplier."""
    net = image(size)
    x = net.chain(net.input, f"3x3/2 {32 * percent // 100}")
    for out, stride in MOBILENET_V1:
        x = net.chain(x, f"3x3/{stride} dw, 1x1 {out * percent // 100}")
    return finish(net, x, 1000)


def conv_mobilenet():
    """Table 4, "Conv MobileNet": each pair is one full 3x3."""
    net = image(224)
    x = net.chain(net.input, "3x3/2 32")
    for out, stride in MOBILENET_V1:
        x = net.chain(x, f"3x3/{stride} {out}")
    return finish(net, x, 1000)


def inverted_residual(net, x, *, k, expand, out, stride, squeeze=None):
    """1801.04381, figure 4 (d): 1x1 expand (absent if the width stays), depthwise, linear 1x1."""
    y = net.chain(x, f"1x1 {expand}") if expand != x.c else x
    y = net.chain(y, f"{k}x{k}/{stride} dw")
    if squeeze:
        y = net.squeeze_excite(y, squeeze)
    y = net.chain(y, f"1x1 {out}")
    return net.add(x, y) if stride == 1 and x.c == out else y


def mobilenet_v2(tenths=10):
    """Table 2; `tenths` is the width multiplier, which below 1 does not change the last 1280."""
    net = image(224)
    x = net.chain(net.input, f"3x3/2 {round8(32 * tenths, 10)}")
    for t, c, n, s in MOBILENET_V2:
        for index in range(n):
            x = inverted_residual(net, x, k=3, expand=t * x.c, out=round8(c * tenths, 10), stride=1 if index else s)
    return finish(net, net.chain(x, f"1x1 {round8(1280 * max(tenths, 10), 10)}"), 1000)


def mobilenet_v3(table, last, hidden):
    """Tables 1 and 2; squeeze to a quarter of the expansion size, heads of the released networks."""
    net = image(224)
    x = net.chain(net.input, "3x3/2 16")
    for k, expand, out, se, stride in table:
        x = inverted_residual(
            net, x, k=k, expand=expand, out=out, stride=stride, squeeze=round8(expand, 4) if se else None
        )
    return finish(net, net.chain(x, f"1x1 {last}"), hidden, 1000)


def efficientnet(width, depth, size):
    """Table 1 scaled: widths to multiples of 8, repeats rounded up; squeeze to a quarter of the block's input."""
    net = image(size)
    x = net.chain(net.input, f"3x3/2 {round8(32 * width, 10)}")
    for t, k, s, c, n in EFFICIENTNET_B0:
        for index in range(-(-n * depth // 10)):
            x = inverted_residual(
                net,
                x,
                k=k,
                expand=t * x.c,
                out=round8(c * width, 10),
                stride=1 if index else s,
                squeeze=x.c // 4,
            )
    return finish(net, net.chain(x, f"1x1 {round8(1280 * width, 10)}"), 1000)


NETWORKS = {
    "squeezenet1_0": partial(squeezenet, SQUEEZENET_10, 224),
    "squeezenet1_0@227": partial(squeezenet, SQUEEZENET_10, 227),
    "squeezenet1_1": partial(squeezenet, SQUEEZENET_11, 224),
    "squeezenet1_1@227": partial(squeezenet, SQUEEZENET_11, 227),
    **{f"shufflenet_v1_g{g}": partial(shufflenet_v1, g) for g in SHUFFLENET_V1},
    **{f"shufflenet_v2_{width}": partial(shufflenet_v2, width) for width in SHUFFLENET_V2},
    "xception": xception,
    "mobilenet_v1_1.0": mobilenet_v1,
    "mobilenet_v1_0.75": partial(mobilenet_v1, 75),
    "mobilenet_v1_0.5": partial(mobilenet_v1, 50),
    "mobilenet_v1_0.25": partial(mobilenet_v1, 25),
    **{f"mobilenet_v1_1.0@{size}": partial(mobilenet_v1, size=size) for size in (192, 160, 128)},
    "mobilenet_v1_0.5@160": partial(mobilenet_v1, 50, 160),
    "conv_mobilenet": conv_mobilenet,
    "mobilenet_v2": mobilenet_v2,
    "mobilenet_v2_1.4": partial(mobilenet_v2, 14),
    "mobilenet_v3_large": partial(mobilenet_v3, MOBILENET_V3_LARGE, 960, 1280),
    "mobilenet_v3_small": partial(mobilenet_v3, MOBILENET_V3_SMALL, 576, 1024),
    **{f"efficientnet_{name}": partial(efficientnet, *row) for name, row in EFFICIENTNET.items()},
}
