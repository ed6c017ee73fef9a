"""Finding and replacing tensors in whatever a forward takes or returns."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import torch


def find_tensors(value: Any) -> Iterator[torch.Tensor]:
    """Yield the tensors of a value: nested lists, tuples, mappings, dataclasses; anything else is passed over."""
    if isinstance(value, torch.Tensor):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from find_tensors(item)
    elif isinstance(value, list | tuple | set):
        for item in value:
            yield from find_tensors(item)
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        for item in dataclasses.fields(value):
            yield from find_tensors(getattr(value, item.name))


def map_tensors(change: Callable[[torch.Tensor], Any], value: Any) -> Any:
    """Return a value with `change` applied to each of its tensors; containers keep their types."""
    if isinstance(value, torch.Tensor):
        return change(value)
    if isinstance(value, dict):
        return type(value)((key, map_tensors(change, item)) for key, item in value.items())
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return type(value)(*(map_tensors(change, item) for item in value))
    if isinstance(value, list | tuple | set):
        return type(value)(map_tensors(change, item) for item in value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        changed = {item.name: map_tensors(change, getattr(value, item.name)) for item in dataclasses.fields(value)}
        return dataclasses.replace(value, **changed)
    return value
