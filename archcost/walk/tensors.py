"""Finding and replacing tensors in whatever a forward takes or returns."""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Callable, Iterable, Mapping, MutableMapping
from typing import Any

import torch
from torch.nn.utils.rnn import PackedSequence
from torch.utils._python_dispatch import is_traceable_wrapper_subclass


def find_tensors(value: Any) -> list[torch.Tensor]:
    """Return the tensors of a value: nested lists, tuples, mappings, dataclasses; anything else is passed over."""
    if isinstance(value, torch.Tensor):
        return [value]
    found: list[torch.Tensor] = []
    _gather(value if type(value) is tuple else (value,), found)
    return found


def _gather(values: Iterable[Any], found: list[torch.Tensor]) -> None:
    for value in values:
        if isinstance(value, torch.Tensor):
            found.append(value)
        elif isinstance(value, (list, tuple, set)):
            _gather(value, found)
        elif value is None or isinstance(value, (int, float, str)):
            continue
        elif isinstance(value, (dict, Mapping)):
            _gather(value.values(), found)
        elif dataclasses.is_dataclass(value) and not isinstance(value, type):
            _gather([getattr(value, field.name) for field in dataclasses.fields(value)], found)


def components(tensor: torch.Tensor) -> list[torch.Tensor]:
    """Return the plain tensors that a tensor of another class wraps (integers and their scales, say); or itself."""
    if not wraps(tensor):
        return [tensor]
    names, _ = tensor.__tensor_flatten__()  # type: ignore[attr-defined] # of such a class
    return [part for name in names for part in components(getattr(tensor, name))]


def wraps(tensor: torch.Tensor) -> bool:
    """Whether a tensor is of a class that wraps others, and can be taken apart into them."""
    return is_traceable_wrapper_subclass(tensor)


def innermost(tensor: torch.Tensor) -> torch.Tensor:
    """Return the tensor that torch.func's transforms (vmap, grad, jvp) have wrapped, with all that they map over."""
    while torch._C._functorch.is_functorch_wrapped_tensor(tensor):
        tensor = torch._C._functorch.get_unwrapped(tensor)
    return tensor


def map_tensors(change: Callable[[torch.Tensor], Any], value: Any) -> Any:  # noqa: PLR0911 - one for each container
    """Return a value with `change` applied to each of its tensors; containers keep their types."""
    if isinstance(value, torch.Tensor):
        return change(value)
    if isinstance(value, MutableMapping):
        changed = copy.copy(value)  # keeps a default factory and the like
        changed.update({key: map_tensors(change, item) for key, item in value.items()})
        return changed
    if isinstance(value, PackedSequence):  # torch wants its batch sizes on the CPU
        data, batch_sizes, *orders = value
        return type(value)(change(data), batch_sizes, *(map_tensors(change, order) for order in orders))
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return type(value)(*(map_tensors(change, item) for item in value))
    if isinstance(value, list | tuple | set):
        return type(value)(map_tensors(change, item) for item in value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = {item.name: map_tensors(change, getattr(value, item.name)) for item in dataclasses.fields(value)}
        return dataclasses.replace(value, **fields)
    return value
