"""What each operator of the forward pass computes, moves, and allocates for later use."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence, Set as AbstractSet

    from archcost.account.reads import Reads
    from archcost.records import Trace
    from archcost.rules import Work


def list_moved(
    trace: Trace, works: Sequence[Work], reads: Reads, weighted: AbstractSet[int], read: AbstractSet[int]
) -> list[tuple[int, ...]]:
    """Return the quantities of each operator.

    These are macs, other_ops, activation_elements, activation_bytes, macts, read_bytes, and written_bytes.

    Args:
        trace: the recorded walk.
        works: the work of each operator.
        reads: what each operator reads.
        weighted: the operators that are weighted layers.
        read: the storages that a later operator reads or the network returns.
    """
    storages = trace.storages
    found: list[tuple[int, ...]] = []
    for index, op in enumerate(trace.forward):
        outputs, written, work = op.outputs, op.written, works[index]
        elements = nbytes = macts = 0
        changed = _list_changed(written, reads.sizes[index]) if written else {}
        changed_bytes = sum(changed.values()) if changed else 0
        for spec in outputs:
            number = spec.storage
            storage = storages[number]
            if storage.born == index:
                if number in changed:
                    changed_bytes -= changed[number]
                elif number in read:
                    size = storage.nbytes
                    nbytes += size
                    elements += size // storage.itemsize
                changed[number] = size = spec.nbytes
                changed_bytes += size
        written_bytes, read_bytes = work.written_bytes, work.read_bytes
        if written_bytes is None:
            written_bytes = changed_bytes
        if read_bytes is None:  # nothing is read if every result is a view of an argument
            read_bytes = reads.nbytes[index] if changed or written else 0
        if index in weighted:
            macts = outputs[0].elements if work.layer_outputs is None else work.layer_outputs
        found.append((work.macs, work.other_ops, elements, nbytes, macts, read_bytes, written_bytes))
    return found


def _list_changed(written: Sequence[int], sizes: Mapping[int, int]) -> dict[int, int]:
    """Return the bytes of the arguments that an operator changes in place, by storage."""
    changed = {}
    for number in written:
        if number in sizes:
            changed[number] = sizes[number]
    return changed
