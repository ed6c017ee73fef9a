"""nn.LSTM, nn.GRU and nn.RNN on the meta device with the operators, order and tensor lifetimes of the CPU.

An LSTM over a padded sequence runs one fused operator for each layer and direction; torch decomposes all others into
steps (see `steps`). On the meta device torch decomposes all of them, with a separate product for the inputs of each
step.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, TypeAlias

import torch
from torch._C import _functorch
from torch.nn import functional

from archcost.walk.steps import CELLS, Weights, run_layer, run_packed_layer
from archcost.walk.tensors import find_tensors

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Layer: TypeAlias = Callable[..., tuple[torch.Tensor, list[Any]]]

MODE = 2  # torch's number for an LSTM
PLACE = 3  # of the weights in the arguments for a packed sequence, which has an additional argument of sizes


def run_recurrent(name: str, lowers: bool, *args: Any, **kwargs: Any) -> Any:
    """Return the result of `torch.lstm`, `torch.gru`, `torch.rnn_tanh` or `torch.rnn_relu`, with their own arguments.

    `lowers`: mixed precision casts the arguments of the fused operator. Within `vmap` torch runs none of them.
    """
    if any(_functorch.is_batchedtensor(tensor) for tensor in find_tensors((args, kwargs))):
        return NotImplemented
    packed = isinstance(args[PLACE], list | tuple)
    return _run_packed(name, *args, **kwargs) if packed else _run_padded(name, lowers, *args, **kwargs)


def _run_padded(  # the functions' own arguments
    name: str,
    lowers: bool,
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
    handed = sequence.transpose(0, 1) if batch_first else sequence
    drops = dropout if train else 0.0
    own = _split(weights, state, has_biases=has_biases, directions=1 + bidirectional)
    if name == "lstm" and _is_fused((sequence, *state, *weights), state, lowers=lowers):
        how = (layers, has_biases, bidirectional, batch_first, train)
        results = _run_fused(handed.contiguous(), [part.contiguous() for part in state], own, drops, how)
    else:
        results = _take_apart(partial(run_layer, CELLS[name]), handed, state, own, drops)
    if not batch_first:
        return results
    output = results[0].transpose(0, 1) if name == "lstm" else results[0].transpose_(0, 1)
    return (output, *results[1:])


def _run_packed(  # the functions' own arguments
    name: str,
    sequence: torch.Tensor,
    sizes: torch.Tensor,
    state: Any,
    weights: Any,
    has_biases: bool,
    layers: int,
    dropout: float,
    train: bool,
    bidirectional: bool,
) -> Any:
    if sizes.is_meta:
        return NotImplemented
    del layers
    own = _split(weights, state, has_biases=has_biases, directions=1 + bidirectional)
    layer = partial(run_packed_layer, CELLS[name], sizes.tolist())
    return _take_apart(layer, sequence, state, own, dropout if train else 0.0)


def _split(weights: Any, state: Any, *, has_biases: bool, directions: int) -> list[list[Weights]]:
    """Return the weights of each layer and direction."""
    projects = isinstance(state, list | tuple) and state[0].shape[-1] != state[1].shape[-1]
    each = (4 if has_biases else 2) + projects
    own = []
    for start in range(0, len(weights), each):
        inputs, hidden, *rest = weights[start : start + each]
        own.append(Weights(inputs, hidden, *(rest if has_biases else (None, None, *rest))))
    return [own[start : start + directions] for start in range(0, len(own), directions)]


def _take_apart(layer: Layer, handed: torch.Tensor, state: Any, own: list[list[Weights]], dropout: float) -> Any:
    """Run a stack of layers step by step; return its output and the last states; cell states are stacked first."""
    if isinstance(state, torch.Tensor):
        handed, ends = _stack(layer, handed, state.unbind(0), own, dropout)
        return handed, torch.stack(ends)
    states = list(zip(*[part.unbind(0) for part in state], strict=True))
    handed, ends = _stack(layer, handed, states, own, dropout)
    hidden, cells = zip(*ends, strict=True)
    cell = torch.stack(cells)
    return handed, torch.stack(hidden), cell


def _stack(
    layer: Layer, handed: torch.Tensor, states: Sequence[Any], own: list[list[Weights]], dropout: float
) -> tuple[torch.Tensor, list[Any]]:
    """Pass a sequence through all layers; return the last layer's output, and the last states of all layers."""
    ends: list[Any] = []
    for index, weights in enumerate(own):
        begins = states[index * len(weights) : (index + 1) * len(weights)]
        handed, found = layer(handed, begins, weights)
        ends += found
        if dropout and index < len(own) - 1:
            handed = functional.dropout(handed, dropout)
    return handed, ends


def _is_fused(tensors: Sequence[torch.Tensor], state: Any, *, lowers: bool) -> bool:
    """Whether the CPU has a fused operator for a layer, assuming a CPU that computes in half precision."""
    sequence = tensors[0]
    half = sequence.dtype == torch.float16 and not torch.is_grad_enabled()
    agree = lowers or len({tensor.dtype for tensor in tensors}) == 1
    projects = state[0].shape[-1] != state[1].shape[-1]
    if not agree or projects or not sequence.numel() or not torch.backends.mkldnn.enabled:
        return False
    return half or sequence.dtype in {torch.float32, torch.bfloat16}


def _run_fused(
    first: torch.Tensor, state: list[torch.Tensor], own: list[list[Weights]], dropout: float, how: tuple[Any, ...]
) -> tuple[torch.Tensor, ...]:
    handed, ends = first, list[tuple[torch.Tensor, ...]]()
    outputs: list[Any] = [None] * len(own[0])  # of the current layer
    for layer, directions in enumerate(own):
        for direction, weights in enumerate(directions):
            begin = [part.select(0, len(ends)) for part in state]
            outputs[direction], *end = _run_fused_layer(handed, weights, begin, direction, how)
            ends.append(tuple(end))
        handed = torch.cat(outputs, -1) if len(outputs) > 1 else outputs[0]
        if dropout and layer < len(own) - 1:
            handed = functional.dropout(handed, dropout)
    return handed, *[torch.stack(part) for part in zip(*ends, strict=True)]


def _run_fused_layer(
    sequence: torch.Tensor, weights: Weights, begin: list[torch.Tensor], direction: int, how: tuple[Any, ...]
) -> tuple[torch.Tensor, ...]:
    """Return the output of a layer in one direction, its last hidden state and its last cell state."""
    layers, has_biases, *rest = how
    four = [each for each in weights[:4] if each is not None]
    if not has_biases:  # zeros in the shapes of the two weights, allocated in reverse order
        four += reversed([torch.zeros(each.shape, dtype=each.dtype, device="meta") for each in four[::-1]])
    found: tuple[torch.Tensor, ...] = torch.ops.aten.mkldnn_rnn_layer(
        *(sequence, *four, *begin, direction == 1, [], MODE, begin[0].shape[-1], layers, has_biases), *rest
    )
    return found[:3]
