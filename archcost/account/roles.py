"""What a row is, by the operators that ran in it: the first of `ORDER` that one of them is.

So a layer that convolves is a convolution, whatever it does to its weight before and to its result after. An operator
is what its rule says, but one that divides data by a statistic of it (`archcost.account.values`) normalises. A row is
attention, too, where a softmax stands between two products; and what torch's recurrent modules run is recurrent,
however torch takes it apart. A row that ran nothing is "other".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, get_args

from archcost.records import Role

if TYPE_CHECKING:
    from collections.abc import Sequence, Set as AbstractSet

    from archcost.account.rows import Row
    from archcost.records import OpCall
    from archcost.rules import Rule

ORDER: tuple[Role, ...] = get_args(Role)


def role_of(row: Row, rules: Sequence[Rule | None], normalising: AbstractSet[int], products: Sequence[bool]) -> Role:
    """Return what a row is."""
    if row.recurrent:
        return "recurrent"
    if len(row.ops) == 1:  # nearly always
        return _role(row.ops[0], rules[row.ops[0].index], normalising)
    if _attends(row.ops, products):
        return "attention"
    roles = {_role(op, rules[op.index], normalising) for op in row.ops}
    return next((role for role in ORDER if role in roles), "other")


def _role(op: OpCall, rule: Rule | None, normalising: AbstractSet[int]) -> Role:
    if op.index in normalising:
        return "normalisation"
    return "other" if rule is None else rule.role


def _attends(ops: Sequence[OpCall], products: Sequence[bool]) -> bool:
    at = [i for i, op in enumerate(ops) if products[op.index]]
    return len(at) > 1 and any("softmax" in op.op for op in ops[at[0] : at[-1]])
