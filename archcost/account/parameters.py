"""The row that counts a parameter or a buffer: the first row that reads it."""

from __future__ import annotations

from collections import defaultdict
from itertools import count
from math import prod
from operator import attrgetter
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence, Set as AbstractSet

    from archcost.account.rows import Row
    from archcost.records import ParamSpec, TensorSpec, Trace

get_storage = attrgetter("storage")


class Owned(NamedTuple):
    """The sums of the parameters and buffers of one row, in the order of `Layer`."""

    params: int = 0
    trainable_params: int = 0
    param_bytes: int = 0
    weights: int = 0
    buffers: int = 0


class Held:
    """The parameters and buffers that the network holds: a number counts the parameters, and then the buffers."""

    def __init__(self, trace: Trace) -> None:
        self.tensors = (*trace.params, *trace.buffers)
        self._storages = trace.storages
        self.by_storage: Mapping[int, Sequence[int]] = dict(zip(map(get_storage, self.tensors), zip(count())))
        if len(self.by_storage) < len(self.tensors):  # rare: a storage has several
            self.by_storage = several = defaultdict(list)
            for number, tensor in enumerate(self.tensors):
                several[tensor.storage].append(number)

    def find(self, spec: TensorSpec) -> Sequence[int]:
        """Return the numbers of the parameters and buffers that a tensor overlaps."""
        here = self.by_storage.get(spec.storage, ())
        if len(here) == 1:
            tensor = self.tensors[here[0]]
            if spec.offset == tensor.offset and tensor.nbytes:  # a shortcut for almost all
                return here
        itemsize = self._storages[spec.storage].itemsize
        return [number for number in here if _overlap(spec, self.tensors[number], itemsize)]


def parameters_of(
    rows: Sequence[Row], trace: Trace, held: Held, row_of: Mapping[int, int], weights: AbstractSet[int]
) -> tuple[dict[int, Owned], dict[str, Owned]]:
    """Assign each parameter and buffer to the first row that reads it, else to its module's row, else to the module.

    `row_of` is the row of each operator that has one; `weights` are the numbers of the parameters that are weights.
    Return the sums by row number, and the sums of modules without a row by path.
    """
    owned: dict[int, list[tuple[int, ...]]] = {}
    elsewhere: dict[str, list[tuple[int, ...]]] = {}
    readers = _first_readers(trace, held, row_of)
    owners: dict[str, int] | None = None
    params = len(trace.params)
    for number, tensor in enumerate(held.tensors):
        elements = prod(tensor.shape)
        if number < params:
            trainable = elements if tensor.requires_grad else 0
            share = elements, trainable, tensor.nbytes, elements if number in weights else 0, 0
        else:
            share = 0, 0, 0, 0, elements
        place = readers.get(number)
        if place is None:
            if owners is None:
                owners = {row.name: i for i, row in reversed(list(enumerate(rows))) if row.name == row.module}
            place = owners.get(tensor.module)
        if place is None:
            elsewhere.setdefault(tensor.module, []).append(share)
        elif place in owned:
            owned[place].append(share)
        else:
            owned[place] = [share]
    return (
        {place: Owned(*map(sum, zip(*shares, strict=True))) for place, shares in owned.items()},
        {path: Owned(*map(sum, zip(*shares, strict=True))) for path, shares in elsewhere.items()},
    )


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
