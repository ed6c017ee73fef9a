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
    """A sort of n boxes, and the overlap of each pair: 13 operations, n (n - 1) / 2 times at most."""
    boxes = call.args["dets"].shape[0]
    return Work(other_ops=boxes * ceil(log2(max(boxes, 2))) + OVERLAP_OPS * boxes * (boxes - 1) // 2)


@rule("torchvision.roi_align", "torchvision.ps_roi_align", role="pooling", sees=Unknown())
def roi_align(call: OpCall) -> Work:
    """sampling_ratio ^ 2 places for each output element, each between 4 neighbours; one place where none is given."""
    places = max(call.args["sampling_ratio"], 1) ** 2
    return Work(other_ops=TAP_OPS * NEIGHBOURS * places * call.outputs[0].elements)


@rule("torchvision.roi_pool", "torchvision.ps_roi_pool", role="pooling", sees=Unknown())
def roi_pool(call: OpCall) -> Work:
    """One operation for each output element at least."""
    return Work(other_ops=call.outputs[0].elements)


@rule("torchvision.deform_conv2d", role="convolution", sees=Unknown())
def deformable_convolution(call: OpCall) -> Work:
    """As a convolution; before it, each input of each window is taken between 4 neighbours (and scaled by a mask)."""
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
    """Two products, by the weight and by what was taken; each input that was taken goes back to 4 neighbours."""
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
    """A multiplication and an addition for each of 4 neighbours of each place."""
    places = max(call.args.get("sampling_ratio", 1), 1) ** 2
    return Work(other_ops=TAP_OPS * NEIGHBOURS * places * call.inputs[0].elements)
