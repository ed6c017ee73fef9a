"""Fused LSTM, GRU and RNN layers; where torch takes one apart, its products are counted one by one instead."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archcost.rules._registry import rule
from archcost.rules.work import Everything, Work

if TYPE_CHECKING:
    from archcost.records import OpCall, TensorSpec

# Operations for each element of the hidden state in one step, as torch's own step by step form runs them.
LSTM_STEP = 4 + 4 + 5  # adding input and hidden gates, four gate functions, c' = f c + i g and h = o tanh(c')
GRU_STEP = 2 + 2 + 3 + 3  # adding two gates, their functions, n = tanh(i + r h), h' = (h - n) z + n
RNN_STEP = 1 + 1
STEP_BY_MODE = {0: RNN_STEP, 1: RNN_STEP, 2: LSTM_STEP, 3: GRU_STEP}


def _tokens(call: OpCall) -> int:
    """Steps times batch: the rows of a padded (time, batch, width) or a packed (steps, width) input."""
    sequence: TensorSpec = call.args["input"]
    return sequence.elements // sequence.shape[-1] if sequence.elements else 0


@rule("aten.mkldnn_rnn_layer", role="recurrent", sees=Everything())
def mkldnn_rnn_layer(call: OpCall) -> Work:
    """One LSTM layer in one direction; a token is one step of one sequence.

    macs = tokens * elements of the weight matrices
    other_ops = 13 * tokens * hidden size

    Not counted: biases.
    """
    weights = call.args["weight0"].elements + call.args["weight1"].elements
    return Work(
        macs=_tokens(call) * weights,
        other_ops=_tokens(call) * call.args["hidden_size"] * LSTM_STEP,
        layer_outputs=0,
    )


@rule("aten._cudnn_rnn", "aten.miopen_rnn", role="recurrent", sees=Everything())
def cudnn_rnn(call: OpCall) -> Work:
    """All layers and directions of an LSTM, GRU or RNN; a token is one step of one sequence.

    macs = tokens * elements of the weight matrices
    other_ops = tokens * hidden size * layers * directions * (13 for an LSTM, 10 for a GRU, 2 for an RNN)

    Not counted: biases.
    """
    matrices = [weight for weight in call.args["weight"] if len(weight.shape) == 2]  # noqa: PLR2004 - not a bias
    directions = 2 if call.args["bidirectional"] else 1
    layers = call.args["num_layers"]
    projections = 2 if call.args.get("proj_size") else 1
    return Work(
        macs=_tokens(call) * sum(weight.elements for weight in matrices),
        other_ops=_tokens(call) * call.args["hidden_size"] * layers * directions * STEP_BY_MODE[call.args["mode"]],
        layers=layers * projections,
        layer_outputs=0,
    )


@rule("aten._cudnn_rnn_backward", "aten.miopen_rnn_backward", role="recurrent")
def cudnn_rnn_backward(call: OpCall) -> Work:
    """Backward pass: the gradients by the input and by the weights each cost a forward pass.

    macs = 2 * forward macs
    other_ops = 2 * forward other_ops
    """
    forward = cudnn_rnn(call)
    return Work(macs=2 * forward.macs, other_ops=2 * forward.other_ops, layer_outputs=0)


@rule("aten.mkldnn_rnn_layer_backward", role="recurrent")
def mkldnn_rnn_layer_backward(call: OpCall) -> Work:
    """Backward pass: the gradients by the input and by the weights each cost a forward pass.

    macs = 2 * tokens * elements of the weight matrices
    other_ops = 26 * tokens * hidden size
    """
    weights = call.args["weight1"].elements + call.args["weight2"].elements
    return Work(
        macs=2 * _tokens(call) * weights,
        other_ops=2 * _tokens(call) * call.args["hidden_size"] * LSTM_STEP,
        layer_outputs=0,
    )


@rule("aten._thnn_fused_lstm_cell", role="recurrent", sees=Everything())
def fused_lstm_cell(call: OpCall) -> Work:
    """The gates of one LSTM step; its products are operators of their own.

    other_ops = 13 * elements of the hidden state
    """
    return Work(other_ops=LSTM_STEP * call.outputs[0].elements)


@rule("aten._thnn_fused_gru_cell", role="recurrent", sees=Everything())
def fused_gru_cell(call: OpCall) -> Work:
    """The gates of one GRU step; its products are operators of their own.

    other_ops = 10 * elements of the hidden state
    """
    return Work(other_ops=GRU_STEP * call.outputs[0].elements)


@rule("aten._thnn_fused_lstm_cell_backward_impl", "aten._thnn_fused_gru_cell_backward", role="recurrent")
def fused_cell_backward(call: OpCall) -> Work:
    """Backward pass of the gates of one step: twice the forward step.

    other_ops = 26 * elements of the hidden state for an LSTM
    other_ops = 20 * elements of the hidden state for a GRU
    """
    step = GRU_STEP if "gru" in call.op else LSTM_STEP
    return Work(other_ops=2 * step * call.inputs[0].elements)
