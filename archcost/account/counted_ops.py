"""The work of each operator of a walk, by its rule."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archcost import units
from archcost.errors import RuleError
from archcost.records import OperatorCosts
from archcost.rules import Work, find
from archcost.rules.work import Contracts, Sight, Slides, Unknown

if TYPE_CHECKING:
    from collections.abc import Mapping

    from archcost.records import OpCall, Trace
    from archcost.rules import Rule

UNCOUNTED: tuple[Work, Sight] = Work(layers=0), Unknown()  # of an operator without a rule
MULTIPLIES = (Contracts, Slides)  # a window may be a pool's


class CountedOps:
    """The rule, the work and the sight of each operator; `products` are the numbers of those that are products."""

    def __init__(self, trace: Trace, more_rules: Mapping[str, Rule]) -> None:
        self.rules: list[Rule | None] = []
        self.works: list[Work] = []
        self.sights: list[Sight] = []
        self.products: set[int] = set()
        # the rule of an operator, the sight if it is the same for all calls, and their number, macs and other_ops
        self._by_name: dict[str, tuple[Rule | None, Sight | None, list[int]]] = {}
        rules, works, sights, by_name = self.rules, self.works, self.sights, self._by_name
        for op in trace.ops:
            name = op.op
            if name not in by_name:
                rule = find(name, more_rules)
                by_name[name] = rule, rule.sees if rule and isinstance(rule.sees, Sight) else None, [0, 0, 0]
            rule, sight, sums = by_name[name]
            if rule is None:
                work, sight = UNCOUNTED
            else:
                try:
                    work = rule.count(op)
                except Exception as error:
                    raise RuleError(_explain(rule, op, error)) from error
                if not isinstance(work, Work):
                    raise RuleError(f"the rule {rule.origin} for {name} must return archcost.Work, not {work!r}")
                sight = sight or rule.sees(op)  # type: ignore[operator] # else it is a function
            rules.append(rule)
            works.append(work)
            sights.append(sight)
            macs = work.macs
            sums[0] += 1
            sums[1] += macs
            sums[2] += work.other_ops
            if macs or (isinstance(sight, MULTIPLIES) and (isinstance(sight, Contracts) or "weight" in op.args)):
                self.products.add(op.index)

    def sum_by_operator(self) -> tuple[dict[str, OperatorCosts], dict[str, int]]:
        """Add up the work of the calls of each operator, and count the calls of each that has no rule."""
        costs: dict[str, OperatorCosts] = {}
        uncovered: dict[str, int] = {}
        for name, (rule, _, (calls, macs, other_ops)) in sorted(self._by_name.items()):
            why = None if rule is None else rule.why
            costs[name] = OperatorCosts(calls=calls, macs=macs, other_ops=other_ops, covered=rule is not None, why=why)
            if rule is None:
                uncovered[name] = calls
        return costs, uncovered


def _explain(rule: Rule, op: OpCall, error: Exception) -> str:
    shapes = ", ".join(units.shape(spec.shape) for spec in op.inputs)
    return f"the rule {rule.origin} failed on {op.op} with inputs {shapes}: {error!r}"
