"""Caches outside a network that a walk on the meta device fills: emptied again, for nobody can use what is in them.

What a network's own code can reach (the Python modules that it is written in, and those that they import from) is noted
before the walk, and put back exactly. Other holders are looked for only where a tensor of the walk is still alive after
that, which hardly ever happens.
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
OTHERS = frozenset(("archcost", "torch", "numpy", *sys.stdlib_module_names))  # whose caches no network fills
MOST = 10_000  # containers, objects and classes: a library of more is not looked through to its end
LONG = 1_000  # items of a container, which are not looked into beyond that
NOTHING = object()
PLAIN = ATOMS - {type, FunctionType}


class Caches:
    """What a network's code could fill, as it was before a walk, and what the walk left alive."""

    def __init__(self) -> None:
        self._seen: dict[int, Any] = {}  # it holds what it names, so that no id is given out twice
        self._before: list[tuple[Any, Any]] = []  # containers, classes and fields, each with what was in it
        self._memos: list[Any] = []
        self._made: list[weakref.ref[Any]] = []

    def note(self, parts: Parts) -> None:
        """Note what the code of a network can reach."""
        modules = _python_modules({type(module) for module in parts.modules.values()})
        used = [
            value
            for module in modules
            for value in list(vars(module).values())
            if isinstance(value, (type, FunctionType))
        ]
        self._note_reach([vars(module) for module in dict.fromkeys([*modules, *_python_modules(used)])])

    def watch(self, storages: Iterable[weakref.ref[Any]]) -> None:
        """Watch the storages that are alive at the end of a walk: they are about to die."""
        self._made += storages

    def empty(self) -> tuple[str, ...]:
        """Take what the walk made out of every cache; return the names of the places where that cannot be done."""
        if not self._alive():
            return ()
        gc.collect(
            0
        )  # an object that refers to itself is not a cache; the collector rested, so what the walk made is young
        self.put_back()
        if alive := self._alive():
            gc.collect()
        left = release(alive) if (alive := self._alive()) else ()
        self._made.clear()
        return left

    def put_back(self) -> None:
        """Take what the walk made out of the caches that were noted; an error on its way holds more, for a while."""
        if alive := self._alive():
            self._restore(alive)

    def _alive(self) -> set[int]:
        storages = [reference() for reference in self._made]
        return {storage._cdata for storage in storages if storage is not None}

    def _note_reach(self, roots: list[Any]) -> None:
        """Note what can be reached, the nearest first: what the network's own code names is never beyond the limit."""
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
            # copies are looked through: looking may end what an entry refers to weakly, and the entry with it
            if not isinstance(now, (dict, MappingProxyType, Fields)):
                if len(now) != len(before) and any(holds(item, alive) for item in list(now)):
                    refill(now, before)
                continue
            for name, value in list(dict.items(now) if isinstance(now, dict) else now.items()):
                was = before.get(name, NOTHING)
                if was is not value and holds(value, alive):
                    _set(owner, name, was)


def holds(value: Any, alive: set[int]) -> bool:
    """Whether a tensor with one of the storages is a value, or lies in it."""
    if type(value) in ATOMS:
        return False
    found = Attributes([], [], [])
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
    """Return the Python modules that classes and functions come from, without those whose caches no network fills."""
    names = {value.__module__ for value in values if _is_watched(value)}
    return [sys.modules[name] for name in sorted(names) if isinstance(sys.modules.get(name), ModuleType)]


def _is_watched(value: Any) -> bool:
    name = value.__module__
    return isinstance(name, str) and name.partition(".")[0] not in OTHERS


def _inside(value: Any) -> list[Any]:
    """Return what lies in a container, a class, a function or an object."""
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
