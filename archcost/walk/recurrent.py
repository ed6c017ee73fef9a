"""nn.LSTM on the meta device as the CPU runs it: one fused operator for each layer and direction.

torch takes it apart there, into the operators of every step. nn.GRU and nn.RNN the CPU takes apart as well.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import torch
from torch.nn import functional

if TYPE_CHECKING:
    from collections.abc import Callable

MODE = 2  # torch's number for an LSTM
WEIGHTS, WITH_BIASES = 2, 4  # tensors of a layer in one direction


def fused_lstm(  # the function's own arguments
    sequence: torch.Tensor,
    state: Any,
    weights: Any,
    has_biases: bool,
    layers: int,
    dropout: float,
    train: bool,
    bidirectional: bool,
    batch_first: bool = False,
) -> Any:
    """Answer for `torch.lstm` on a padded sequence in full precision; NotImplemented where the CPU fuses nothing."""
    directions = 2 if bidirectional else 1
    if (
        not isinstance(state, (list, tuple))  # a packed sequence's sizes come first
        or len(weights) != layers * directions * _count_tensors(has_biases=has_biases)
        or any(tensor.dtype != torch.float32 for tensor in (sequence, *state, *weights))
        or not torch.backends.mkldnn.enabled
    ):
        return NotImplemented
    handed = first = (sequence.transpose(0, 1) if batch_first else sequence).contiguous()
    hidden, cells = (part.contiguous() for part in state)
    last: tuple[list[torch.Tensor], list[torch.Tensor]] = ([], [])
    for layer in range(layers):
        outputs = []
        for direction in range(directions):
            index = layer * directions + direction
            own = _take_weights(weights, index, has_biases=has_biases)
            begin = hidden.select(0, index), cells.select(0, index)
            if not has_biases:
                own += reversed([torch.zeros(weight.shape, dtype=weight.dtype, device="meta") for weight in own[::-1]])
            output, *end, _ = torch.ops.aten.mkldnn_rnn_layer(
                *(handed, *own, *begin, direction == 1, [], MODE, begin[0].shape[-1], layers),
                *(has_biases, bidirectional, batch_first, train),
            )
            del own
            outputs.append(output)
            for found, tensor in zip(last, end, strict=True):
                found.append(tensor)
        handed = torch.cat(outputs, -1) if bidirectional else outputs[0]
        if dropout and train and layer < layers - 1:
            handed = functional.dropout(handed, dropout)
    ends = [torch.stack(found) for found in last]
    del first  # until here, as in the kernel's own loop
    return (handed.transpose(0, 1) if batch_first else handed, *ends)


def stepwise(
    cell: str,
    sequence: torch.Tensor,
    state: torch.Tensor,
    weights: Any,
    has_biases: bool,
    layers: int,
    dropout: float,
    train: bool,
    bidirectional: bool,
    batch_first: bool = False,
) -> Any:
    """Answer for `torch.gru` or `torch.rnn_tanh` on a padded sequence: the CPU multiplies all steps' inputs at once."""
    if not isinstance(weights, (list, tuple)):
        return NotImplemented  # a packed sequence's sizes come first
    step = STEPS[cell]
    directions = 2 if bidirectional else 1
    handed = sequence.transpose(0, 1) if batch_first else sequence
    states, last = state.unbind(0), []
    for layer in range(layers):
        outputs, kept = [], []
        for direction in range(directions):
            index = layer * directions + direction
            ih, hh, *biases = _take_weights(weights, index, has_biases=has_biases)
            bias_ih, bias_hh = biases or (None, None)
            inputs = functional.linear(handed, ih, bias_ih).unbind(0)
            hidden, results = states[index], []
            for given in reversed(inputs) if direction else inputs:
                hidden = step(given, hidden, hh, bias_hh)
                results.append(hidden)
            last.append(hidden)
            del inputs
            outputs.append(torch.stack(results[::-1] if direction else results))
            if bidirectional:  # torch lets go of both directions' steps at once
                kept.append(results)
            del results
        handed = torch.cat(outputs, -1) if bidirectional else outputs[0]
        del outputs, kept
        if dropout and train and layer < layers - 1:
            handed = functional.dropout(handed, dropout)
    ends = torch.stack(last)
    return handed.transpose_(0, 1) if batch_first else handed, ends


def _count_tensors(*, has_biases: bool) -> int:
    return WITH_BIASES if has_biases else WEIGHTS


def _take_weights(weights: Any, index: int, *, has_biases: bool) -> list[torch.Tensor]:
    """Return the tensors of one layer in one direction."""
    each = _count_tensors(has_biases=has_biases)
    return list(weights[index * each : (index + 1) * each])


def _step_gru(given: torch.Tensor, hidden: torch.Tensor, weight: torch.Tensor, bias: Any) -> torch.Tensor:
    inputs = given.unsafe_chunk(3, 1)
    gates = functional.linear(hidden, weight, bias).unsafe_chunk(3, 1)
    reset = gates[0].add_(inputs[0]).sigmoid_()
    update = gates[1].add_(inputs[1]).sigmoid_()
    new = inputs[2].add(gates[2].mul_(reset)).tanh_()
    return (hidden - new).mul_(update).add_(new)


def _step_plain(
    activate: Callable[[torch.Tensor], torch.Tensor],
    given: torch.Tensor,
    hidden: torch.Tensor,
    weight: torch.Tensor,
    bias: Any,
) -> torch.Tensor:
    return activate(functional.linear(hidden, weight, bias).add_(given))


STEPS: dict[str, Callable[..., torch.Tensor]] = {
    "gru": _step_gru,
    "rnn_tanh": partial(_step_plain, torch.tanh),
    "rnn_relu": partial(_step_plain, torch.relu),
}
