"""The basis of the expected figures: weighted layers as integers, feature maps as sizes, a notation for layer lists.

A network is written as text close to its paper's table. One step is `KHxKW`, then any difference from stride 1 with
"same" padding, then the output channels:

    3x3 64          kernel 3x3, stride 1, output as large as the input
    3x3/2 64        stride 2, "same": the output is ceil(input / 2)
    3x3/2V 64       "valid": no padding, output rounded down
    7x7/2p1 64      one row or column of zeros on each side
    3x3 64 g32      32 groups
    3x3/2 dw        depthwise: as many groups and outputs as inputs
    max 3x3/2C      pooling (max or avg) without padding whose output is rounded up, as in Caffe

Commas separate successive steps.
"""

import re
from dataclasses import dataclass, field, replace

STEP = re.compile(
    r"(?P<pool>max |avg )?(?P<kh>\d+)x(?P<kw>\d+)(?:/(?P<stride>\d))?(?P<padding>V|C|p\d+)?"
    r"(?: (?P<out>\d+))?(?: g(?P<groups>\d+))?(?P<depthwise> dw)?"
)


@dataclass(frozen=True)
class Layer:
    """One convolution or fully connected layer; `depth` is the length of the longest chain of weighted layers to it."""

    kind: str
    weights: int
    macs: int
    outputs: int
    depth: int = 1


@dataclass(frozen=True)
class Map:
    """A feature map: channels x height x width, behind a chain of `depth` weighted layers."""

    c: int
    h: int = 1
    w: int = 1
    depth: int = 0


def conv(c_in, c_out, k, h_out, w_out, *, groups=1, depth=1):
    kh, kw = k if isinstance(k, tuple) else (k, k)
    assert c_in % groups == 0, f"{c_in} input channels do not divide into {groups} groups"
    assert c_out % groups == 0, f"{c_out} output channels do not divide into {groups} groups"
    weights = c_out * (c_in // groups) * kh * kw
    return Layer("conv", weights, weights * h_out * w_out, c_out * h_out * w_out, depth)


def fc(n_in, n_out, depth=1):
    return Layer("fc", n_in * n_out, n_in * n_out, n_out, depth)


def length(n, k, stride, padding):
    """Return the output length of a sliding window; `padding` is in the notation above."""
    if padding == "":
        return -(-n // stride)
    if padding == "C":
        return -(-(n - k) // stride) + 1
    zeros = 0 if padding == "V" else int(padding[1:])
    return (n + 2 * zeros - k) // stride + 1


@dataclass
class Net:
    """A network under construction: each step adds its weighted layer to `layers`."""

    input: Map
    layers: list[Layer] = field(default_factory=list)

    def chain(self, x, steps):
        """Add the steps of the notation one after the other."""
        for text in steps.split(", "):
            x = self._step(x, text)
        return x

    def branches(self, x, *chains):
        """Add parallel chains on the same input, concatenated."""
        return self.concat(*(self.chain(x, steps) for steps in chains))

    def fc(self, x, n_out):
        """Add a fully connected layer on all values of x."""
        self.layers.append(fc(x.c * x.h * x.w, n_out, x.depth + 1))
        return Map(n_out, depth=x.depth + 1)

    def squeeze_excite(self, x, squeeze):
        """Add a global average, a 1x1 to `squeeze`, a 1x1 back, and a product with x."""
        gate = self.chain(self.average(x), f"1x1 {squeeze}, 1x1 {x.c}")
        return replace(x, depth=gate.depth)

    @staticmethod
    def average(x):
        """Return the map after global average pooling."""
        return replace(x, h=1, w=1)

    @staticmethod
    def concat(*maps):
        assert len({(x.h, x.w) for x in maps}) == 1, f"maps of different sizes: {maps}"
        return Map(sum(x.c for x in maps), maps[0].h, maps[0].w, max(x.depth for x in maps))

    @staticmethod
    def add(*maps):
        assert len({(x.c, x.h, x.w) for x in maps}) == 1, f"maps of different shapes: {maps}"
        return replace(maps[0], depth=max(x.depth for x in maps))

    def _step(self, x, text):
        step = STEP.fullmatch(text)
        assert step, f"not a step: {text!r}"
        assert [step["pool"], step["out"], step["depthwise"]].count(None) == 2, f"not a step: {text!r}"
        k = int(step["kh"]), int(step["kw"])
        stride, padding = int(step["stride"] or 1), step["padding"] or ""
        h, w = length(x.h, k[0], stride, padding), length(x.w, k[1], stride, padding)
        if step["pool"]:
            return replace(x, h=h, w=w)
        out = x.c if step["depthwise"] else int(step["out"])
        groups = x.c if step["depthwise"] else int(step["groups"] or 1)
        self.layers.append(conv(x.c, out, k, h, w, groups=groups, depth=x.depth + 1))
        return Map(out, h, w, x.depth + 1)


def image(size, channels=3):
    """Return an empty network on a square input."""
    return Net(Map(channels, size, size))
