"""The unregistered attributes of a network's modules: containers, objects, tensors."""

from __future__ import annotations

import functools
import sys
from collections import OrderedDict, deque
from collections.abc import Iterator, MutableMapping
from types import BuiltinFunctionType, FunctionType, SimpleNamespace
from typing import TYPE_CHECKING, Any, NamedTuple

import torch
from torch import nn

if TYPE_CHECKING:
    from collections.abc import Iterable

# immutable types that contain no tensors
ATOMS = frozenset((int, float, bool, complex, str, type(None), torch.dtype, type, FunctionType, BuiltinFunctionType))
CONTAINERS = frozenset((dict, OrderedDict, list, set))
MUTABLE = (dict, list, set, deque)
TABLES = frozenset(("_parameters", "_buffers", "_modules"))
# the attributes that torch's constructor sets, before all others; the tables of hooks among them are mostly empty
STANDARD = [*nn.Module().__dict__]
COUNT, HOOKS = len(STANDARD), slice(STANDARD.index("_buffers") + 1, STANDARD.index("_modules"))
REGISTERED = slice(1, 4)  # in the values without these hooks: the tables of parameters, buffers and modules
CALL_HOOKS = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")


class Fields(MutableMapping[str, Any]):
    """A mapping of an object's attributes that are not in a dictionary: slots, or the content of a closure's cell."""

    def __init__(self, owner: Any, names: tuple[str, ...]) -> None:
        self._owner, self.names = owner, names

    def __getitem__(self, name: str) -> Any:
        try:
            return getattr(self._owner, name)
        except (AttributeError, ValueError):  # ValueError: the cell is empty
            raise KeyError(name) from None

    def __setitem__(self, name: str, value: Any) -> None:
        object.__setattr__(self._owner, name, value)  # the own `__setattr__` of a frozen dataclass raises

    def __delitem__(self, name: str) -> None:
        object.__delattr__(self._owner, name)

    def __iter__(self) -> Iterator[str]:
        return (name for name in self.names if name in self)

    def __len__(self) -> int:
        return sum(1 for _ in self)


class Attributes(NamedTuple):
    """The other contents of a network's modules: mutable containers and tensors.

    `tables` are the modules' attribute dictionaries, each with its names, its tables of hooks if all are empty, and its
    other values. `filled` are the non-empty containers in attributes, at any depth; objects of the user's own classes
    count as containers of their attributes. `tensors`, `generators` (of random numbers) and `scripted` (C++ objects, as
    packed weights are) are those in attributes, at any depth.
    """

    tables: list[tuple[dict[str, Any], list[str], list[Any], list[Any]]]
    empty: list[Any]  # mostly the empty hook tables of modules
    filled: list[Any]
    tensors: list[torch.Tensor]
    generators: list[torch.Generator]
    scripted: list[torch.ScriptObject]

    @property
    def hooked(self) -> bool:
        """Whether a module has hooks that run when it is called."""
        return any([any(map(table.get, CALL_HOOKS)) for table, _, hooks, _ in self.tables if not hooks])  # noqa: C419


def attributes_of(modules: Iterable[nn.Module]) -> Attributes:
    """Return the contents of modules besides their parameters, buffers and submodules."""
    found = Attributes([], [], [], [], [], [])
    seen, empty, filled = set(map(id, modules)), found.empty, found.filled
    for module in modules:
        table = module.__dict__
        names, hooks, values = [*table], [], [*table.values()]
        if names[:COUNT] == STANDARD and not any(hooks := values[HOOKS]):
            empty += hooks
            del values[HOOKS]
            registered, others = values[REGISTERED], values[REGISTERED.stop :]
            if type(values[0]) not in ATOMS:  # the mode
                others.append(values[0])
        else:
            hooks = []
            registered = [value for name, value in table.items() if name in TABLES]
            others = [value for name, value in table.items() if name not in TABLES]
        found.tables.append((table, names, hooks, values))
        for each in registered:
            if isinstance(each, dict):  # the tables of a ScriptModule are views of C++ objects
                (filled if each else empty).append(each)
        for value in others:
            kind = type(value)
            if kind in ATOMS or (kind is tuple and ATOMS.issuperset(map(type, value))):
                continue
            if kind in CONTAINERS and not value:
                empty.append(value)
            elif kind is list and ATOMS.issuperset(map(type, value)):
                filled.append(value)
            else:
                look_into(value, found, seen)
    return found


def look_into(value: Any, found: Attributes, seen: set[int]) -> None:
    """Find the tensors, containers and objects with attributes in a value, and add them to `found`."""
    if id(value) in seen:
        return
    seen.add(id(value))
    kept = _kept_of(value, found)
    if kept is not None:
        kept.append(value)
    else:
        if has_fields(value):
            look_into(value.__dict__, found, seen)
        if (slots := slots_of(value)).names:
            found.filled.append(slots)
            for item in slots.values():
                look_into(item, found, seen)
    if isinstance(value, MUTABLE):
        (found.filled if value else found.empty).append(value)
    if isinstance(value, (tuple, *MUTABLE)):
        for item in dict.values(value) if isinstance(value, dict) else value:
            if type(item) not in ATOMS:
                look_into(item, found, seen)


def _kept_of(value: Any, found: Attributes) -> list[Any] | None:
    """Return the list that holds values of this kind; None for a container or an object with attributes."""
    if isinstance(value, torch.Tensor):
        return found.tensors
    if isinstance(value, torch.Generator):
        return found.generators
    return found.scripted if isinstance(value, torch.ScriptObject) else None


def contents_of(container: Any) -> Any:
    """Return a shallow copy of a container's contents, bypassing methods that its class overrides."""
    if type(container) is dict:  # almost always
        return container.copy()
    if isinstance(container, Fields):
        return dict(container)
    kind = next(kind for kind in MUTABLE if isinstance(container, kind))
    return dict(dict.items(container)) if kind is dict else kind(container)


def has_fields(value: Any) -> bool:
    """Whether a value is an instance of a user's class with attributes: not a class, a function or a Python builtin."""
    kind = type(value)
    return not isinstance(value, type) and hasattr(value, "__dict__") and is_of_users(kind)  # type: ignore[arg-type]


def slots_of(value: Any) -> Fields:
    """Return the attributes that an object of a user's class keeps in slots."""
    return Fields(value, _slots(type(value)))  # type: ignore[arg-type] # classes do hash


@functools.cache
def _slots(kind: type) -> tuple[str, ...]:
    if not is_of_users(kind):
        return ()
    names = []
    for base in kind.__mro__:
        declared = base.__dict__.get("__slots__", ())
        for name in (declared,) if isinstance(declared, str) else declared:
            private = name.startswith("__") and not name.endswith("__")
            names.append(f"_{base.__name__.lstrip('_')}{name}" if private else name)
    return tuple(name for name in names if name not in {"__dict__", "__weakref__"})


@functools.cache
def is_of_users(kind: type) -> bool:
    """Whether a class comes from the user or a library, not from Python or torch; nn.Modules always count as users'."""
    if kind is SimpleNamespace or issubclass(kind, nn.Module):
        return True
    # a class that a library makes as it runs may bear the name of the standard module that made it
    packages = {str(base.__module__).partition(".")[0] for base in kind.__mro__}
    return not packages <= sys.stdlib_module_names | {"torch"}
