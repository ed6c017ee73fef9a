"""Pooling: one operation for each element of each window."""

from __future__ import annotations

from math import ceil, floor, prod
from typing import TYPE_CHECKING

from archcost.rules._registry import rule
from archcost.rules.work import Mixes, Sight, Slides, Work, per_axis, slide

if TYPE_CHECKING:
    from archcost.records import OpCall


def _axes(call: OpCall) -> int:
    return 3 if call.op.rstrip("_").endswith(("3d", "3d_with_indices")) else 2 if "2d" in call.op else 1


def _window(call: OpCall) -> Slides:
    args = call.args
    kernel = per_axis(args["kernel_size"], _axes(call))
    return slide(kernel, args["stride"] or kernel, args.get("padding", (0,)), args.get("dilation", (1,)))


@rule(
    "aten.max_pool2d_with_indices",
    "aten.max_pool3d_with_indices",
    "aten.mkldnn_max_pool2d",
    "aten.avg_pool1d",
    "aten.avg_pool2d",
    "aten.avg_pool3d",
    role="pooling",
    sees=_window,
)
def pool(call: OpCall) -> Work:
    """Pooling: a comparison, or an addition, for each element of each window.

    other_ops = output elements * window elements
    """
    return Work(other_ops=call.outputs[0].elements * prod(per_axis(call.args["kernel_size"], _axes(call))))


def _adaptive_window(call: OpCall) -> Sight:
    axes = _axes(call)
    sizes, outputs = call.inputs[0].shape[-axes:], call.outputs[0].shape[-axes:]
    if prod(outputs) == 1:
        return Mixes(tuple(range(-axes, 0)))
    return Slides(
        kernel=tuple(
            max(ceil((i + 1) * size / out) - floor(i * size / out) for i in range(out))
            for size, out in zip(sizes, outputs, strict=True)
        ),
        stride=tuple(size // out if size % out == 0 else size / out for size, out in zip(sizes, outputs, strict=True)),
        padding=(0,) * axes,
        dilation=(1,) * axes,
    )


@rule(
    "aten._adaptive_avg_pool2d",
    "aten._adaptive_avg_pool3d",
    "aten.adaptive_max_pool2d",
    "aten.adaptive_max_pool3d",
    role="pooling",
    sees=_adaptive_window,
)
def adaptive_pool(call: OpCall) -> Work:
    """Pooling to a given size; windows that overlap by rounding count once.

    other_ops = input elements, or output elements where there are more of them
    """
    return Work(other_ops=max(call.inputs[0].elements, call.outputs[0].elements))


@rule("aten.fractional_max_pool2d", "aten.fractional_max_pool3d", role="pooling")
def fractional_pool(call: OpCall) -> Work:
    """Maximum over windows at random places.

    other_ops = output elements * window elements
    """
    return Work(other_ops=call.outputs[0].elements * prod(per_axis(call.args["kernel_size"], _axes(call))))


@rule(
    "aten.max_pool2d_with_indices_backward",
    "aten.max_pool3d_with_indices_backward",
    "aten.adaptive_max_pool2d_backward",
    "aten.adaptive_max_pool3d_backward",
    "aten.max_unpool2d",
    "aten.max_unpool3d",
    role="pooling",
)
def max_pool_backward(call: OpCall) -> Work:
    """Backward pass of a maximum: one addition for each element of the gradient.

    other_ops = elements of the gradient
    """
    return Work(other_ops=call.inputs[0].elements)


@rule("aten.avg_pool2d_backward", "aten.avg_pool3d_backward", role="pooling")
def avg_pool_backward(call: OpCall) -> Work:
    """Backward pass of an average: one addition for each element of each window.

    other_ops = elements of the gradient * window elements
    """
    return Work(other_ops=call.inputs[0].elements * prod(per_axis(call.args["kernel_size"], _axes(call))))


@rule("aten._adaptive_avg_pool2d_backward", "aten._adaptive_avg_pool3d_backward", role="pooling")
def adaptive_avg_pool_backward(call: OpCall) -> Work:
    """Backward pass of an average to a given size.

    other_ops = elements of the input's gradient
    """
    return Work(other_ops=call.outputs[0].elements)
