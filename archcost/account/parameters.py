"""The row that counts a parameter or a buffer: the first row that reads it."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence, Set as AbstractSet

    from archcost.account.rows import Row
    from archcost.records import ParamSpec, TensorSpec, Trace


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
        self.by_storage: dict[int, list[int]] = {}
        for number, tensor in enumerate(self.tensors):
            self.by_storage.setdefault(tensor.storage, []).append(number)
        self._storages = trace.storages
        self._found: dict[tuple[int, int, int], list[int]] = {}  # by storage, offset and bytes

    def find(self, spec: TensorSpec) -> list[int]:
        """Return the numbers of the parameters and buffers that a tensor overlaps."""
        here = self.by_storage.get(spec.storage)
        if here is None:
            return []
        part = spec.storage, spec.offset, spec.nbytes
        found = self._found.get(part)
        if found is None:
            itemsize = self._storages[spec.storage].itemsize
            found = self._found[part] = [number for number in here if _overlap(spec, self.tensors[number], itemsize)]
        return found


def parameters_of(
    rows: Sequence[Row], trace: Trace, held: Held, row_of: Mapping[int, int], weights: AbstractSet[int]
) -> tuple[dict[int, Owned], dict[str, Owned]]:
    """Assign each parameter and buffer to the first row that reads it, else to its module's row, else to the module.

    `row_of` is the row of each operator that has one; `weights` are the numbers of the parameters that are weights.
    Return the sums by row number, and the sums of modules without a row by path.
    """
    readers = _first_readers(trace, held, row_of)
    owners: dict[str, int] | None = None
    shares: dict[int | str, list[Owned]] = {}  # by row number, or by path
    for number, tensor in enumerate(held.tensors):
        owner: int | str | None = readers.get(number)
        if owner is None:
            if owners is None:
                owners = {row.name: i for i, row in reversed(list(enumerate(rows))) if row.name == row.module}
            owner = owners.get(tensor.module, tensor.module)
        elements = prod(tensor.shape)
        if number < len(trace.params):
            trainable, weight = elements if tensor.requires_grad else 0, elements if number in weights else 0
            share = elements, trainable, tensor.nbytes, weight, 0
        else:
            share = 0, 0, 0, 0, elements
        shares.setdefault(owner, []).append(share)
    sums = {owner: Owned(*map(sum, zip(*parts, strict=True))) for owner, parts in shares.items()}
    return (
        {owner: owned for owner, owned in sums.items() if isinstance(owner, int)},
        {owner: owned for owner, owned in sums.items() if isinstance(owner, str)},
    )


def _first_readers(trace: Trace, held: Held, row_of: Mapping[int, int]) -> dict[int, int]:
    readers: dict[int, int] = {}
    by_storage = held.by_storage
    for op in trace.forward:
        if op.index in row_of:
            for spec in op.inputs:
                if spec.storage in by_storage:
                    for number in held.find(spec):
                        readers.setdefault(number, row_of[op.index])
    return readers


def _overlap(spec: TensorSpec, tensor: ParamSpec, itemsize: int) -> bool:
    """Whether a tensor overlaps a parameter in the same storage."""
    end, last = spec.offset + max(spec.nbytes // itemsize, 1), tensor.offset + tensor.nbytes // itemsize
    return spec.offset < last and tensor.offset < end
