"""Which row a parameter belongs to: the first that reads it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from archcost.records import Layer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from archcost.records import ParamSpec, TensorSpec, Trace


def with_parameters(trace: Trace, row_of: Mapping[int, int], layers: list[Layer]) -> list[Layer]:
    """Give each parameter and buffer to the first row that reads it; else to its module's row, or to a new one."""
    readers = _first_readers(trace, row_of)
    owners = {layer.name: i for i, layer in reversed(list(enumerate(layers))) if layer.name == layer.module}
    kinds = {spec.path: spec.kind for spec in trace.modules}
    for tensor in (*trace.params, *trace.buffers):
        place = readers.get((tensor.storage, tensor.offset), owners.get(tensor.module))
        if place is None:
            place = owners[tensor.module] = len(layers)
            layers.append(_uncalled_layer(tensor.module, kinds.get(tensor.module, "Module")))
        layers[place] = _plus(layers[place], tensor)
    return layers


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
    return spec.offset < tensor.offset + tensor.nbytes // itemsize and tensor.offset < spec.offset + max(
        spec.nbytes // itemsize, 1
    )


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


def _uncalled_layer(module: str, kind: str) -> Layer:
    return Layer(name=module, call=None, kind=kind, module=module, inputs=(), outputs=())
