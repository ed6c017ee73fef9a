"""What a network is made of: its modules, parameters and buffers, and whatever else its modules hold."""

from __future__ import annotations

import functools
from collections import OrderedDict
from types import BuiltinFunctionType, FunctionType
from typing import TYPE_CHECKING, Any, NamedTuple

import torch
from torch import nn
from torch.nn.parameter import UninitializedTensorMixin  # type: ignore[attr-defined]

from archcost.errors import WalkError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

# what nobody changes in place, and what holds no tensor
ATOMS = frozenset((int, float, bool, complex, str, type(None), torch.dtype, type, FunctionType, BuiltinFunctionType))
CONTAINERS = frozenset((dict, OrderedDict, list, set))


class Named(NamedTuple):
    """A parameter or buffer, its name, and the module that has it."""

    name: str
    tensor: Any
    owner: nn.Module


class Compiled(NamedTuple):
    """A module that `torch.compile` has wrapped: its owner, its name there, the wrapper and the module itself."""

    owner: nn.Module
    name: str
    wrapper: nn.Module
    module: nn.Module


class Attributes(NamedTuple):
    """What else the modules of a network hold: containers, which may change in place, and tensors.

    `filled` are the modules' tables of attributes, and attributes that are containers with something in them; `tensors`
    those that are attributes, or lie in a list or tuple that is one.
    """

    empty: list[Any]  # nearly all are the tables of a module's hooks
    filled: list[Any]
    tensors: list[torch.Tensor]


class Parts:
    """A network taken apart, as `named_parameters()` and `named_buffers()` do with a walk through all modules each.

    `modules` are by path, in the order of `named_modules()`. They, `parameters` and `buffers` are there once each,
    under their first names. Of what `torch.compile` has wrapped the module itself is taken, under the wrapper's name.

    Raises:
        WalkError: naming the first tensor that has no shape yet, or that is sharded over several machines.
    """

    def __init__(self, network: nn.Module) -> None:
        self.network = network
        self.modules: dict[str, nn.Module] = {}
        self.parameters: list[Named] = []
        self.buffers: list[Named] = []
        self.compiled: list[Compiled] = []
        self._take_apart(network, "", set())
        for name, tensor, _ in (*self.parameters, *self.buffers):
            if hasattr(tensor, "placements"):
                raise WalkError(
                    f"{name} is sharded (a {type(tensor).__name__}, as fully_shard or a parallel plan leaves behind): "
                    "archcost counts whole networks; profile it before it is sharded"
                )
            if isinstance(tensor, UninitializedTensorMixin):
                raise WalkError(f"{name} has no shape yet (a lazy module); run the network once before it is profiled")

    @functools.cached_property
    def attributes(self) -> Attributes:
        """What its modules hold besides, at the time when this is first asked for."""
        return _attributes(self.modules.values())

    def unwrap(self) -> None:
        """Put modules in the places of the wrappers that `torch.compile` made."""
        for owner, name, _, module in self.compiled:
            owner._modules[name] = module

    @property
    def on_meta(self) -> bool:
        """Whether every tensor, plain attributes included, is on the meta device."""
        registered = [named.tensor for named in (*self.parameters, *self.buffers)]
        return all([tensor.is_meta for tensor in (*registered, *self.attributes.tensors)])  # noqa: C419 - quicker

    def _take_apart(self, module: nn.Module, path: str, seen: set[int]) -> None:
        seen.add(id(module))
        self.modules[path] = module
        prefix = f"{path}." if path else ""
        for tensors, table in ((self.parameters, module._parameters), (self.buffers, module._buffers)):
            for name, tensor in table.items():
                if tensor is not None and id(tensor) not in seen:
                    seen.add(id(tensor))
                    tensors.append(Named(prefix + name, tensor, module))
        for name, given in module._modules.items():
            child = given
            while child is not None and "_orig_mod" in child._modules:
                child = child._modules["_orig_mod"]
            if given is not None and child is not None and child is not given:
                self.compiled.append(Compiled(module, name, given, child))
            if child is not None and id(child) not in seen:
                self._take_apart(child, prefix + name, seen)


def _attributes(modules: Iterable[nn.Module]) -> Attributes:
    empty, filled, tensors = found = Attributes([], [], [])
    for module in modules:
        table = module.__dict__
        filled.append(table)
        for value in table.values():
            kind = type(value)
            if kind in ATOMS:
                continue
            if kind in CONTAINERS and not value:
                empty.append(value)
            elif kind is tuple:
                tensors += _tensors_among(value)
            # the tables of a ScriptModule are views of its C++ half, and none of these
            elif isinstance(value, (dict, list, set)):
                filled.append(value)
                if isinstance(value, list):
                    tensors += _tensors_among(value)
            elif isinstance(value, torch.Tensor):
                tensors.append(value)
    return found


def _tensors_among(values: Sequence[Any]) -> Sequence[torch.Tensor]:
    if ATOMS.issuperset(map(type, values)):
        return ()
    return [value for value in values if isinstance(value, torch.Tensor)]
