"""Caches outside a network that a walk fills with meta tensors: they are emptied again, as meta tensors are useless.

The objects that a network's own code can reach (in its Python modules, and in those that they import from) are recorded
before the walk and restored exactly. Other holders are searched only if a tensor of the walk is still alive after that,
which is rare.
"""

from __future__ import annotations

import functools
import gc
import sys
import threading
from collections import deque
from types import FunctionType, MappingProxyType, ModuleType
from typing import TYPE_CHECKING, Any

from torch import nn

from archcost.walk.attributes import (
    ATOMS,
    MUTABLE,
    Attributes,
    Fields,
    contents_of,
    has_fields,
    look_into,
    slots_of,
)
from archcost.walk.holders import lies_in, release
from archcost.walk.state import refill

if TYPE_CHECKING:
    import weakref
    from collections.abc import Iterable

    from archcost.walk.parts import Parts

Memo = type(functools.cache(int))
OTHERS = frozenset(("archcost", "torch", "numpy", *sys.stdlib_module_names))  # networks do not fill their caches
MOST = 10_000  # containers, objects and classes to record; the search stops at this number
LONG = 1_000  # containers with more items are not searched
NOTHING = object()
PLAIN = ATOMS - {type, FunctionType}


class Caches:
    """The containers that a network's code can fill, with their contents before a walk, and the storages left alive."""

    def __init__(self) -> None:
        self._seen: dict[int, Any] = {}  # it holds the objects, so that no id is reused
        self._before: list[tuple[Any, Any]] = []  # containers, classes and fields, each with its contents
        self._memos: list[Any] = []
        self._made: list[weakref.ref[Any]] = []

    def note(self, parts: Parts) -> None:
        """Record the contents of everything that a network's code can reach."""
        modules = _python_modules({type(module) for module in parts.modules.values()})
        if not modules:  # all classes are torch's
            return
        used = [
            value
            for module in modules
            for value in list(vars(module).values())
            if isinstance(value, (type, FunctionType))
        ]
        self._note_reach([vars(module) for module in dict.fromkeys([*modules, *_python_modules(used)])])

    def watch(self, storages: Iterable[weakref.ref[Any]]) -> None:
        """Watch the storages that are alive at the end of a walk: they should die soon."""
        self._made += storages

    def empty(self) -> tuple[str, ...]:
        """Remove the walk's tensors from every cache; return the names of the places that still hold some."""
        if not self._alive():
            self._made.clear()
            return ()
        # a reference cycle is not a cache; the collector was off, so the walk's objects are in generation 0
        gc.collect(0)
        self.put_back()
        if alive := self._alive():
            gc.collect()
        left = release(alive) if (alive := self._alive()) else ()
        self._made.clear()
        return left

    def put_back(self) -> None:
        """Remove the walk's tensors from the recorded caches only: an error in flight may hold others for a while."""
        if alive := self._alive():
            self._restore(alive)

    def _alive(self) -> set[int]:
        return {storage._cdata for reference in self._made if (storage := reference()) is not None}

    def _note_reach(self, roots: list[Any]) -> None:
        """Record everything reachable, breadth first, so that the network's own names come before the limit."""
        pending = deque(roots)
        while pending and len(self._seen) <= MOST:
            value = pending.popleft()
            if type(value) in PLAIN or id(value) in self._seen:
                continue
            self._seen[id(value)] = value
            self._note(value)
            pending.extend(_inside(value))

    def _note(self, value: Any) -> None:
        if isinstance(value, MUTABLE):
            self._before.append((value, contents_of(value)))
        elif isinstance(value, type) and _is_watched(value):
            self._before.append((value, dict(vars(value))))
        elif isinstance(value, Memo):
            self._memos.append(value)
        elif isinstance(value, FunctionType) and _is_watched(value):
            cells = [Fields(cell, ("cell_contents",)) for cell in value.__closure__ or ()]
            self._before += [(table, contents_of(table)) for table in (value.__dict__, *cells)]
        elif (slots := slots_of(value)).names:
            self._before.append((slots, contents_of(slots)))

    def _restore(self, alive: set[int]) -> None:
        for memo in self._memos:
            memo.cache_clear()
        for owner, before in self._before:
            now = vars(owner) if isinstance(owner, type) else owner
            # iterate over copies: the search may drop the last reference to an object, and with it a weak entry
            if not isinstance(now, (dict, MappingProxyType, Fields)):
                if len(now) != len(before) and any(holds(item, alive) for item in list(now)):
                    refill(now, before)
                continue
            for name, value in list(dict.items(now) if isinstance(now, dict) else now.items()):
                was = before.get(name, NOTHING)
                if was is not value and holds(value, alive):
                    _set(owner, name, was)


def holds(value: Any, alive: set[int]) -> bool:
    """Whether a value is, or contains, a tensor with one of the storages."""
    if type(value) in ATOMS:
        return False
    found = Attributes([], [], [], [], [], [])
    look_into(value, found, set())
    return any(lies_in(tensor, alive) for tensor in found.tensors)


def _set(owner: Any, name: str, value: Any) -> None:
    if isinstance(owner, type):
        if value is NOTHING:
            delattr(owner, name)
        else:
            setattr(owner, name, value)
    elif value is NOTHING:
        del owner[name]
    else:
        owner[name] = value


def _python_modules(values: Iterable[Any]) -> list[ModuleType]:
    """Return the Python modules that define classes and functions, without those that networks do not fill."""
    names = {value.__module__ for value in values if _is_watched(value)}
    return [sys.modules[name] for name in sorted(names) if isinstance(sys.modules.get(name), ModuleType)]


def _is_watched(value: Any) -> bool:
    name = value.__module__
    return isinstance(name, str) and name.partition(".")[0] not in OTHERS


def _inside(value: Any) -> list[Any]:
    """Return the direct contents of a container, a class, a function or an object."""
    if isinstance(value, dict):
        return [] if dict.__len__(value) > LONG else list(dict.values(value))
    if isinstance(value, (tuple, *MUTABLE)):
        return [] if len(value) > LONG else list(value)
    return _inside_object(value)


def _inside_object(value: Any) -> list[Any]:
    if isinstance(value, staticmethod | classmethod):
        return [value.__func__]
    if isinstance(value, type):
        return list(vars(value).values()) if _is_watched(value) else []
    if isinstance(value, FunctionType):
        defaults = (*(value.__defaults__ or ()), *(value.__kwdefaults__ or {}).values())
        return [*defaults, *value.__dict__.values(), *_closure(value)] if _is_watched(value) else []
    if isinstance(value, nn.Module):
        return []
    fields = has_fields(value) or isinstance(value, threading.local)
    return [*([vars(value)] if fields else ()), *slots_of(value).values()]


def _closure(function: FunctionType) -> list[Any]:
    return [value for cell in function.__closure__ or () for value in Fields(cell, ("cell_contents",)).values()]
