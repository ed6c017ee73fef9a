"""The row that counts a parameter or a buffer: the first row that reads it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from archcost.account.rows import Row
    from archcost.records import ParamSpec, TensorSpec, Trace


@dataclass(slots=True)
class Owned:
    """The sums of the parameters and buffers of one row."""

    params: int = 0
    trainable_params: int = 0
    param_bytes: int = 0
    weights: int = 0
    buffers: int = 0


def parameters_of(
    rows: Sequence[Row], trace: Trace, row_of: Mapping[int, int], weights: Sequence[bool]
) -> tuple[dict[int, Owned], dict[str, Owned]]:
    """Assign each parameter and buffer to the first row that reads it, else to its module's row, else to the module.

    `row_of` is the row of each operator that has one; `weights` marks the parameters that are weights. Return the sums
    by row number, and the sums of modules without a row by path.
    """
    sums: dict[int, Owned] = {}
    elsewhere: dict[str, Owned] = {}
    readers = _first_readers(trace, row_of)
    owners: dict[str, int] | None = None

    marks = [*weights, *[None] * len(trace.buffers)]  # None marks a buffer
    for tensor, weight in zip((*trace.params, *trace.buffers), marks, strict=True):
        place = readers.get((tensor.storage, tensor.offset))
        if place is None:
            if owners is None:
                owners = {row.name: i for i, row in reversed(list(enumerate(rows))) if row.name == row.module}
            place = owners.get(tensor.module)
        if place is None:
            owned = elsewhere.setdefault(tensor.module, Owned())
        else:
            owned = sums.get(place) or sums.setdefault(place, Owned())
        elements = tensor.elements
        if weight is None:
            owned.buffers += elements
            continue
        owned.params += elements
        owned.param_bytes += tensor.nbytes
        if tensor.requires_grad:
            owned.trainable_params += elements
        if weight:
            owned.weights += elements
    return sums, elsewhere


def _first_readers(trace: Trace, row_of: Mapping[int, int]) -> dict[tuple[int, int], int]:
    tensors: dict[int, list[ParamSpec]] = {}
    for tensor in (*trace.params, *trace.buffers):
        tensors.setdefault(tensor.storage, []).append(tensor)
    readers: dict[tuple[int, int], int] = {}
    for op in trace.ops:
        row = row_of.get(op.index)
        if row is None:
            continue
        for spec in op.inputs:
            for tensor in tensors.get(spec.storage, ()):
                where = tensor.storage, tensor.offset
                if where not in readers and overlap(spec, tensor, trace.storages[spec.storage].itemsize):
                    readers[where] = row
    return readers


def overlap(spec: TensorSpec, tensor: ParamSpec, itemsize: int) -> bool:
    """Whether a tensor overlaps a parameter in the same storage."""
    end, last = spec.offset + max(spec.nbytes // itemsize, 1), tensor.offset + tensor.nbytes // itemsize
    return spec.offset < last and tensor.offset < end
