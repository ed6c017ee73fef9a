"""Indices must be whole numbers; some kernels of torch's meta device accept any tensor in their place."""

from __future__ import annotations

import functools
from typing import Any

from torch.utils._python_dispatch import TorchDispatchMode

NAMES = frozenset(("index", "indices"))  # as torch's schemas name such arguments


@functools.cache
def find_index_places(func: Any) -> tuple[int, ...]:
    """Return the places of the tensors of indices in an operator's arguments."""
    return tuple(
        place
        for place, each in enumerate(func._schema.arguments)  # noqa: SLF001 - torch has no other name for it
        if each.name in NAMES and "Tensor" in str(each.type)
    )


def refuse_float_indices(func: Any, args: tuple[Any, ...], places: tuple[int, ...]) -> None:
    """Refuse a call of an operator that a real device refuses, too.

    Args:
        func: the operator.
        args: its positional arguments.
        places: of the indices among them, from `find_index_places`.

    Raises:
        IndexError: the indices are floating-point numbers.
    """
    for place in places:
        given = args[place] if place < len(args) else None
        for tensor in given if isinstance(given, list | tuple) else (given,):
            if tensor is not None and tensor.dtype.is_floating_point:
                raise IndexError(f"{func} got {tensor.dtype}; tensors used as indices must be integers or booleans")


class WholeIndices(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """While active, floating-point indices are refused on every device."""

    def __torch_dispatch__(self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None) -> Any:
        """Run one operator."""
        refuse_float_indices(func, args, find_index_places(func))
        return func(*args, **(kwargs or {}))

    @classmethod
    def _should_skip_dynamo(cls) -> bool:  # or torch imports its compiler, which takes seconds
        return False
