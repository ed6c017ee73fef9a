"""The steps of a recurrent layer on the CPU, which multiplies the inputs of all steps at once.

Each function holds its tensors until it returns, as torch's own functions do.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import torch
from torch.nn import functional

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence


class Weights(NamedTuple):
    """The weights of a layer in one direction: for the inputs, for the hidden state, and for its projection."""

    inputs: torch.Tensor
    hidden: torch.Tensor
    bias_inputs: torch.Tensor | None = None
    bias_hidden: torch.Tensor | None = None
    projection: torch.Tensor | None = None


def run_layer(
    cell: Callable[..., Any], sequence: torch.Tensor, states: Sequence[Any], own: Sequence[Weights]
) -> tuple[torch.Tensor, list[Any]]:
    """Run a layer over a padded sequence, in one direction or both; return its output and the last states."""
    inputs = _multiply(sequence, own[0]).unbind(0)
    results, end = _run_steps(cell, inputs, states[0], own[0])
    output = torch.stack(results)
    if len(own) == 1:
        return output, [end]
    inputs = _multiply(sequence, own[1]).unbind(0)
    backwards, end_backwards = _run_steps(cell, inputs[::-1], states[1], own[1])
    output_backwards = torch.stack(backwards[::-1])
    return torch.cat((output, output_backwards), -1), [end, end_backwards]


def _run_steps(
    cell: Callable[..., Any], inputs: Iterable[torch.Tensor], state: Any, own: Weights
) -> tuple[list[torch.Tensor], Any]:
    results = []
    for given in inputs:
        state = cell(given, state, own)
        results.append(_output_of(state))
    return results, state


def run_packed_layer(
    cell: Callable[..., Any],
    sizes: Sequence[int],
    sequence: torch.Tensor,
    states: Sequence[Any],
    own: Sequence[Weights],
) -> tuple[torch.Tensor, list[Any]]:
    """Run a layer over a packed sequence: `sizes` are the numbers of rows of each step, in descending order."""
    output, end = _run_shrinking(cell, sizes, sequence, states[0], own[0])
    if len(own) == 1:
        return output, [end]
    output_backwards, end_backwards = _run_growing(cell, sizes, sequence, states[1], own[1])
    return torch.cat((output, output_backwards), -1), [end, end_backwards]


def _run_shrinking(
    cell: Callable[..., Any], sizes: Sequence[int], sequence: torch.Tensor, state: Any, own: Weights
) -> tuple[torch.Tensor, Any]:
    """Run from the first step to the last; the final state of each sequence is kept when it ends."""
    inputs, results, ended = _multiply(sequence, own), [], list[Any]()
    start, before = 0, sizes[0]
    for size in sizes:
        given = inputs.narrow(0, start, size)
        if size < before:
            ended.append(_change(lambda part: part.narrow(0, size, before - size), state))  # noqa: B023 - called at once
            state = _change(lambda part: part.narrow(0, 0, size), state)  # noqa: B023 - called at once
        start, before = start + size, size
        state = cell(given, state, own)
        results.append(_output_of(state))
    ended.append(state)
    output = torch.cat(results)
    return output, _join(ended[::-1])


def _run_growing(
    cell: Callable[..., Any], sizes: Sequence[int], sequence: torch.Tensor, begin: Any, own: Weights
) -> tuple[torch.Tensor, Any]:
    """Run from the last step to the first; each sequence joins at its last step."""
    inputs, results = _multiply(sequence, own), []
    end, before = len(sequence), sizes[-1]
    state = _change(lambda part: part.narrow(0, 0, before), begin)
    for size in reversed(sizes):
        if size > before:
            joining = _change(lambda part: part.narrow(0, before, size - before), begin)  # noqa: B023 - called at once
            state = _join([state, joining])
            del joining
        given = inputs.narrow(0, end - size, size)
        end, before = end - size, size
        state = cell(given, state, own)
        results.append(_output_of(state))
    return torch.cat(results[::-1]), state


def _multiply(sequence: torch.Tensor, own: Weights) -> torch.Tensor:
    return functional.linear(sequence, own.inputs, own.bias_inputs)


def _output_of(state: Any) -> torch.Tensor:
    """Return the hidden state, without the cell state of an LSTM."""
    output: torch.Tensor = state[0] if isinstance(state, tuple) else state
    return output


def _change(function: Callable[[torch.Tensor], torch.Tensor], state: Any) -> Any:
    """Apply a function to a state; for an LSTM to the cell state first."""
    if isinstance(state, torch.Tensor):
        return function(state)
    cells = function(state[1])
    return function(state[0]), cells


def _join(states: list[Any]) -> Any:
    if isinstance(states[0], torch.Tensor):
        return torch.cat(states)
    cells = torch.cat([cells for _, cells in states])
    return torch.cat([hidden for hidden, _ in states]), cells


def _step_lstm(given: torch.Tensor, state: tuple[torch.Tensor, torch.Tensor], own: Weights) -> Any:
    hidden, cells = state
    gates = functional.linear(hidden, own.hidden, own.bias_hidden).add_(given).unsafe_chunk(4, 1)
    taken, kept, new, shown = gates[0].sigmoid_(), gates[1].sigmoid_(), gates[2].tanh_(), gates[3].sigmoid_()
    cells = (kept * cells).add_(taken * new)
    hidden = shown * cells.tanh()
    if own.projection is not None:
        hidden = hidden.matmul(own.projection.t())
    return hidden, cells


def _step_gru(given: torch.Tensor, hidden: torch.Tensor, own: Weights) -> torch.Tensor:
    inputs = given.unsafe_chunk(3, 1)
    gates = functional.linear(hidden, own.hidden, own.bias_hidden).unsafe_chunk(3, 1)
    reset = gates[0].add_(inputs[0]).sigmoid_()
    update = gates[1].add_(inputs[1]).sigmoid_()
    new = inputs[2].add(gates[2].mul_(reset)).tanh_()
    return (hidden - new).mul_(update).add_(new)


def _step_plain(
    activate: Callable[[torch.Tensor], torch.Tensor], given: torch.Tensor, hidden: torch.Tensor, own: Weights
) -> torch.Tensor:
    return activate(functional.linear(hidden, own.hidden, own.bias_hidden).add_(given))


CELLS: Mapping[str, Callable[..., Any]] = {
    "lstm": _step_lstm,
    "gru": _step_gru,
    "rnn_tanh": partial(_step_plain, torch.tanh),
    "rnn_relu": partial(_step_plain, torch.relu),
}
