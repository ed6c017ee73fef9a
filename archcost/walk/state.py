"""Leaving a network, and the process, exactly as they were found."""

from __future__ import annotations

import gc
import operator
import random
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

if TYPE_CHECKING:
    from collections.abc import Iterator

    from archcost.walk.parts import Parts


@contextmanager
def as_found(parts: Parts) -> Iterator[None]:
    """Restore modes, attributes, buffers, hooks and `requires_grad` of every module, even when the body raises.

    Attributes that are lists, sets or mappings (hooks among them) get their contents back. Buffers and tensors that are
    attributes, or lie in lists that are, are copied before and written back where they changed, so the tensors
    themselves stay the same objects.
    """
    attributes = parts.attributes
    contents = [container.copy() for container in attributes.filled]
    held = {id(tensor): tensor for tensor in (*[buffer.tensor for buffer in parts.buffers], *attributes.tensors)}
    tensors = [
        (tensor, tensor.detach().clone())
        for tensor in held.values()
        if not tensor.is_meta and not tensor.is_inference() and not isinstance(tensor, nn.Parameter)
    ]
    parameters = [(tensor, tensor.requires_grad, tensor.grad) for _, tensor, _ in parts.parameters]
    for parameter, _, gradient in parameters:
        if gradient is not None:
            parameter.grad = None  # a backward would add to it in place
    try:
        yield
    finally:
        for container in filter(None, attributes.empty):
            container.clear()
        for container, before in zip(attributes.filled, contents, strict=True):
            _refill(container, before)
        with torch.no_grad():
            for tensor, value in tensors:
                _write_back(tensor, value)
        for parameter, requires_grad, gradient in parameters:
            if parameter.requires_grad != requires_grad:
                parameter.requires_grad_(requires_grad)
            if parameter.grad is not gradient:
                parameter.grad = gradient


def _write_back(tensor: torch.Tensor, value: torch.Tensor) -> None:
    """Give a tensor the value that it had, and the shape: an observer finds its channels as it runs."""
    if tensor.shape != value.shape:
        tensor.resize_(value.shape)
    if not torch.equal(tensor, value):
        tensor.copy_(value)


def _refill(container: Any, contents: Any) -> None:
    """Give a list, set or dictionary the items, and the order, that it had."""
    if _same(container, contents):
        return
    container.clear()
    if isinstance(container, list):
        container.extend(contents)
    else:
        container.update(contents)


def _same(container: Any, contents: Any) -> bool:
    if len(container) != len(contents) or not all(map(operator.is_, container, contents)):
        return False
    return not isinstance(container, dict) or all(map(operator.is_, container.values(), contents.values()))


@contextmanager
def collector_paused() -> Iterator[None]:
    """Leave it to references alone when a tensor dies: when Python collects cycles depends on what it did before.

    It would also look through all of torch's objects again and again while a walk makes many new ones.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


@contextmanager
def random_state_kept() -> Iterator[None]:
    """Restore the random state of torch (CPU and CUDA), Python and, where it is loaded, numpy."""
    numpy_random = sys.modules.get("numpy.random")
    python_state = random.getstate()
    numpy_state = numpy_random.get_state() if numpy_random is not None else None
    cuda = list(range(torch.cuda.device_count())) if torch.cuda.is_initialized() else []  # type: ignore[no-untyped-call]
    with torch.random.fork_rng(devices=cuda):
        try:
            yield
        finally:
            random.setstate(python_state)
            if numpy_random is not None:
                numpy_random.set_state(numpy_state)
