"""describe_example(given, module) -> descriptions of a network's example arguments."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from archcost.errors import InputError
from archcost.sources.inputs import InputSpec

if TYPE_CHECKING:
    from collections.abc import Iterator

    import torch
    from torch import nn

PLAIN = (bool, int, float, str, type(None))


def describe_example(given: Any, module: nn.Module, *, exact: bool = False) -> tuple[InputSpec, ...]:
    """Return descriptions of an example: a tensor, a tuple of positional arguments, or a dictionary by name.

    The first axis is the batch if it has the same size in all tensors, unless `exact` is set.

    Raises:
        InputError: the example holds something other than tensors, numbers, texts, lists and dictionaries.
    """
    from torch import Tensor

    leaves = list(_walk(given if isinstance(given, tuple | Mapping) else (given,), ()))
    names = _name_positions(module)
    batches = {leaf.shape[0] for _, leaf in leaves if isinstance(leaf, Tensor) and leaf.dim()}
    return tuple(
        _describe(leaf, _join(path, names, alone=len(leaves) == 1), batched=not exact and len(batches) == 1)
        for path, leaf in leaves
    )


def _describe(leaf: Any, name: str | None, *, batched: bool) -> InputSpec:
    from torch import Tensor

    if not isinstance(leaf, Tensor):
        return InputSpec(name=name, value=repr(leaf) if isinstance(leaf, str) else str(leaf), dtype="")
    dtype = str(leaf.dtype).removeprefix("torch.")
    real: torch.Tensor | None = None if leaf.is_floating_point() or leaf.is_meta else leaf.detach()
    if not (batched and leaf.dim()):
        return InputSpec(shape=tuple(leaf.shape), dtype=dtype, name=name, exact=True, sample=real)
    return InputSpec(shape=tuple(leaf.shape[1:]), dtype=dtype, name=name, sample=None if real is None else real[:1])


def _walk(value: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    from torch import Tensor

    if isinstance(value, (Tensor, *PLAIN)):
        yield path, value
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from _walk(item, (*path, str(key)))
    elif isinstance(value, list | tuple):
        for place, item in enumerate(value):
            yield from _walk(item, (*path, str(place)))
    else:
        where = ".".join(path) or "it"
        raise InputError(
            f"the example inputs hold {type(value).__name__} at {where}, which cannot be described; use tensors, "
            "numbers, texts, lists and dictionaries"
        )


def _name_positions(module: nn.Module) -> list[str]:
    """Return the names of the positional parameters of a forward."""
    try:
        parameters = inspect.signature(module.forward).parameters.values()
    except (TypeError, ValueError):  # a forward written in C++
        return []
    return [each.name for each in parameters if each.kind is each.POSITIONAL_OR_KEYWORD]


def _join(path: tuple[str, ...], names: list[str], *, alone: bool) -> str | None:
    first, *rest = path
    if first.isdecimal():
        if alone and not rest:
            return None
        first = names[int(first)] if int(first) < len(names) else first
    return ".".join((first, *rest))
