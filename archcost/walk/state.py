"""Leaving a network, and the process, exactly as they were found."""

from __future__ import annotations

import random
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import torch
from torch import nn

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def as_found(network: nn.Module) -> Iterator[None]:
    """Restore modes, attributes, buffers, hooks and `requires_grad` of every module, even when the body raises.

    Buffers are copied before and written back where they changed, so the tensors themselves stay the same objects.
    """
    tables = [
        (table, dict(table))
        for module in network.modules()
        for table in (module.__dict__, module._parameters, module._buffers, module._modules)  # noqa: SLF001
    ]
    buffers = [
        (buffer, buffer._version, buffer.detach().clone())  # noqa: SLF001
        for buffer in network.buffers()
        if not buffer.is_meta and not buffer.is_inference()
    ]
    parameters = [(parameter, parameter.requires_grad, parameter.grad) for parameter in network.parameters()]
    try:
        yield
    finally:
        for table, entries in tables:
            if list(table) != list(entries) or any(table[name] is not entry for name, entry in entries.items()):
                table.clear()
                table.update(entries)
        with torch.no_grad():
            for buffer, version, copy in buffers:
                if buffer._version != version:  # noqa: SLF001
                    buffer.copy_(copy)
        for parameter, requires_grad, gradient in parameters:
            parameter.requires_grad_(requires_grad)
            parameter.grad = gradient


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
