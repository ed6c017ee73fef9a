"""The work of each operator of a walk, by its rule."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archcost import units
from archcost.errors import RuleError
from archcost.records import OperatorCosts
from archcost.rules import Work, find
from archcost.rules.work import Contracts, Slides, Unknown

if TYPE_CHECKING:
    from collections.abc import Mapping

    from archcost.records import OpCall, Trace
    from archcost.rules import Rule, Sight

UNCOUNTED: tuple[Work, Sight] = Work(layers=0), Unknown()  # of an operator without a rule


class CountedOps:
    """The rule, the work and the sight of each operator, and which operators are products."""

    def __init__(self, trace: Trace, more_rules: Mapping[str, Rule]) -> None:
        self._trace = trace
        found: dict[str, Rule | None] = {}
        self._found = found
        self.rules: list[Rule | None] = []
        self.works: list[Work] = []
        self.sights: list[Sight] = []
        self.products: list[bool] = []
        for op in trace.ops:
            if op.op not in found:
                found[op.op] = find(op.op, more_rules)
            rule = found[op.op]
            self.rules.append(rule)
            if rule is None:
                work, sight = UNCOUNTED
            else:
                work = _count(op, rule)
                sight = rule.sees(op) if callable(rule.sees) else rule.sees
            self.works.append(work)
            self.sights.append(sight)
            self.products.append(
                bool(work.macs) or isinstance(sight, Contracts) or (isinstance(sight, Slides) and "weight" in op.args)
            )

    def sum_by_operator(self) -> tuple[dict[str, OperatorCosts], dict[str, int]]:
        """Add up the work of the calls of each operator, and count the calls of each that has no rule."""
        sums = {name: [0, 0, 0] for name in sorted(self._found)}
        for op, work in zip(self._trace.ops, self.works, strict=True):
            found = sums[op.op]
            found[0] += 1
            found[1] += work.macs
            found[2] += work.other_ops
        costs: dict[str, OperatorCosts] = {}
        uncovered: dict[str, int] = {}
        for name, (calls, macs, other_ops) in sums.items():
            rule = self._found[name]
            why = None if rule is None else rule.why
            costs[name] = OperatorCosts(calls=calls, macs=macs, other_ops=other_ops, covered=rule is not None, why=why)
            if rule is None:
                uncovered[name] = calls
        return costs, uncovered


def _count(op: OpCall, rule: Rule) -> Work:
    try:
        work = rule.count(op)
    except Exception as error:
        shapes = ", ".join(units.shape(spec.shape) for spec in op.inputs)
        raise RuleError(f"the rule {rule.origin} failed on {op.op} with inputs {shapes}: {error!r}") from error
    if not isinstance(work, Work):
        raise RuleError(f"the rule {rule.origin} for {op.op} must return archcost.Work, not {work!r}")
    return work
