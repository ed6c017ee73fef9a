"""The arguments of a forward: finds and copies every tensor in them, also in plain objects (a key-value cache).

Copies are deep, so that a network cannot mutate the caller's objects.
"""

from __future__ import annotations

import copy
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import torch
from torch.nn.utils.rnn import PackedSequence

from archcost.errors import ArgumentError, first_line
from archcost.walk.attributes import ATOMS, MUTABLE, has_fields, slots_of
from archcost.walk.tensors import FAKE, PLAIN_TENSORS, is_fake

if TYPE_CHECKING:
    from archcost.walk.values import Values


def tensors_within(arguments: Any) -> list[torch.Tensor]:
    """Return the tensors of a forward's arguments, or of its result, in order, with repetitions."""
    if type(arguments) in PLAIN_TENSORS:
        return [arguments]
    if type(arguments) is tuple and PLAIN_TENSORS.issuperset(map(type, arguments)):
        return list(arguments)
    return _Look(arguments).tensors


def opaque_within(value: Any) -> list[Any]:
    """Return the objects in a value that hide their contents, such as locks, open files and Python modules."""
    return _Look(value).opaque


def copy_arguments(
    arguments: tuple[tuple[Any, ...], dict[str, Any]], change: Callable[[torch.Tensor], torch.Tensor]
) -> Any:
    """Copy a forward's positional and keyword arguments as `copy.deepcopy` does, with `change` applied to each tensor.

    Raises:
        ArgumentError: an object that contains tensors cannot be copied.
    """
    args, kwargs = arguments
    if not kwargs and PLAIN_TENSORS.issuperset(map(type, args)):  # most networks' arguments
        copies = {id(tensor): change(tensor) for tensor in args}
        return tuple([copies[id(tensor)] for tensor in args]), {}
    look = _Look(arguments)
    memo: dict[int, Any] = {
        id(tensor): change(tensor) for tensor in {id(tensor): tensor for tensor in look.tensors}.values()
    }
    memo |= {id(value): value for value in look.as_they_are}
    memo |= {id(value): value.clone_state() for value in look.generators}
    try:
        return copy.deepcopy(arguments, memo.copy())
    except Exception:  # noqa: BLE001 - an object of a library in C may raise anything
        memo |= {id(value): value for value in look.opaque}
    for way in (copy.deepcopy, _rebuild):
        with suppress(Exception):
            return way(arguments, memo.copy())
    try:
        return copy.deepcopy(arguments, memo)
    except Exception as error:
        reason = first_line(error)
        raise ArgumentError(
            f"an argument of the network cannot be copied, and a forward could change it: {type(error).__name__}: "
            f"{reason}; give it a __deepcopy__, or pass its tensors themselves"
        ) from error


def move(tensor: torch.Tensor, device: str, values: Values | None = None) -> torch.Tensor:
    """Return a copy of a tensor on a device, which requires a gradient as the tensor does.

    A separate copy, so that neither an in-place forward nor a backward reaches the caller's tensor; `values` learns the
    contents of a tensor on the meta device.

    Raises:
        ArgumentError: the tensor is fake, and not for the meta device.
    """
    if tensor.is_nested:  # the walk reports why it cannot be counted
        return tensor
    if is_fake(tensor):
        return _move_fake(tensor, device)
    moved = copy_to(tensor, device)
    if tensor.requires_grad:
        moved.requires_grad_()
    if values is not None:
        values.learn(moved, tensor)
    return moved


def copy_to(tensor: torch.Tensor, device: str) -> torch.Tensor:
    """Return a copy of a tensor on a device, apart from its graph."""
    usual = type(tensor) is torch.Tensor and tensor.layout is torch.strided and tensor.is_contiguous()
    if device == "meta" and usual and tensor.numel() and not tensor.is_quantized:
        # nothing is copied there, and a walk needs torch's code for this anyway
        return torch.empty_strided(tensor.size(), tensor.stride(), dtype=tensor.dtype, device=device)
    return tensor.detach().to(device, copy=True)


def _move_fake(tensor: torch.Tensor, device: str) -> torch.Tensor:
    if torch.device(device).type != "meta":
        raise ArgumentError(f"an argument {FAKE}")
    like = torch.empty_strided(tensor.size(), tensor.stride(), dtype=tensor.dtype, device=device)
    return like.requires_grad_(tensor.requires_grad)


def _rebuild(value: Any, memo: dict[int, Any]) -> Any:
    """Copy a value item by item, for classes whose attribute lookup fails on the empty object that deepcopy creates."""
    if id(value) in memo:
        return memo[id(value)]
    if isinstance(value, tuple):
        return tuple.__new__(type(value), [_rebuild(item, memo) for item in value])
    if not (isinstance(value, MUTABLE) or has_fields(value)):
        return value
    kind: Any = type(value)
    if hasattr(kind, "__deepcopy__"):
        raise TypeError(f"{kind.__name__} has refused")
    new = memo[id(value)] = kind.__new__(kind)
    if isinstance(value, dict):
        dict.update(new, {key: _rebuild(item, memo) for key, item in dict.items(value)})
    elif isinstance(value, MUTABLE):
        items = [_rebuild(item, memo) for item in value]
        new.update(items) if isinstance(value, set) else new.extend(items)
    fields = getattr(value, "__dict__", {})
    for name, item in fields.items():
        object.__setattr__(new, name, _rebuild(item, memo))
    return new


class _Look:
    """The contents of arguments: tensors, and objects that are passed without a copy."""

    def __init__(self, arguments: Any) -> None:
        self.tensors: list[torch.Tensor] = []
        self.generators: list[torch.Generator] = []
        self.as_they_are: list[Any] = []
        self.opaque: list[Any] = []  # objects with hidden contents: numpy arrays, open files, locks, iterators
        self._within: set[int] = set()  # containers under inspection, and objects already inspected
        self._look(arguments)

    def _look(self, value: Any) -> None:
        if type(value) in ATOMS:
            return
        if isinstance(value, torch.Tensor):
            self.tensors.append(value)
        elif isinstance(value, (list, tuple, set, frozenset, deque, Mapping)):
            if isinstance(value, PackedSequence):  # torch requires its batch sizes on the CPU
                self.as_they_are.append(value.batch_sizes)
            self._look_at_all(value, value.values() if isinstance(value, Mapping) else value)
        elif isinstance(value, torch.Generator):
            self.generators.append(value)
        elif has_fields(value) or slots_of(value).names:
            fields = [*getattr(value, "__dict__", {}).values(), *slots_of(value).values()]
            self._look_at_all(value, fields, again=False)
        elif not isinstance(value, type):
            self.opaque.append(value)

    def _look_at_all(self, container: Any, items: Iterable[Any], *, again: bool = True) -> None:
        """Inspect the items of a container, unless an inspection is under way: it may contain itself."""
        if id(container) not in self._within:
            self._within.add(id(container))
            for item in items:
                self._look(item)
            if again:
                self._within.discard(id(container))
