"""Convolutions of every dimension: grouped, depthwise, dilated, transposed, and their backward pass."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

from archcost.rules._registry import rule
from archcost.rules.work import Slides, Work, real_macs, slide

if TYPE_CHECKING:
    from archcost.records import OpCall, TensorSpec


def _window(call: OpCall) -> Slides:
    args = call.args
    kernel = args["weight"].shape[2:]
    stride, padding, dilation = args.get("stride", (1,)), args.get("padding", (0,)), args.get("dilation", (1,))
    return slide(kernel, stride, padding, dilation, bool(args.get("transposed", False)))


def _forward_macs(image: TensorSpec, output: TensorSpec, weight: TensorSpec, *, transposed: bool) -> int:
    tensor = image if transposed else output  # N, C and the spatial axes, of which an unbatched one has no N
    shape, kernels = tensor.shape, weight.shape
    elements = prod(shape)
    places = elements // shape[1 - len(kernels)] if elements else 0
    return real_macs(places * prod(kernels), image, weight)


@rule(
    "aten.convolution",
    "aten._convolution",
    "aten.cudnn_convolution",
    "aten.mkldnn_convolution",
    role="convolution",
    sees=_window,
)
def convolution(call: OpCall) -> Work:
    """Convolution with a (c_out, c_in / groups, kernel...) weight: each output place uses every weight once.

    A transposed convolution uses every weight once for each place of its input. The weight's shape accounts for groups;
    dilation changes nothing. Places of padding count as any other.

    macs = batch * places * elements of the weight

    Not counted: the addition of the bias.
    """
    args = call.args
    image, transposed = args["input" if "input" in args else "self"], bool(args.get("transposed", False))
    return Work(macs=_forward_macs(image, call.outputs[0], args["weight"], transposed=transposed))


@rule("aten.cudnn_convolution_transpose", role="convolution", sees=_window)
def transposed_convolution(call: OpCall) -> Work:
    """Transposed convolution: each place of the input uses every weight once.

    macs = batch * input places * elements of the weight

    Not counted: the addition of the bias.
    """
    image, weight = call.args["self"], call.args["weight"]
    return Work(macs=_forward_macs(image, call.outputs[0], weight, transposed=True))


@rule("aten.conv_tbc", role="convolution")
def convolution_over_time(call: OpCall) -> Work:
    """Convolution of a (time, batch, channels) tensor with a (kernel, c_in, c_out) weight.

    macs = time * batch * elements of the weight

    Not counted: the addition of the bias.
    """
    output, weight = call.outputs[0], call.args["weight"]
    return Work(macs=output.shape[0] * output.shape[1] * weight.elements)


@rule("aten.convolution_backward", role="convolution")
def convolution_backward(call: OpCall) -> Work:
    """Gradients of a convolution: each costs as much as the forward pass, for every number of groups.

    y[o] = sum over taps of w[t] x[o + t]: the gradients by x and by w each have one product for each (o, t).
    `output_mask` says which of the gradients by input, weight and bias autograd asks for.

    macs = forward macs * (gradients by input and weight that are asked for)
    other_ops = elements of the output's gradient where the bias's gradient is asked for
    """
    gradient, image, weight = call.args["grad_output"], call.args["input"], call.args["weight"]
    by_input, by_weight, by_bias = call.args["output_mask"]
    forward = _forward_macs(image, gradient, weight, transposed=bool(call.args["transposed"]))
    return Work(
        macs=forward * (int(by_input) + int(by_weight)),
        other_ops=gradient.elements if by_bias else 0,
        layer_outputs=0,
    )
