"""Finding and replacing tensors in the arguments and results of operators and modules."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import torch
from torch.utils._python_dispatch import is_traceable_wrapper_subclass

# classes that do not wrap other tensors, are not sharded, and have shapes
PLAIN_TENSORS = frozenset((torch.Tensor, torch.nn.Parameter, torch.nn.Buffer))
FAKE = "was made within FakeTensorMode and has no values; only the meta device can count it (device='meta')"


def is_fake(tensor: torch.Tensor) -> bool:
    """Whether a tensor was made within torch's `FakeTensorMode`: it has a shape and a device, but no values."""
    kinds: Any = sys.modules.get("torch._subclasses.fake_tensor")
    return kinds is not None and isinstance(tensor, kinds.FakeTensor)


def name_device(tensor: torch.Tensor) -> str:
    """Return a tensor's device in words: "meta", "cuda:0"."""
    return "meta" if tensor.is_meta else str(tensor.device)  # torch takes long to write the first words of a walk


def find_tensors(value: Any) -> list[torch.Tensor]:
    """Return the tensors in nested lists, tuples, sets, mappings and dataclasses; all other values are skipped."""
    if type(value) in PLAIN_TENSORS:  # most operators' results
        return [value]
    if type(value) is tuple and len(value) == 1 and type(value[0]) in PLAIN_TENSORS:  # most modules' arguments
        return [value[0]]
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
    """Return the plain tensors that a tensor wraps (integers and their scales, for example), or the tensor itself."""
    if not wraps(tensor):
        return [tensor]
    names, _ = tensor.__tensor_flatten__()  # type: ignore[attr-defined] # of such a class
    return [part for name in names for part in components(getattr(tensor, name))]


def wraps(tensor: torch.Tensor) -> bool:
    """Whether a tensor's class wraps other tensors that can be extracted."""
    return is_traceable_wrapper_subclass(tensor)


def innermost(tensor: torch.Tensor) -> torch.Tensor:
    """Return the tensor within the wrappers of torch.func's transforms (vmap, grad, jvp), batch dimensions included."""
    while torch._C._functorch.is_functorch_wrapped_tensor(tensor):
        tensor = torch._C._functorch.get_unwrapped(tensor)
    return tensor


def map_tensors(change: Callable[[torch.Tensor], Any], value: Any) -> Any:
    """Return an operator's argument with `change` applied to each tensor in it."""
    if isinstance(value, torch.Tensor):
        return change(value)
    if isinstance(value, dict):
        return {key: map_tensors(change, item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(map_tensors(change, item) for item in value)
    return value
