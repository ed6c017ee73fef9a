"""The row that counts a parameter or a buffer: the first row that reads it."""

from __future__ import annotations

from collections import defaultdict
from itertools import count, repeat
from math import prod
from operator import attrgetter, mul
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence, Set as AbstractSet

    from archcost.account.rows import Row
    from archcost.records import ParamSpec, StorageSpec, TensorSpec, Trace

get_place, get_storage = attrgetter("storage", "offset"), attrgetter("storage")
get_nbytes, get_learns, get_shape = attrgetter("nbytes"), attrgetter("requires_grad"), attrgetter("shape")
_new = tuple.__new__  # bypasses a slow constructor: see `archcost.walk.storages`


class Owned(NamedTuple):
    """The sums of the parameters and buffers of one row, in the order of `Layer`."""

    params: int = 0
    trainable_params: int = 0
    param_bytes: int = 0
    weights: int = 0
    buffers: int = 0


class Held:
    """Tensors that the network holds, its parameters and perhaps its buffers, by their place in storages."""

    def __init__(self, tensors: Sequence[ParamSpec], storages: Sequence[StorageSpec]) -> None:
        self._tensors = tensors
        self._storages = storages
        self.by_storage: Mapping[int, Sequence[int]] = dict(zip(map(get_storage, tensors), zip(count())))
        self._beginning: dict[tuple[int, int], Sequence[int]] = {}
        if len(self.by_storage) == len(tensors) and all(map(get_nbytes, tensors)):
            # usual: a tensor that begins where the only one in its storage does overlaps it, and no other
            self._beginning = dict(zip(map(get_place, tensors), zip(count())))
        else:
            self.by_storage = several = defaultdict(list)
            for number, tensor in enumerate(tensors):
                several[tensor.storage].append(number)

    def find(self, spec: TensorSpec) -> Sequence[int]:
        """Return the numbers of the tensors that overlap a tensor."""
        found = self._beginning.get(get_place(spec))
        return self._search(spec) if found is None else found

    def _search(self, spec: TensorSpec) -> Sequence[int]:
        here = self.by_storage.get(spec.storage)
        if here is None:
            return ()
        itemsize = self._storages[spec.storage].itemsize
        return [number for number in here if _overlap(spec, self._tensors[number], itemsize)]


def parameters_of(
    rows: Sequence[Row], trace: Trace, row_of: Mapping[int, int], weights: AbstractSet[int]
) -> tuple[dict[int, Owned], dict[str, Owned]]:
    """Assign each parameter and buffer to the first row that reads it, else to its module's row, else to the module.

    `row_of` is the row of each operator that has one; `weights` are the numbers of the parameters that are weights.
    Return the sums by row number, and the sums of modules without a row by path.
    """
    tensors = (*trace.params, *trace.buffers)
    readers = _first_readers(trace, Held(tensors, trace.storages), row_of)
    owned: defaultdict[int, list[tuple[int, ...]]] = defaultdict(list)
    elsewhere: defaultdict[str, list[tuple[int, ...]]] = defaultdict(list)
    owners: dict[str, int] | None = None
    for number, share in enumerate(_list_shares(trace, weights)):
        place = readers.get(number)
        if place is None:
            if owners is None:
                owners = {row.name: i for i, row in reversed(list(enumerate(rows))) if row.name == row.module}
            place = owners.get(tensors[number].module)
        if place is None:
            elsewhere[tensors[number].module].append(share)
        else:
            owned[place].append(share)
    return (
        {place: _new(Owned, map(sum, zip(*shares, strict=True))) for place, shares in owned.items()},
        {path: _new(Owned, map(sum, zip(*shares, strict=True))) for path, shares in elsewhere.items()},
    )


def _list_shares(trace: Trace, weights: AbstractSet[int]) -> list[tuple[int, ...]]:
    """Return what each parameter and buffer adds to an `Owned`; `map` and `zip` are quicker than a loop."""
    elements = list(map(prod, map(get_shape, trace.params)))
    trainable = map(mul, elements, map(get_learns, trace.params))
    weighing = map(mul, elements, map(weights.__contains__, count()))
    return [
        *zip(elements, trainable, map(get_nbytes, trace.params), weighing, repeat(0)),
        *zip(repeat(0), repeat(0), repeat(0), repeat(0), map(prod, map(get_shape, trace.buffers))),
    ]


def _first_readers(trace: Trace, held: Held, row_of: Mapping[int, int]) -> dict[int, int]:
    """Return the first row that reads each parameter and buffer, by its number."""
    readers: dict[int, int] = {}
    by_storage = held.by_storage
    for op in trace.forward:
        index = op.index
        if index in row_of:
            for spec in op.inputs:
                if spec.storage in by_storage:
                    for number in held.find(spec):
                        if number not in readers:
                            readers[number] = row_of[index]
    return readers


def _overlap(spec: TensorSpec, tensor: ParamSpec, itemsize: int) -> bool:
    """Whether a tensor overlaps a parameter in the same storage."""
    end, last = spec.offset + max(spec.nbytes // itemsize, 1), tensor.offset + tensor.nbytes // itemsize
    return spec.offset < last and tensor.offset < end
