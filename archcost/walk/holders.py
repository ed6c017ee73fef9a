"""The objects that hold a tensor, found through Python's garbage collector as a last resort."""

from __future__ import annotations

import functools
import gc
import weakref
from collections import OrderedDict, deque
from types import CellType, FrameType, FunctionType, GeneratorType, ModuleType, TracebackType
from typing import Any

import torch
from torch import nn

from archcost.walk.attributes import slots_of
from archcost.walk.tensors import innermost

Memo = type(functools.cache(int))
RUNNING = (FrameType, TracebackType, GeneratorType)  # frames of an error or of the caller
FIXED = (tuple, frozenset)
MUTABLE = (dict, list, set, deque)


def release(storages: set[int]) -> tuple[str, ...]:
    """Remove tensors with these storages from their holders; return the names of the holders that keep some."""
    pending: list[Any] = _tensors(storages)
    seen, names = {id(pending)}, []
    while pending:
        holders, inside, upward = gc.get_referrers(*pending), {id(item) for item in pending}, list[Any]()
        seen |= {id(holders), id(upward)}
        above = _holders_of([holder for holder in holders if isinstance(holder, MUTABLE)], seen)
        for holder in holders:
            if id(holder) in seen or isinstance(holder, RUNNING):
                continue
            seen.add(id(holder))
            owner = _owner(holder, above[id(holder)]) if type(holder) is dict else None
            if isinstance(holder, Memo) or isinstance(owner, Memo):
                (owner or holder).cache_clear()
            elif isinstance(holder, (*FIXED, nn.Module)) or isinstance(owner, nn.Module):
                upward.append(owner or holder)
            elif owner is not None or not isinstance(holder, MUTABLE):
                names.append(_name(owner or holder, inside))
            elif _is_an_entry(holder, inside, above[id(holder)], seen):
                upward.append(holder)
            else:
                _take_out(holder, inside)
        holder = owner = None
        above.clear()
        pending = upward
        seen.add(id(pending))
    return tuple(sorted(set(names)))


def _tensors(storages: set[int]) -> list[Any]:
    tensors = [value for value in gc.get_objects() if issubclass(type(value), torch.Tensor)]
    return [tensor for tensor in tensors if lies_in(tensor, storages)]


def lies_in(tensor: torch.Tensor, storages: set[int]) -> bool:
    """Whether a meta tensor, or the one that a `torch.func` transform wraps in it, has one of these storages."""
    try:
        return tensor.is_meta and innermost(tensor).untyped_storage()._cdata in storages
    except (NotImplementedError, RuntimeError):  # a sparse or nested tensor has no storage
        return False


def _holders_of(containers: list[Any], seen: set[int]) -> dict[int, list[Any]]:
    """Return the holders of each container, by the container's identity, with one search for all of them."""
    found: dict[int, list[Any]] = {id(container): [] for container in containers}
    for holder in gc.get_referrers(*containers):
        if holder is containers or id(holder) in seen:
            continue
        for item in {id(item) for item in gc.get_referents(holder)} & found.keys():
            found[item].append(holder)
    return found


def _owner(table: dict[Any, Any], above: list[Any]) -> Any:
    """Return the module, class or object that owns an attribute dictionary, or the cached function."""
    for holder in above:
        if isinstance(holder, type | Memo) or getattr(holder, "__dict__", None) is table:
            return holder
    return None


def _is_an_entry(container: Any, inside: set[int], above: list[Any], seen: set[int]) -> bool:
    """Whether a container holds nothing else and is an item of another: a pair of tables under one key, for example."""
    items = container.values() if isinstance(container, dict) else container
    if not all(id(item) in inside for item in items):
        return False
    tables = [holder for holder in above if type(holder) is dict and not _is_of_threads(holder)]
    if any(type(holder) is list for holder in above):
        return True
    owners = _holders_of(tables, {*seen, id(above)})
    return any(_owner(table, owners[id(table)]) is None for table in tables)


def _is_of_threads(table: dict[Any, Any]) -> bool:
    """Whether a table is the internal table of a `threading.local`; Python crashes if an entry is removed."""
    first = next(iter(table), None)
    return isinstance(first, weakref.ref) and type(first()).__name__ == "_localdummy"


def _take_out(container: Any, inside: set[int]) -> None:
    if isinstance(container, dict):
        kind = OrderedDict if isinstance(container, OrderedDict) else dict
        for key in [key for key, value in list(container.items()) if id(value) in inside]:
            kind.__delitem__(container, key)  # past an override of its class
        return
    kept = [item for item in list(container) if id(item) not in inside]
    container.clear()
    container.update(kept) if isinstance(container, set) else container.extend(kept)


def _name(holder: Any, inside: set[int]) -> str:
    """Return a description of the place of a tensor for the reader."""
    table = [*getattr(holder, "__dict__", {}).items(), *slots_of(holder).items()]
    attributes = ", ".join(str(name) for name, value in table if id(value) in inside)
    if isinstance(holder, FunctionType | CellType) and not attributes:
        return f"a variable of the function {getattr(holder, '__qualname__', '')}".rstrip()
    if isinstance(holder, ModuleType):
        return f"{holder.__name__}.{attributes}"
    kind = holder if isinstance(holder, type | FunctionType) else type(holder)
    where = f"{kind.__module__}.{kind.__qualname__}"
    return f"{where}.{attributes}" if kind is holder else f"{attributes or 'something'} of an object of {where}"
