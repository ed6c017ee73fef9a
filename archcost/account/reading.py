"""The weights that a pass reads, and the peak of the storages beside those that are kept anyway."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archcost.account.counted_ops import CountedOps
from archcost.account.memory import MADE, Live

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from archcost.records import OpCall, Trace
    from archcost.rules import Rule, Work

CHOOSING = {"aten.embedding", "aten.index", "aten.index_select", "aten.gather"}  # they read what they return
MASKS = ("attn_mask", "attn_bias")
MATRIX = 2  # axes: a table, of which a token reads one row; a mixture of experts stacks its matrices along a third axis


def count_macs(trace: Trace, more_rules: Mapping[str, Rule]) -> int:
    """Return the multiply-adds of a walk."""
    return sum(work.macs for work in CountedOps(trace, more_rules).works)


def count_least_macs(trace: Trace, more_rules: Mapping[str, Rule]) -> int:
    """Return the multiply-adds that every kernel computes: for attention under a causal mask only the triangle.

    The places that any other mask hides are unknown, so attention under such a mask counts as 0.
    """
    works = CountedOps(trace, more_rules).works
    return sum(_count_least(op, work) for op, work in zip(trace.ops, works, strict=True))


def count_attention_macs(trace: Trace, more_rules: Mapping[str, Rule]) -> int:
    """Return the multiply-adds in which no weight takes part: of attention, the products of data with data.

    A cast or transposed weight is still one, and so is the matrix of an expert that was chosen; a word's row is data.
    """
    works = CountedOps(trace, more_rules).works
    weights = {spec.storage for spec in trace.params}
    found = 0
    for op, work in zip(trace.ops, works, strict=True):
        read = [spec.storage in weights for spec in op.inputs]
        if read and (all(read) or (read[0] and op.op in CHOOSING and len(op.inputs[0].shape) > MATRIX)):
            weights |= {spec.storage for spec in op.outputs}
        elif not any(read):
            found += work.macs
    return found


def count_met(trace: Trace, more_rules: Mapping[str, Rule], *, tables: bool = False) -> dict[str, int]:
    """Return how many elements of each parameter a pass reads; with `tables`, vectors and matrices count whole.

    A product has at least one multiply-add for each weight element that it uses. So a product with fewer multiply-adds
    than weight elements has selected some of them, as a mixture of experts does.
    """
    works = CountedOps(trace, more_rules).works
    sizes = {spec.storage: spec.elements for spec in trace.params}
    whole = {spec.storage for spec in trace.params if tables and len(spec.shape) <= MATRIX}
    met: dict[int, int] = {}
    for op, work in zip(trace.ops, works, strict=True):
        for storage in {spec.storage for spec in op.inputs} & sizes.keys():
            if not _is_view(op, storage):
                reads = 0 if storage in whole else _count_read(op, work)
                met[storage] = max(met.get(storage, 0), min(sizes[storage], reads or sizes[storage]))
    return {spec.name: met.get(spec.storage, 0) for spec in trace.params}


def sum_met_bytes(trace: Trace, met: Mapping[str, int]) -> int:
    """Return the bytes of the elements that a pass reads."""
    return sum(met[spec.name] * spec.nbytes // spec.elements for spec in trace.params if spec.elements)


def peak_beside(trace: Trace, kept: Collection[int]) -> int:
    """Return the peak of the live storages that the walk allocated, without the `kept` ones."""
    made = [each for number, each in enumerate(trace.storages) if each.kind in MADE and number not in kept]
    return max(Live(made, len(trace.ops)).exact)


def _count_least(op: OpCall, work: Work) -> int:
    if op.args.get("is_causal"):
        queries, keys = (spec.shape[-2] for spec in op.inputs[:2])
        return work.macs * sum(min(place, keys) for place in range(1, queries + 1)) // (queries * keys or 1)
    return 0 if any(op.args.get(name) is not None for name in MASKS) else work.macs


def _is_view(op: OpCall, storage: int) -> bool:
    return bool(op.outputs) and all(spec.storage == storage for spec in op.outputs) and storage not in op.written


def _count_read(op: OpCall, work: Work) -> int:
    """Return an upper bound of the weight elements that an operator reads; 0 means all."""
    return op.outputs[0].elements if op.op in CHOOSING else work.macs
