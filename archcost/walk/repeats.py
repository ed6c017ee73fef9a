"""Calls that have been answered before: on the meta device a call's form decides the form of its results.

The form of a call is its operator, the forms of its tensors (offset, shape, strides, dtype) and its other arguments. A
network repeats its layers, and a remembered answer takes far fewer calls of torch than a shape rule and the description
of its results. Only answers of shape rules are remembered, where an operator allocates its results or changes its first
argument: for them the forms decide, and it makes no difference whether a number is 1 or 1.0.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import torch

from archcost.walk.shapes import SHAPES, is_checking
from archcost.walk.shapes.results import META

if TYPE_CHECKING:
    from collections.abc import Callable

    from archcost.walk.storages import Storage

aten = torch.ops.aten
# their results also depend on torch's settings: the default dtype, whether gradients are recorded
BY_SETTINGS = {aten.div.Tensor, aten.mkldnn_rnn_layer.default, aten.mkldnn_rnn_layer_backward.default}
REMEMBERED = {id(func) for func in SHAPES if func not in BY_SETTINGS}
MOST = 1 << 14  # calls


class New(NamedTuple):
    """A tensor in a new storage: its place there, its shape, its bytes, the bytes of an element, its dtype.

    `make` returns such a tensor.
    """

    make: Callable[[], torch.Tensor]
    place: Any
    shape: tuple[int, ...]
    nbytes: int
    itemsize: int
    dtype: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What a call returns: the tensors in `new`, or its first argument if `new` is empty.

    With `alone` it returns one tensor instead of a tuple.
    """

    new: tuple[New, ...]
    alone: bool

    def repeat(self, args: tuple[Any, ...]) -> Any:
        """Return the results of a call with these arguments."""
        if not self.new:
            return args[0]
        return self.new[0].make() if self.alone else tuple([new.make() for new in self.new])


FIRST = Answer((), alone=True)
# the operator's id, or 0 if archcost cannot remember the call; then whether the call follows the CPU, and its arguments
Call: TypeAlias = list[Any]
ANSWERS: dict[tuple[Any, ...], Answer] = {}


def find(call: Call) -> Answer | None:
    """Return the answer to a call; None if it is unknown."""
    return ANSWERS.get(tuple(call)) if call[0] in REMEMBERED and not is_checking() else None


def learn(call: Call, result: Any, made: list[Storage | None], *, in_place: bool) -> None:
    """Remember the answer to a call.

    Args:
        call: the call.
        result: what it has returned.
        made: for each tensor of the result, the storage that it fills alone; None if it shares one.
        in_place: whether it has written into its first argument, and returned it.
    """
    if call[0] not in REMEMBERED:
        return
    results = (result,) if isinstance(result, torch.Tensor) else result
    if in_place:
        answer = FIRST
    elif isinstance(results, tuple) and len(made) == len(results) and None not in made:
        new = tuple([_describe(storage) for storage in made if storage is not None])
        answer = Answer(new, alone=result is not results)
    else:
        return
    if len(ANSWERS) >= MOST:
        ANSWERS.clear()
    ANSWERS[tuple(call)] = answer


def _describe(storage: Storage) -> New:
    spec, (_, shape, strides, dtype) = storage.spec, storage.place
    make = partial(torch.empty_strided, shape, strides, dtype=dtype, device=META)
    return New(make, storage.place, spec.shape, storage.nbytes, storage.itemsize, spec.dtype)
