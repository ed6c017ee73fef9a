"""The CPU's fused LSTM layer, which torch cannot run on the meta device."""

from __future__ import annotations

from typing import Any

import torch

from archcost.walk.shapes.results import META, new

PAGE, LINE, ALIASING = 4096, 64, 256  # bytes of a page and a cache line; oneDNN avoids rows of k x 256 elements
FULL = 4  # bytes of an element in full precision


def lstm_layer(*arguments: Any) -> Any:
    """Return the output of each step, the last state, and the workspace that oneDNN keeps for the backward pass."""
    sequence, _, _, _, _, hidden, cells, *_ = arguments
    steps, batch, width = sequence.shape
    sizes = steps, batch, width, hidden.shape[-1], sequence.element_size()
    workspace = _workspace(*sizes) if torch.is_grad_enabled() else 0
    kept = torch.empty(workspace, dtype=torch.uint8, device=META)
    return new((steps, batch, hidden.shape[-1]), sequence), new(hidden.shape, hidden), new(cells.shape, cells), kept


def lstm_layer_backward(*arguments: Any) -> Any:
    """Return a float32 gradient for each tensor of the forward; each of the two biases has its own."""
    sequence, weight_input, weight_hidden, _, _, hidden, cells, *_ = arguments
    bias = weight_input.shape[:1]
    shapes = (sequence.shape, weight_input.shape, weight_hidden.shape, bias, bias, hidden.shape, cells.shape)
    return tuple([torch.empty(shape, dtype=torch.float32, device=META) for shape in shapes])


def _workspace(steps: int, batch: int, width: int, hidden: int, itemsize: int) -> int:
    """Return the bytes of oneDNN's workspace; each part starts on a new page.

    The parts: the gates of every step; the states of layer and input, and the cell states, for both layers and
    including the initial state; their gradients in float32, separately for layer and input; the products of every step.
    """

    def row(elements: int, size: int) -> int:
        line = LINE // size
        padded = -(-elements // line) * line
        return padded if padded % ALIASING else padded + line

    def pages(elements: int, size: int) -> int:
        return -(-elements * size // PAGE) * PAGE

    rows, states = steps * batch, 2 * (steps + 1) * batch
    return (
        pages(rows * row(4 * hidden, itemsize), itemsize)
        + sum(pages(states * row(max(width, hidden), size), size) for size in (itemsize, FULL, FULL))
        + sum(pages(states * hidden, size) for size in (itemsize, FULL))
        + pages(rows * row(hidden, itemsize), itemsize)
    )
