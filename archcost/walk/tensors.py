"""Finding and replacing tensors in whatever a forward takes or returns."""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Callable, Mapping, MutableMapping
from types import BuiltinFunctionType, FunctionType
from typing import Any, NamedTuple

import torch
from torch import nn
from torch.nn.parameter import UninitializedTensorMixin  # type: ignore[attr-defined]
from torch.nn.utils.rnn import PackedSequence

from archcost.errors import WalkError

# what nobody changes in place, and what holds no tensor
ATOMS = frozenset((int, float, bool, complex, str, type(None), torch.dtype, type, FunctionType, BuiltinFunctionType))


def find_tensors(value: Any) -> list[torch.Tensor]:
    """Return the tensors of a value: nested lists, tuples, mappings, dataclasses; anything else is passed over."""
    if isinstance(value, torch.Tensor):
        return [value]
    found: list[torch.Tensor] = []
    _gather(value, found)
    return found


def _gather(value: Any, found: list[torch.Tensor]) -> None:
    if isinstance(value, torch.Tensor):
        found.append(value)
    elif isinstance(value, list | tuple | set):
        for item in value:
            _gather(item, found)
    elif value is None or isinstance(value, (int, float, str)):
        return
    elif isinstance(value, (dict, Mapping)):
        for item in value.values():
            _gather(item, found)
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        for field in dataclasses.fields(value):
            _gather(getattr(value, field.name), found)


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


def modules_by_path(network: nn.Module) -> dict[str, nn.Module]:
    """Return the modules of a network, each once, as `named_modules()` does through a generator for each level."""
    found: dict[str, nn.Module] = {}
    _find_modules(network, "", found, set())
    return found


def _find_modules(module: nn.Module, path: str, found: dict[str, nn.Module], seen: set[int]) -> None:
    seen.add(id(module))
    found[path] = module
    for name, child in module._modules.items():
        if child is not None and id(child) not in seen:
            _find_modules(child, f"{path}.{name}" if path else name, found, seen)


class Named(NamedTuple):
    """A parameter or buffer, its name, and the module that has it."""

    name: str
    tensor: Any
    owner: nn.Module


class Parts(NamedTuple):
    """What a network is made of: modules by path, parameters, buffers; each once, under its first name."""

    modules: dict[str, nn.Module]
    parameters: list[Named]
    buffers: list[Named]


def parts_of(network: nn.Module) -> Parts:
    """Take a network apart, as `named_parameters()` and `named_buffers()` do with a walk through all modules each.

    Raises:
        WalkError: naming the first tensor that has no shape yet.
    """
    parts = Parts(modules_by_path(network), [], [])
    seen: set[int] = set()
    for path, module in parts.modules.items():
        prefix = f"{path}." if path else ""
        for tensors, table in ((parts.parameters, module._parameters), (parts.buffers, module._buffers)):
            for name, tensor in table.items():
                if tensor is not None and id(tensor) not in seen:
                    seen.add(id(tensor))
                    tensors.append(Named(prefix + name, tensor, module))
    for name, tensor, _ in (*parts.parameters, *parts.buffers):
        if isinstance(tensor, UninitializedTensorMixin):
            raise WalkError(f"{name} has no shape yet (a lazy module); run the network once before it is profiled")
    return parts
