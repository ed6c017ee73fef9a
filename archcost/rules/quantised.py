"""Layers whose weights are integers, packed into an object: their multiply-adds are those in full precision.

A weight that an operator is given packed arrives as the weights that the object holds, without their biases.
"""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

from archcost.rules._registry import free, rule
from archcost.rules.normalisation import AFFINE_NORM_OPS, AFFINE_OPS, SOFTMAX_OPS
from archcost.rules.recurrent import GRU_STEP, LSTM_STEP, RNN_STEP
from archcost.rules.work import Everything, Mixes, Pointwise, Unknown, Work

if TYPE_CHECKING:
    from archcost.records import OpCall, TensorSpec

CONVERSION_OPS = 2  # a scale and a shift, either way


def _names(names: str) -> tuple[str, ...]:
    return tuple(f"quantized.{name}" for name in names.split())


def _weights(packed: tuple[TensorSpec, ...]) -> int:
    """Elements of the weights of a packed layer."""
    return sum(tensor.elements for tensor in packed)


@rule(
    *_names("linear linear_relu linear_dynamic linear_relu_dynamic linear_leaky_relu linear_tanh"),
    *_names("linear_dynamic_fp16 linear_relu_dynamic_fp16"),
    role="linear",
    sees=Mixes((-1,)),
)
def linear(call: OpCall) -> Work:
    """Linear layer with packed integer weights.

    macs = rows * in features * out features

    Not counted: biases, and a fused activation.
    """
    return Work(macs=call.outputs[0].elements * call.inputs[0].shape[-1])


@rule(
    *(f"quantized.conv{axes}d{more}" for axes in (1, 2, 3) for more in ("", "_relu", "_dynamic")),
    *_names("conv2d_add conv2d_add_relu"),
    role="convolution",
    sees=Unknown(),
)
def convolution(call: OpCall) -> Work:
    """Convolution with packed integer weights.

    macs = output elements * weights of one filter

    Not counted: biases, and what is fused.
    """
    weight = call.args["packed_weight"][0]
    return Work(macs=call.outputs[0].elements * prod(weight.shape[1:]))


@rule(
    *(f"quantized.conv_transpose{axes}d{more}" for axes in (1, 2, 3) for more in ("", "_dynamic")),
    role="convolution",
    sees=Unknown(),
)
def transposed_convolution(call: OpCall) -> Work:
    """Transposed convolution with packed integer weights.

    macs = input elements * weights of one filter

    Not counted: biases, and what is fused.
    """
    return Work(macs=call.inputs[0].elements * prod(call.args["packed_weight"][0].shape[1:]))


@rule("quantized.matmul", role="linear", sees=Everything())
def matmul(call: OpCall) -> Work:
    """A quantised (n, m) matrix times a (m, p) matrix.

    macs = n * m * p
    """
    return Work(macs=call.outputs[0].elements * call.inputs[0].shape[-1])


