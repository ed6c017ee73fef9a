"""torchvision's operators of detection: regions, their suppression, and convolutions at places that are computed.

How many places an average over a region takes, and how many boxes are left, follows from values: what is counted is the
most (every pair of boxes), or the least (one place for each output element) where an operator chooses by itself.
"""

from __future__ import annotations

from math import ceil, log2, prod
from typing import TYPE_CHECKING

from archcost.rules._registry import rule
from archcost.rules.sampling import TAP_OPS
from archcost.rules.work import Everything, Unknown, Work

if TYPE_CHECKING:
    from archcost.records import OpCall

NEIGHBOURS = 4
# corners (4), sides (2), no less than zero (2), area, union (2), quotient, comparison
OVERLAP_OPS = 13


@rule("torchvision.nms", "torchvision.qnms", role="other", sees=Everything())
def nms(call: OpCall) -> Work:
    """Suppression of overlapping boxes: a sort of n boxes, and at most the overlap of each pair (13 operations).

    other_ops = n * ceil(log2 n) + 13 * n * (n - 1) / 2
    """
    boxes = call.args["dets"].shape[0]
    return Work(other_ops=boxes * ceil(log2(max(boxes, 2))) + OVERLAP_OPS * boxes * (boxes - 1) // 2)


@rule("torchvision.roi_align", "torchvision.ps_roi_align", role="pooling", sees=Unknown())
def roi_align(call: OpCall) -> Work:
    """Average over places between 4 neighbours, 2 operations each; one place where no sampling ratio is given.

    other_ops = 8 * sampling_ratio^2 * output elements
    """
    places = max(call.args["sampling_ratio"], 1) ** 2
    return Work(other_ops=TAP_OPS * NEIGHBOURS * places * call.outputs[0].elements)


@rule("torchvision.roi_pool", "torchvision.ps_roi_pool", role="pooling", sees=Unknown())
def roi_pool(call: OpCall) -> Work:
    """Maximum over a region: at least one operation for each output element; the region's size depends on values.

    other_ops = output elements
    """
    return Work(other_ops=call.outputs[0].elements)


@rule("torchvision.deform_conv2d", role="convolution", sees=Unknown())
def deformable_convolution(call: OpCall) -> Work:
    """Convolution whose inputs are interpolated between 4 neighbours, and scaled where there is a mask.

    macs = output elements * weights of one filter
    other_ops = 8 * output places * c_in * kernel elements
    other_ops = 9 * output places * c_in * kernel elements with a mask

    Not counted: the addition of the bias.
    """
    weight, result = call.args["weight"], call.outputs[0]
    positions = result.elements // max(result.shape[1], 1)
    taken = positions * call.args["input"].shape[1] * prod(weight.shape[2:])
    masked = 1 if call.args["use_mask"] else 0
    return Work(
        macs=result.elements * prod(weight.shape[1:]),
        other_ops=taken * (TAP_OPS * NEIGHBOURS + masked),
    )


@rule("torchvision._deform_conv2d_backward", role="convolution")
def deformable_convolution_backward(call: OpCall) -> Work:
    """Gradients by the weight and by the interpolated inputs, which flow back to 4 neighbours.

    macs = 2 * elements of the gradient * weights of one filter
    other_ops = 16 * output places * c_in * kernel elements
    """
    gradient, weight = call.args["grad"], call.args["weight"]
    positions = gradient.elements // max(gradient.shape[1], 1)
    taken = positions * call.args["input"].shape[1] * prod(weight.shape[2:])
    return Work(
        macs=2 * gradient.elements * prod(weight.shape[1:]), other_ops=2 * TAP_OPS * NEIGHBOURS * taken, layer_outputs=0
    )


@rule(
    *(f"torchvision._{name}_backward" for name in ("roi_align", "ps_roi_align", "roi_pool", "ps_roi_pool")),
    role="pooling",
)
def region_backward(call: OpCall) -> Work:
    """Backward pass of a region's pooling: 2 operations for each of 4 neighbours of each place.

    other_ops = 8 * sampling_ratio^2 * elements of the gradient
    """
    places = max(call.args.get("sampling_ratio", 1), 1) ** 2
    return Work(other_ops=TAP_OPS * NEIGHBOURS * places * call.inputs[0].elements)
