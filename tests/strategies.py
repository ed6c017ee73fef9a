"""Hypothesis strategies: convolutions and matrix products of small sizes."""

from hypothesis import strategies as st
from torch import nn

CONVOLUTIONS = {1: nn.Conv1d, 2: nn.Conv2d, 3: nn.Conv3d}
TRANSPOSED = {1: nn.ConvTranspose1d, 2: nn.ConvTranspose2d, 3: nn.ConvTranspose3d}


@st.composite
def convolutions(draw, *, transposed=None, axes=None):
    """Draw a convolution and the shape of a matching input."""
    axes = axes or draw(st.integers(1, 3))
    transposed = draw(st.booleans()) if transposed is None else transposed

    def each(low, high):
        return tuple(draw(st.integers(low, high)) for _ in range(axes))

    largest = 2 if axes == 3 else 3
    groups = draw(st.integers(1, 3))
    kernel, stride, dilation = each(1, largest), each(1, 2), each(1, 2)
    padding = tuple(draw(st.integers(0, d * (k - 1))) for k, d in zip(kernel, dilation, strict=True))
    kind = (TRANSPOSED if transposed else CONVOLUTIONS)[axes]
    network = kind(
        groups * draw(st.integers(1, 2)),
        groups * draw(st.integers(1, 2)),
        kernel,
        stride=stride,
        padding=padding,
        dilation=dilation,
        groups=groups,
        bias=draw(st.booleans()),
    )
    # large enough for the window, and for a non-empty transposed result
    sizes = tuple(max(d * (k - 1) + 1, 2 * p + 1) for k, d, p in zip(kernel, dilation, padding, strict=True))
    sizes = tuple(size + draw(st.integers(0, 1)) for size in sizes)
    return network, (draw(st.integers(1, 2)), network.in_channels, *sizes)


sizes = st.integers(1, 4)
