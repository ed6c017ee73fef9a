"""Normalisation and softmax.

The statistics of a normalisation are not counted as sight: a receptive field follows the values that are normalised.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from archcost.rules._registry import rule
from archcost.rules.work import Mixes, Pointwise, Work

if TYPE_CHECKING:
    from archcost.records import OpCall

SOFTMAX_OPS = 5  # maximum, subtraction, exponential, sum, division
AFFINE_OPS = 2  # one multiplication, one addition
STATISTICS_OPS = 3  # sum for the mean; difference and square for the variance
AFFINE_NORM_OPS = STATISTICS_OPS + 2 * AFFINE_OPS  # statistics, normalising by them, scale and shift


def _count_normalised(call: OpCall, *, statistics: bool) -> Work:
    elements = call.inputs[0].elements
    if not statistics:
        return Work(other_ops=AFFINE_OPS * elements)
    affine = AFFINE_OPS if call.args.get("weight") is not None else 0
    return Work(other_ops=(STATISTICS_OPS + AFFINE_OPS + affine) * elements)


@rule(
    "aten.native_batch_norm",
    "aten._native_batch_norm_legit",
    "aten._batch_norm_with_update",
    "aten.cudnn_batch_norm",
    "aten.miopen_batch_norm",
    role="normalisation",
    sees=Pointwise(),
)
def batch_norm(call: OpCall) -> Work:
    """Normalise each channel; in eval mode statistics and affine parameters fold into one scale and one shift.

    other_ops = 2 * elements in eval mode
    other_ops = 5 * elements in training mode: 3 for the statistics, 2 to normalise
    other_ops = 7 * elements in training mode with a scale and a shift
    """
    return _count_normalised(call, statistics=bool(call.args.get("training", True)))


@rule("aten._native_batch_norm_legit_no_training", "aten._batch_norm_no_update", role="normalisation", sees=Pointwise())
def batch_norm_inference(call: OpCall) -> Work:
    """Normalise each channel by stored statistics: one scale, one shift.

    other_ops = 2 * elements
    """
    return _count_normalised(call, statistics=False)


@rule(
    "aten.native_layer_norm", "aten.native_group_norm", "aten._fused_rms_norm", role="normalisation", sees=Pointwise()
)
def statistics_norm(call: OpCall) -> Work:
    """Normalise by the input's own statistics.

    other_ops = 5 * elements: 3 for the statistics, 2 to normalise
    other_ops = 7 * elements with a scale and a shift
    """
    return _count_normalised(call, statistics=True)


@rule(
    "aten.native_batch_norm_backward",
    "aten.batch_norm_backward",
    "aten.cudnn_batch_norm_backward",
    "aten.miopen_batch_norm_backward",
    "aten.native_layer_norm_backward",
    "aten.native_group_norm_backward",
    "aten._fused_rms_norm_backward",
    role="normalisation",
)
def norm_backward(call: OpCall) -> Work:
    """Backward pass of a normalisation: two reductions (4 operations) and a combination of three terms (5).

    other_ops = 9 * elements
    """
    return Work(other_ops=9 * call.inputs[0].elements)


def _along(call: OpCall) -> Mixes:
    return Mixes((call.args["dim"],))


@rule(
    "aten._softmax", "aten._log_softmax", "aten._safe_softmax", "aten._sparse_softmax", role="activation", sees=_along
)
def softmax(call: OpCall) -> Work:
    """Softmax: maximum, subtraction, exponential, sum, division.

    other_ops = 5 * elements
    """
    return Work(other_ops=SOFTMAX_OPS * call.outputs[0].elements)


@rule("aten._softmax_backward_data", "aten._log_softmax_backward_data", role="activation")
def softmax_backward(call: OpCall) -> Work:
    """Backward pass of softmax: product, sum, difference, product.

    other_ops = 4 * elements
    """
    return Work(other_ops=4 * call.outputs[0].elements)


@rule("aten._masked_softmax", role="activation", sees=_along)
def masked_softmax(call: OpCall) -> Work:
    """Softmax with one comparison for each element of the mask.

    other_ops = 6 * elements
    """
    return Work(other_ops=(SOFTMAX_OPS + 1) * call.outputs[0].elements)
