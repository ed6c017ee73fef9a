"""Peak memory: the largest sum of storages that are alive at once.

A storage is alive from the operator that allocates it to the last one before it dies, as Python's references decide in
a real run. Parameters, buffers and the inputs, which the caller holds, are alive all along. What a kernel allocates and
frees within one operator is not seen.
"""

from __future__ import annotations

from itertools import accumulate
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from archcost.records import Trace


def peak_inference_bytes(trace: Trace) -> int | None:
    """Return the peak of a forward pass without gradients, in exact bytes; None for a walk that trained."""
    if any(op.phase == "backward" for op in trace.ops[-1:]):
        return None
    held = sum(storage.nbytes for storage in trace.storages if storage.kind != "fresh")
    change = [0] * (len(trace.ops) + 1)
    for storage in trace.storages:
        if storage.kind == "fresh":
            change[storage.born] += storage.nbytes
            if storage.died is not None:
                change[storage.died] -= storage.nbytes
    return held + max(accumulate(change), default=0)
