"""Which row a parameter or a buffer is counted on: the first one that reads it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from archcost.records import Layer

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from archcost.records import ParamSpec, TensorSpec, Trace


def with_parameters(layers: Sequence[Layer], trace: Trace, row_of: Mapping[int, int]) -> list[Layer]:
    """Give each parameter and buffer to the first row that reads it; else to its module's row, or to a new one.

    `row_of` is the row of each operator that has one.
    """
    counted = list(layers)
    readers = _first_readers(trace, row_of)
    owners = {layer.name: i for i, layer in reversed(list(enumerate(layers))) if layer.name == layer.module}
    kinds = {spec.path: spec.kind for spec in trace.modules}
    for tensor in (*trace.params, *trace.buffers):
        place = readers.get((tensor.storage, tensor.offset), owners.get(tensor.module))
        if place is None:
            place = owners[tensor.module] = len(counted)
            kind = kinds.get(tensor.module, "Module")
            counted.append(Layer(name=tensor.module, call=None, kind=kind, module=tensor.module, inputs=(), outputs=()))
        counted[place] = _plus(counted[place], tensor)
    return counted


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
                if _overlap(spec, tensor, trace.storages[spec.storage].itemsize):
                    readers.setdefault((tensor.storage, tensor.offset), row)
    return readers


def _overlap(spec: TensorSpec, tensor: ParamSpec, itemsize: int) -> bool:
    """Whether a tensor covers any part of a parameter in a storage that several may share."""
    end, last = spec.offset + max(spec.nbytes // itemsize, 1), tensor.offset + tensor.nbytes // itemsize
    return spec.offset < last and tensor.offset < end


def _plus(layer: Layer, tensor: ParamSpec) -> Layer:
    if tensor.role == "buffer":
        return replace(layer, buffers=layer.buffers + tensor.elements)
    return replace(
        layer,
        params=layer.params + tensor.elements,
        trainable_params=layer.trainable_params + (tensor.elements if tensor.requires_grad else 0),
        param_bytes=layer.param_bytes + tensor.nbytes,
        weights=layer.weights + (tensor.elements if tensor.role == "weight" else 0),
    )
