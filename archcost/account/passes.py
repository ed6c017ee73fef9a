"""The passes over a trace, in the order in which they build on each other: each adds one aspect of all operators."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from archcost.account import memory
from archcost.account.counted_ops import CountedOps
from archcost.account.depth import Flow
from archcost.account.kinds import Kinds
from archcost.account.reads import Reads
from archcost.account.receptive_field import receptive_fields
from archcost.account.rows import rows_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from archcost.records import Role, Trace
    from archcost.rules import Rule


class Passes:
    """What all passes found.

    `roles` are the operators' roles. `read` are the storages that an operator of the forward pass reads, or that the
    network returns. `backward` are the multiply-adds of the backward pass by row, None without training.
    """

    def __init__(self, trace: Trace, more_rules: Mapping[str, Rule]) -> None:
        self.trace = trace
        self.counted = counted = CountedOps(trace, more_rules)
        self.rows, self.row_of = rows_of(trace, counted.rules)
        self.reads = reads = Reads(trace, self.row_of)
        self.flow = flow = Flow(trace, reads.sources, counted.works, counted.products, self.row_of)
        self.roles: list[Role] = ["other" if rule is None else rule.role for rule in counted.rules]
        self.kinds = Kinds(trace, self.roles, counted.sights, counted.products, flow.from_data)
        for index in self.kinds.found.normalising:
            self.roles[index] = "normalisation"
        self.fields = receptive_fields(trace, reads.sources, counted.sights)
        self.trains = trace.training is not None
        self.backward = self._count_backward_macs() if self.trains else None
        self.saved = memory.sum_saved_bytes(trace, self.row_of)
        self.read = reads.storages.union([spec.storage for spec in trace.returns]) - memory.cast_parameters(trace)

    def _count_backward_macs(self) -> Counter[int]:
        """Count the multiply-adds of the backward pass by row."""
        by_row: Counter[int] = Counter()
        for op in self.trace.ops:
            if op.phase == "backward" and op.forward_of is not None and op.forward_of in self.row_of:
                by_row[self.row_of[op.forward_of]] += self.counted.works[op.index].macs
        return by_row
