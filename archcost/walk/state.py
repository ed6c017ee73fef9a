"""Leaving a network, and the process, exactly as they were found."""

from __future__ import annotations

import gc
import operator
import random
import sys
from collections import OrderedDict
from contextlib import contextmanager
from itertools import chain
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from archcost.walk.tensors import ATOMS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from archcost.walk.tensors import Parts

CONTAINERS = frozenset((dict, OrderedDict, list, set))


@contextmanager
def as_found(parts: Parts) -> Iterator[None]:
    """Restore modes, attributes, buffers, hooks and `requires_grad` of every module, even when the body raises.

    Attributes that are lists, sets or mappings (hooks among them) get their contents back. Buffers and tensor
    attributes are copied before and written back where they changed, so the tensors themselves stay the same objects.
    """
    empty, filled, loose = _attributes(parts.modules.values())
    held = {id(tensor): tensor for tensor in (*[buffer.tensor for buffer in parts.buffers], *loose)}
    tensors = [
        (tensor, tensor.detach().clone())
        for tensor in held.values()
        if not tensor.is_meta and not tensor.is_inference() and not isinstance(tensor, nn.Parameter)
    ]
    parameters = [(tensor, tensor.requires_grad, tensor.grad) for _, tensor, _ in parts.parameters]
    for parameter, _, _ in parameters:
        parameter.grad = None  # a backward would add to it in place
    try:
        yield
    finally:
        for container in filter(None, empty):
            container.clear()
        for container, contents in filled:
            _refill(container, contents)
        with torch.no_grad():
            for tensor, before in tensors:
                if not torch.equal(tensor, before):
                    tensor.copy_(before)
        for parameter, requires_grad, gradient in parameters:
            parameter.requires_grad_(requires_grad)
            parameter.grad = gradient


def _attributes(modules: Iterable[nn.Module]) -> tuple[list[Any], list[tuple[Any, Any]], list[torch.Tensor]]:
    """Find what may change in place: empty containers, others with copies of their contents, tensors."""
    empty: list[Any] = []  # nearly all are the tables of a module's hooks
    filled: list[tuple[Any, Any]] = []
    loose: list[torch.Tensor] = []
    for module in modules:
        table = module.__dict__
        filled.append((table, table.copy()))
        for value in table.values():
            kind = type(value)
            if kind in ATOMS:
                continue
            # the tables of a ScriptModule are views of its C++ half, and none of these
            if kind in CONTAINERS or isinstance(value, (dict, list, set)):
                if value:
                    filled.append((value, value.copy()))
                else:
                    empty.append(value)
            elif isinstance(value, torch.Tensor):
                loose.append(value)
    return empty, filled, loose


def _refill(container: Any, contents: Any) -> None:
    """Give a list, set or dictionary the items, and the order, that it had."""
    if len(container) == len(contents) and all(map(operator.is_, _items(container), _items(contents))):
        return
    container.clear()
    if isinstance(container, list):
        container.extend(contents)
    else:
        container.update(contents)


def _items(container: Any) -> Iterable[Any]:
    return chain(container, container.values()) if isinstance(container, dict) else container


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
