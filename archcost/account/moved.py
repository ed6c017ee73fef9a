"""What each operator of the forward pass computes, moves, and allocates for later use."""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence, Set as AbstractSet

    from archcost.records import TensorSpec, Trace
    from archcost.rules import Work

get_nbytes, get_storage = attrgetter("nbytes"), attrgetter("storage")


def list_moved(
    trace: Trace, works: Sequence[Work], weighted: AbstractSet[int], read: AbstractSet[int]
) -> list[tuple[int, ...]]:
    """Return the quantities of each operator.

    These are macs, other_ops, activation_elements, activation_bytes, macts, read_bytes, and written_bytes.

    Args:
        trace: the recorded walk.
        works: the work of each operator.
        weighted: the operators that are weighted layers.
        read: the storages that a later operator reads or the network returns.
    """
    storages = trace.storages
    found = []
    for op, (macs, other_ops, read_bytes, written_bytes, _, layer_outputs) in zip(trace.forward, works, strict=False):
        index, inputs, outputs, written = op.index, op.inputs, op.outputs, op.written
        elements = nbytes = 0
        changed = {}
        if written:
            for spec in inputs:
                if spec.storage in written:
                    changed[spec.storage] = spec.nbytes
        for spec in outputs:
            number = spec.storage
            size, itemsize, _, born, _, _ = storages[number]
            if born == index:
                if number in read and number not in changed:
                    elements += size // itemsize
                    nbytes += size
                changed[number] = spec.nbytes
        if written_bytes is None:
            written_bytes = sum(changed.values())
        if read_bytes is None:
            if changed or written:
                read_bytes = sum(map(get_nbytes, inputs if len(inputs) == 1 else _list_distinct(inputs)))
            else:  # every result is a view of an argument
                read_bytes = 0
        if index not in weighted:
            layer_outputs = 0
        elif layer_outputs is None:
            layer_outputs = outputs[0].elements
        found.append((macs, other_ops, elements, nbytes, layer_outputs, read_bytes, written_bytes))
    return found


def _list_distinct(specs: tuple[TensorSpec, ...]) -> Collection[TensorSpec]:
    """Return tensors without those that are the same part of the same storage as another."""
    if len(set(map(get_storage, specs))) == len(specs):  # almost always
        return specs
    return {(spec.storage, spec.offset, spec.shape): spec for spec in specs}.values()
