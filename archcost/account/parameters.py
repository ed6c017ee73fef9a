"""The row that counts a parameter or a buffer: the first row that reads it."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence, Set as AbstractSet

    from archcost.account.passes import Passes
    from archcost.account.rows import Row
    from archcost.records import ParamSpec, StorageSpec, TensorSpec


@dataclass(slots=True)
class Owned:
    """The sums of the parameters and buffers of one row."""

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
        self._by_storage: dict[int, list[int]] = {}
        self._partly: set[int] = set()  # storages of which some tensor is only a part, or nothing; rare
        by_storage = self._by_storage
        for number, tensor in enumerate(tensors):
            storage = tensor.storage
            if storage in by_storage:
                by_storage[storage].append(number)
            else:
                by_storage[storage] = [number]
            if tensor.nbytes != storages[storage].nbytes or not tensor.nbytes:
                self._partly.add(storage)

    def find(self, spec: TensorSpec) -> Sequence[int]:
        """Return the numbers of the held tensors that a tensor overlaps."""
        storage = spec.storage
        numbers = self._by_storage.get(storage, ())
        if numbers and storage in self._partly:
            itemsize = self._storages[storage].itemsize
            return [number for number in numbers if _overlap(spec, self._tensors[number], itemsize)]
        return numbers


def parameters_of(passes: Passes, weights: AbstractSet[int]) -> tuple[dict[int, Owned], dict[str, Owned]]:
    """Assign each parameter and buffer to the first row that reads it, else to its module's row, else to the module.

    `weights` are the numbers of the parameters that are weights. Return the sums by row number, and the sums of modules
    without a row by path.
    """
    trace, rows = passes.trace, passes.reads.rows
    tensors, params = (*trace.params, *trace.buffers), len(trace.params)
    sums: dict[int, Owned] = {}
    elsewhere: dict[str, Owned] = {}
    readers: dict[tuple[int, int], int] | None = None
    owners: dict[str, int] | None = None
    for number, tensor in enumerate(tensors):
        storage, nbytes = tensor.storage, tensor.nbytes
        if nbytes and nbytes == trace.storages[storage].nbytes:  # almost always
            place = rows.get(storage)
        else:
            readers = _find_readers(tensors, passes) if readers is None else readers
            place = readers.get((storage, tensor.offset))
        if place is None:
            owners = _list_owners(passes.rows) if owners is None else owners
            place = owners.get(tensor.module)
        if place is None:
            owned = elsewhere.setdefault(tensor.module, Owned())
        elif place in sums:
            owned = sums[place]
        else:
            owned = sums[place] = Owned()
        elements = prod(tensor.shape)
        if number >= params:
            owned.buffers += elements
            continue
        owned.params += elements
        owned.param_bytes += nbytes
        if tensor.requires_grad:
            owned.trainable_params += elements
        if number in weights:
            owned.weights += elements
    return sums, elsewhere


def _find_readers(tensors: Sequence[ParamSpec], passes: Passes) -> dict[tuple[int, int], int]:
    """Return the first row that reads each tensor, by its storage and offset, even where it is a part of a storage."""
    held = Held(tensors, passes.trace.storages)
    readers: dict[tuple[int, int], int] = {}
    for op in passes.trace.forward:
        if op.index in passes.row_of:
            for spec in op.inputs:
                for number in held.find(spec):
                    readers.setdefault((spec.storage, tensors[number].offset), passes.row_of[op.index])
    return readers


def _list_owners(rows: Sequence[Row]) -> dict[str, int]:
    """Return the first row of each module that has one, by its path."""
    return {row.name: place for place, row in reversed(list(enumerate(rows))) if row.name == row.module}


def _overlap(spec: TensorSpec, tensor: ParamSpec, itemsize: int) -> bool:
    """Whether a tensor overlaps a parameter in the same storage."""
    end, last = spec.offset + max(spec.nbytes // itemsize, 1), tensor.offset + tensor.nbytes // itemsize
    return spec.offset < last and tensor.offset < end
