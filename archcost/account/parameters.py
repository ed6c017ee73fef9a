"""The row that counts a parameter or a buffer: the first row that reads it."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence, Set as AbstractSet

    from archcost.account.passes import Passes
    from archcost.account.reads import Reads
    from archcost.records import ParamSpec, StorageSpec, TensorSpec, Trace


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
        self.partly: set[int] = set()  # storages of which some tensor is only a part, or nothing; rare
        by_storage = self._by_storage
        for number, tensor in enumerate(tensors):
            storage = tensor.storage
            if storage in by_storage:
                by_storage[storage].append(number)
            else:
                by_storage[storage] = [number]
            if tensor.nbytes != storages[storage].nbytes or not tensor.nbytes:
                self.partly.add(storage)

    def find(self, spec: TensorSpec) -> Sequence[int]:
        """Return the numbers of the held tensors that a tensor overlaps."""
        storage = spec.storage
        numbers = self._by_storage.get(storage, ())
        if numbers and storage in self.partly:
            itemsize = self._storages[storage].itemsize
            return [number for number in numbers if _overlap(spec, self._tensors[number], itemsize)]
        return numbers

    def find_readers(self, reads: Reads, trace: Trace, row_of: Mapping[int, int]) -> dict[int, int]:
        """Return the first row that reads each held tensor, by the tensor's number."""
        readers: dict[int, int] = {}
        for storage, numbers in self._by_storage.items():
            if storage in reads.rows and storage not in self.partly:
                for number in numbers:
                    readers[number] = reads.rows[storage]
        if self.partly:
            for op in trace.forward:
                for spec in op.inputs:
                    if spec.storage in self.partly and op.index in row_of:
                        for number in self.find(spec):
                            readers.setdefault(number, row_of[op.index])
        return readers


def parameters_of(passes: Passes, weights: AbstractSet[int]) -> tuple[dict[int, Owned], dict[str, Owned]]:
    """Assign each parameter and buffer to the first row that reads it, else to its module's row, else to the module.

    `weights` are the numbers of the parameters that are weights. Return the sums by row number, and the sums of modules
    without a row by path.
    """
    trace = passes.trace
    tensors, params = (*trace.params, *trace.buffers), len(trace.params)
    readers = Held(tensors, trace.storages).find_readers(passes.reads, trace, passes.row_of)
    sums: dict[int, Owned] = {}
    elsewhere: dict[str, Owned] = {}
    owners: dict[str, int] | None = None
    for number, tensor in enumerate(tensors):
        place = readers.get(number)
        if place is None:
            if owners is None:
                named = reversed(list(enumerate(passes.rows)))
                owners = {row.name: place for place, row in named if row.name == row.module}
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
        owned.param_bytes += tensor.nbytes
        if tensor.requires_grad:
            owned.trainable_params += elements
        if number in weights:
            owned.weights += elements
    return sums, elsewhere


def _overlap(spec: TensorSpec, tensor: ParamSpec, itemsize: int) -> bool:
    """Whether a tensor overlaps a parameter in the same storage."""
    end, last = spec.offset + max(spec.nbytes // itemsize, 1), tensor.offset + tensor.nbytes // itemsize
    return spec.offset < last and tensor.offset < end
