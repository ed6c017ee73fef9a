"""What an operator of the forward pass computes, moves, and allocates for later use."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from archcost.account.passes import Passes
    from archcost.records import OpCall


def measure(index: int, passes: Passes) -> tuple[int, ...]:
    """Return what an operator of the forward pass computes, moves, and allocates.

    These are macs, other_ops, activation_elements, activation_bytes, macts, read_bytes, and written_bytes.
    """
    op, work, storages = passes.trace.ops[index], passes.counted.works[index], passes.trace.storages
    outputs, written = op.outputs, op.written
    elements = nbytes = macts = 0
    changed = _list_changed(op) if written else {}
    changed_bytes = sum(changed.values()) if changed else 0
    for spec in outputs:
        number = spec.storage
        storage = storages[number]
        if storage.born == index:
            if number in changed:
                changed_bytes -= changed[number]
            elif number in passes.read:
                size = storage.nbytes
                nbytes += size
                elements += size // storage.itemsize
            changed[number] = size = spec.nbytes
            changed_bytes += size
    written_bytes, read_bytes = work.written_bytes, work.read_bytes
    if written_bytes is None:
        written_bytes = changed_bytes
    if read_bytes is None:  # nothing is read if every result is a view of an argument
        read_bytes = passes.reads.nbytes[index] if changed or written else 0
    if index in passes.flow.weighted:
        macts = outputs[0].elements if work.layer_outputs is None else work.layer_outputs
    return work.macs, work.other_ops, elements, nbytes, macts, read_bytes, written_bytes


def _list_changed(op: OpCall) -> dict[int, int]:
    """Return the bytes of the arguments that an operator changes in place, by storage."""
    changed, written = {}, op.written
    for spec in op.inputs:
        if spec.storage in written:
            changed[spec.storage] = spec.nbytes
    return changed
