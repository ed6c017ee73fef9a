"""Single building blocks: factorised convolutions, residual blocks, grid reductions, separable convolutions.

Every entry of BLOCKS takes the input channels and the side of the input map. Figures come from arXiv 1409.1556
(stacked 3x3), 1512.00567 (factorisation, grid reduction), 1512.03385 (residual blocks) and 1704.04861 (separable).
"""

from . import inception_299 as v3v4
from .inception import dimred_block, naive_block
from .layers import Map, Net, conv
from .residual import resnext_block


def steps(text):
    """Return a chain; `{c}` is the number of input channels."""

    def build(channels, size):
        net = Net(Map(channels, size, size))
        net.chain(net.input, text.format(c=channels))
        return net.layers

    return build


def module(function, *arguments):
    """Return a module of a network, on an input of any size."""

    def build(channels, size):
        net = Net(Map(channels, size, size))
        function(net, net.input, *arguments)
        return net.layers

    return build


def stem(net, x, text):
    return net.chain(x, text)


def pool_then_expand(channels, size):
    """1512.00567, figure 9 left: C to 2C on the pooled grid, with one weight per pair of channels."""
    return [conv(channels, 2 * channels, 1, size // 2, size // 2)]


def expand_then_pool(channels, size):
    """1512.00567, figure 9 right: C to 2C on the whole grid."""
    return [conv(channels, 2 * channels, 1, size, size)]


def parallel(channels, size):
    """1512.00567, figure 10 right: C to C with stride 2, beside a pooling of the C input channels."""
    return [conv(channels, channels, 1, size // 2, size // 2)]


def whole(build):
    """Return a block that exists in only one size."""

    def layers(channels, size):
        net = build()
        assert net.input == Map(channels, size, size)
        return net.layers

    return layers


BLOCKS = {
    # C channels in and out, the map keeps its size.
    "7x7": steps("7x7 {c}"),
    "3x3 x3": steps("3x3 {c}, 3x3 {c}, 3x3 {c}"),
    "5x5": steps("5x5 {c}"),
    "3x3 x2": steps("3x3 {c}, 3x3 {c}"),
    "3x3": steps("3x3 {c}"),
    "3x1+1x3": steps("3x1 {c}, 1x3 {c}"),
    "2x2 x2": steps("2x2 {c}, 2x2 {c}"),  # one-sided padding, first before and then after
    "1x7+7x1": steps("1x7 {c}, 7x1 {c}"),
    # A 1x1 before a 5x5 with 96 filters.
    "5x5-96": steps("5x5 96"),
    "1x1-64+5x5-96": steps("1x1 64, 5x5 96"),
    # Residual branches.
    "residual_basic": steps("3x3 {c}, 3x3 {c}"),
    "residual_bottleneck": steps("1x1 64, 3x3 64, 1x1 {c}"),
    "resnext_32x4d": steps("1x1 128, 3x3 128 g32, 1x1 {c}"),
    **{f"resnext_block_{shape}": whole(lambda shape=shape: resnext_block(shape)) for shape in "abc"},
    # Grid reductions from C to 2C channels.
    "reduction_pool_then_expand": pool_then_expand,
    "reduction_expand_then_pool": expand_then_pool,
    "reduction_parallel": parallel,
    "v3_reduction_a": module(v3v4.v3_reduction_a),
    # Standard convolution against depthwise separable.
    "3x3-128": steps("3x3 128"),
    "separable-128": steps("3x3 dw, 1x1 128"),
    "separable": steps("3x3 dw, 1x1 {c}"),
    "depthwise": steps("3x3 dw"),
    "pointwise": steps("1x1 {c}"),
    # Inception modules.
    "inception_naive": whole(naive_block),
    "inception_reduced": whole(dimred_block),
    "v3_a": module(v3v4.v3_a, 64),
    "fig5_module": module(v3v4.v2_a),
    "v4_a": module(v3v4.v4_a),
    "ir_v1_a": module(v3v4.residual, v3v4.V1_A),
    "ir_v2_a": module(v3v4.residual, v3v4.V2_A),
    "v3_b_192": module(v3v4.v3_b, 192),
    "v4_b": module(v3v4.v4_b),
    "ir_v1_b": module(v3v4.residual, v3v4.V1_B),
    "ir_v2_b": module(v3v4.residual, v3v4.V2_B),
    "v3_c": module(v3v4.v3_c),
    "v4_c": module(v3v4.v4_c),
    "ir_v1_c": module(v3v4.residual, v3v4.V1_C),
    "ir_v2_c": module(v3v4.residual, v3v4.V2_C),
    "v3_stem": module(stem, v3v4.V3_STEM),
    "v4_stem": module(v3v4.v4_stem),
    "ir_v1_stem": module(stem, v3v4.RESNET_V1_STEM),
}
