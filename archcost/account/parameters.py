"""The row that counts a parameter or a buffer: the first row that reads it."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence, Set as AbstractSet

    from archcost.account.rows import Row
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
        # by storage: the offset of the only tensor in it, None if there are several; the numbers of all
        self.by_storage: dict[int, tuple[int | None, list[int]]] = {}
        for number, tensor in enumerate(tensors):
            storage = tensor.storage
            if storage in self.by_storage:
                self.by_storage[storage] = None, [*self.by_storage[storage][1], number]
            else:
                self.by_storage[storage] = tensor.offset if tensor.nbytes else None, [number]

    def find(self, spec: TensorSpec) -> Sequence[int]:
        """Return the numbers of the held tensors that a tensor overlaps."""
        found = self.by_storage.get(spec.storage)
        if found is None:
            return ()
        offset, numbers = found
        if offset == spec.offset:  # almost always
            return numbers
        itemsize = self._storages[spec.storage].itemsize
        return [number for number in numbers if _overlap(spec, self._tensors[number], itemsize)]


def parameters_of(
    rows: Sequence[Row], trace: Trace, readers: Mapping[int, int], weights: AbstractSet[int]
) -> tuple[dict[int, Owned], dict[str, Owned]]:
    """Assign each parameter and buffer to the first row that reads it, else to its module's row, else to the module.

    Args:
        rows: the rows of the report.
        trace: the recorded walk.
        readers: the first row that reads each parameter and buffer, by its number; parameters come before buffers.
        weights: the numbers of the parameters that are weights.

    Returns:
        The sums by row number, and the sums of modules without a row by path.
    """
    sums: dict[int, Owned] = {}
    elsewhere: dict[str, Owned] = {}
    owners: dict[str, int] | None = None
    params = len(trace.params)
    for number, tensor in enumerate((*trace.params, *trace.buffers)):
        place = readers.get(number)
        if place is None:
            if owners is None:
                owners = {row.name: i for i, row in reversed(list(enumerate(rows))) if row.name == row.module}
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