@rule("aten.quantized_lstm", "aten.quantized_gru", role="recurrent", sees=Everything())
def recurrent(call: OpCall) -> Work:
    """All layers of an LSTM or GRU with packed weights; a token is one step of one sequence.

    macs = tokens * elements of the packed weights
    other_ops = tokens * hidden size * (13 for an LSTM, 10 for a GRU) for each layer and direction

    Not counted: biases.
    """
    sequence = call.args.get("input", call.inputs[0])
    tokens = sequence.elements // max(sequence.shape[-1], 1)
    steps = LSTM_STEP if "lstm" in call.op else GRU_STEP
    gates = 4 if "lstm" in call.op else 3
    layers = call.args["params"]
    hidden = sum(layer[0].shape[0] // gates for layer in layers)
    return Work(
        macs=tokens * sum(_weights(layer) for layer in layers),
        other_ops=tokens * hidden * steps,
        layers=call.args["num_layers"],
        layer_outputs=0,
    )


@rule(*_names("quantized_lstm_cell_dynamic quantized_gru_cell_dynamic"), role="recurrent", sees=Everything())
def gated_cell(call: OpCall) -> Work:
    """One step of an LSTM or GRU with packed weights.

    macs = rows * elements of both packed weights
    other_ops = elements of the hidden state * (13 for an LSTM, 10 for a GRU)

    Not counted: biases.
    """
    return _cell(call, LSTM_STEP if "lstm" in call.op else GRU_STEP)


@rule(*_names("quantized_rnn_relu_cell_dynamic quantized_rnn_tanh_cell_dynamic"), role="recurrent", sees=Everything())
def cell(call: OpCall) -> Work:
    """One step of an RNN with packed weights: two additions and the activation in two operations.

    macs = rows * elements of both packed weights
    other_ops = 2 * elements of the hidden state

    Not counted: biases.
    """
    return _cell(call, RNN_STEP)


def _cell(call: OpCall, step: int) -> Work:
    rows = call.args["input"].elements // max(call.args["input"].shape[-1], 1)
    weights = _weights(call.args["w_ih"]) + _weights(call.args["w_hh"])
    return Work(macs=rows * weights, other_ops=step * call.outputs[0].elements, layer_outputs=0)


@rule(
    *_names("add add_relu add_scalar add_scalar_relu mul mul_relu mul_scalar mul_scalar_relu cat_relu"),
    *_names("relu6 hardswish leaky_relu sigmoid celu elu clamp prelu threshold"),
    *(f"quantized.{name}_out" for name in ("add", "add_relu", "mul", "mul_relu")),
    role="elementwise",
    sees=Pointwise(),
)
def elementwise(call: OpCall) -> Work:
    """One operation for each element of the result.

    other_ops = output elements

    Not counted: a fused ReLU.
    """
    return Work(other_ops=call.outputs[0].elements)


@rule(
    *(f"quantized.batch_norm{axes}{more}" for axes in ("", "1d", "2d", "3d") for more in ("", "_relu")),
    "aten.quantized_batch_norm",
    role="normalisation",
    sees=Pointwise(),
)
def batch_norm(call: OpCall) -> Work:
    """Normalisation by stored statistics: a scale and a shift.

    other_ops = 2 * elements

    Not counted: a fused ReLU.
    """
    return Work(other_ops=AFFINE_OPS * call.outputs[0].elements)


@rule(*_names("layer_norm group_norm instance_norm"), role="normalisation", sees=Pointwise())
def norm(call: OpCall) -> Work:
    """Normalisation by the input's own statistics, with a scale and a shift.

    other_ops = 7 * elements
    """
    return Work(other_ops=AFFINE_NORM_OPS * call.outputs[0].elements)


@rule("quantized.softmax", role="activation", sees=Everything())
def softmax(call: OpCall) -> Work:
    """Softmax: maximum, subtraction, exponential, sum, division.

    other_ops = 5 * elements
    """
    return Work(other_ops=SOFTMAX_OPS * call.outputs[0].elements)


@rule(
    *(f"{namespace}max_pool{axes}d" for namespace in ("quantized.", "aten.quantized_") for axes in (1, 2, 3)),
    role="pooling",
    sees=Unknown(),
)
def max_pool(call: OpCall) -> Work:
    """Maximum: one comparison for each element of each window.

    other_ops = output elements * window elements
    """
    return Work(other_ops=call.outputs[0].elements * prod(call.args["kernel_size"]))


@rule(
    *(f"aten.{name}" for name in ("dequantize", "quantize_per_tensor", "quantize_per_channel")),
    "aten.quantize_per_tensor_dynamic",
    role="other",
    sees=Pointwise(),
)
def conversion(call: OpCall) -> Work:
    """Conversion to integers or back: a scale and a shift.

    other_ops = 2 * elements
    """
    return Work(other_ops=CONVERSION_OPS * call.outputs[0].elements)


@rule(
    *(f"aten.fake_quantize_per_{what}_affine_cachemask" for what in ("tensor", "channel")),
    "aten._fake_quantize_per_tensor_affine_cachemask_tensor_qparams",
    *(f"aten._fake_quantize_learnable_per_{what}_affine" for what in ("tensor", "channel")),
    role="other",
    sees=Pointwise(),
)
def fake_quantisation(call: OpCall) -> Work:
    """Conversion to integers and back: a scale and a shift, twice.

    other_ops = 4 * elements
    """
    return Work(other_ops=2 * CONVERSION_OPS * call.outputs[0].elements)


@rule(
    "aten._fused_moving_avg_obs_fq_helper",
    "aten._fused_moving_avg_obs_fq_helper_functional",
    role="other",
    sees=Pointwise(),
)
def observed_fake_quantisation(call: OpCall) -> Work:
    """The smallest and the largest element, then conversion to integers and back.

    other_ops = 6 * elements
    """
    return Work(other_ops=(2 + 2 * CONVERSION_OPS) * call.outputs[0].elements)


@rule(
    *(f"aten.fake_quantize_per_{what}_affine_cachemask_backward" for what in ("tensor", "channel")),
    *(f"aten._fake_quantize_learnable_per_{what}_affine_backward" for what in ("tensor", "channel")),
)
def fake_quantisation_backward(call: OpCall) -> Work:
    """Backward pass: one operation for each element of the gradient.

    other_ops = elements of the gradient
    """
    return Work(other_ops=call.inputs[0].elements)


@rule(
    *_names("embedding_byte embedding_4bit embedding_bag_byte embedding_bag_4bit"), role="embedding", sees=Everything()
)
def embedding(call: OpCall) -> Work:
    """Lookup in a quantised table: one operation for each element that is looked up.

    other_ops = output elements
    """
    return Work(other_ops=call.outputs[0].elements, layers=0)


free("quantized.cat", "quantized.cat_out", "quantized.dropout", why="only copies data", sees=Pointwise())
free(*(f"aten.{name}" for name in ("int_repr", "_make_per_tensor_quantized_tensor")), why="only copies data")
free(
    *(f"aten.{name}" for name in ("q_scale", "q_zero_point", "q_per_channel_scales", "q_per_channel_zero_points")),
    *(f"aten.{name}" for name in ("qscheme", "q_per_channel_axis")),
    why="only asks for metadata",
)
