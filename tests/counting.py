"""The cost of a function of tensors, counted by archcost; and multiplications counted one by one in plain Python."""

import itertools

from torch import nn

import archcost


class Calls(nn.Module):
    """A network that calls one function."""

    def __init__(self, function, **modules):
        super().__init__()
        self.function = function
        for name, module in modules.items():
            self.add_module(name, module)

    def forward(self, *args):
        return self.function(*args)


def report(function, *tensors, device="meta", **rest):
    """Return the report of a function (or a module) called with tensors."""
    network = function if isinstance(function, nn.Module) else Calls(function)
    return archcost.profile(network, tensors, device=device, **rest)


def macs(function, *tensors, **rest):
    return report(function, *tensors, **rest).totals.macs


def other_ops(function, *tensors, **rest):
    return report(function, *tensors, **rest).totals.other_ops


def places(sizes):
    """Yield every position of a grid."""
    return itertools.product(*map(range, sizes))


def convolve(image, weight, *, stride, padding, dilation, groups, transposed, sizes):
    """Convolve nested lists in loops; return the result as {position: value} and the number of multiplications.

    `sizes` are the sizes of the result. Padding is multiplied like any other position; a transposed convolution
    multiplies every input position with every tap, even if the product falls off the edge.
    """
    result = dict.fromkeys(places(sizes), 0)
    multiplications = 0
    outer, inner, *kernel = weight.shape
    by_input = transposed
    ends = image.shape[2:] if by_input else sizes[2:]
    for batch, one, other, *rest in places((image.shape[0], outer, inner, *ends, *kernel)):
        here, tap = rest[: len(kernel)], rest[len(kernel) :]
        group = one // (outer // groups)
        there = tuple(at * s + t * d - p for at, t, s, d, p in zip(here, tap, stride, dilation, padding, strict=True))
        source, target = (here, there) if by_input else (there, here)
        into = (batch, other + group * inner, *target) if by_input else (batch, one, *target)
        come = (batch, one, *source) if by_input else (batch, other + group * inner, *source)
        inside = all(0 <= at < size for at, size in zip(come[2:], image.shape[2:], strict=True))
        value = (image[come].item() if inside else 0) * weight[(one, other, *tap)].item()
        multiplications += 1
        if into in result:
            result[into] += value
    return result, multiplications


def multiply(left, right):
    """Multiply two matrices in loops; return the result and the number of multiplications."""
    multiplications = 0
    result = [[0] * len(right[0]) for _ in left]
    for i, k, j in places((len(left), len(right), len(right[0]))):
        result[i][j] += left[i][k] * right[k][j]
        multiplications += 1
    return result, multiplications
