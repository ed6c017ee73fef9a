"""account(trace) -> Costs: every quantity that follows from the recorded walk alone."""

from __future__ import annotations

from dataclasses import asdict, replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from archcost.account import memory
from archcost.account.axes import describe_field
from archcost.account.counted_ops import CountedOps
from archcost.account.layers import list_layers
from archcost.account.parameters import Owned, parameters_of
from archcost.account.passes import Passes
from archcost.account.saved import list_saved
from archcost.metrics import SUMS
from archcost.records import Costs, Layer, Totals, add_up

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from archcost.records import Trace
    from archcost.rules import Rule

NO_RULES: Mapping[str, Rule] = MappingProxyType({})


def account(
    trace: Trace, more_rules: Mapping[str, Rule] = NO_RULES, *, timeline: bool = False, saved: bool = False
) -> Costs:
    """Add up the costs of a recorded walk.

    Args:
        trace: the recorded walk.
        more_rules: rules for operators that archcost does not cover, by operator name.
        timeline: add the live bytes at each operator.
        saved: add a list of the tensors that autograd keeps from the forward pass.

    Raises:
        RuleError: a rule failed on a recorded call.
    """
    counted = _Account(trace, more_rules)
    costs = counted.costs()
    if timeline:
        costs = replace(costs, timeline=memory.timeline(trace, counted.passes.rows, counted.passes.row_of))
    return replace(costs, saved=list_saved(trace, counted.passes.rows, counted.passes.row_of)) if saved else costs


def count_work(trace: Trace, more_rules: Mapping[str, Rule] = NO_RULES) -> list[int]:
    """Return the operations of each operator of a walk: two for each multiply-add, one for each other operation."""
    return [2 * work.macs + work.other_ops for work in CountedOps(trace, more_rules).works]


class _Account:
    def __init__(self, trace: Trace, more_rules: Mapping[str, Rule]) -> None:
        self.trace = trace
        self.passes = Passes(trace, more_rules)
        live = memory.Live(trace.storages, len(trace.ops))
        self.peak = memory.peak(trace, self.passes.rows, self.passes.row_of, live)
        self.peak_allocated_bytes = max(live.rounded)

    def costs(self) -> Costs:
        trace, passes = self.trace, self.passes
        owned, elsewhere = parameters_of(passes, passes.kinds.weights())
        kinds = {spec.path: spec.kind for spec in trace.modules}
        operators, uncovered = passes.counted.sum_by_operator()
        layers = list_layers(passes, owned)
        for path, sums in elsewhere.items():
            layers.append(self._describe_idle(path, kinds, sums))
        uncalled, lists = self._list_uncalled(kinds)
        return Costs(
            layers=tuple(layers),
            totals=self._totals(layers),
            modules=kinds,
            operators=operators,
            uncovered=uncovered,
            uncalled=uncalled,
            lists=lists,
            warnings=self._warnings(),
            peak=self.peak,
        )

    def _describe_idle(self, path: str, kinds: Mapping[str, str], sums: Owned) -> Layer:
        """Return the row of a module that never ran: it has no costs apart from its parameters."""
        trained = dict.fromkeys(("backward_macs", "saved_bytes"), 0 if self.passes.trains else None)
        costs = dict.fromkeys(SUMS, 0) | trained | asdict(sums)
        kind = kinds.get(path, "Module")
        return Layer(name=path, call=None, kind=kind, module=path, inputs=(), outputs=(), role="other", **costs)

    def _list_uncalled(self, kinds: Mapping[str, str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Return the modules that were never called.

        First the leaves whose parameters no operator read, then the other modules, if a module inside them was called.
        """
        trace, called = self.trace, {call.path for call in self.trace.calls}
        if called.issuperset(kinds):  # usually
            return (), ()
        idle = [spec for spec in trace.modules if spec.path not in called]
        leaves = [spec.path for spec in idle if spec.leaf]
        if leaves:
            read = {tensor.module for tensor in trace.params if tensor.storage in self.passes.read}
            leaves = [path for path in leaves if path not in read]
        outer = [spec.path for spec in idle if not spec.leaf]
        lists = [path for path in outer if any(each.startswith(f"{path}.") for each in called)]
        return tuple(leaves), tuple(lists)

    def _warnings(self) -> tuple[str, ...]:
        causal = len([op for op in self.trace.forward if op.args.get("is_causal")])
        if not causal:
            return ()
        return (f"attention with a causal mask is counted dense (calls: {causal})",)

    def _totals(self, layers: Sequence[Layer]) -> Totals:
        trace, trains = self.trace, self.passes.trains
        depth, field = 0, None
        for spec in trace.returns:
            for source in spec.sources:
                if source >= 0:
                    depth = max(depth, self.passes.flow.depths[source])
                    field = field or self.passes.fields.get(source)
        return Totals(
            **add_up(layers),
            gradient_bytes=memory.bytes_of_kind(trace, "gradient") if trains else None,
            optimizer_state_bytes=memory.bytes_of_kind(trace, "state") if trains else None,
            peak_inference_bytes=None if trains else self.peak.nbytes,
            peak_training_bytes=self.peak.nbytes if trains else None,
            peak_allocated_bytes=self.peak_allocated_bytes,
            depth=depth,
            receptive_field=describe_field(field)[0],
            layers=len(layers),
        )
