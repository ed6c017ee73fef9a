"""The role of a row: the first role of `ORDER` that one of its operators has.

So a layer that convolves is a convolution, whatever it does to its weight before and to its result after. The rule of
an operator names its role, but an operator that divides data by its own statistic (`archcost.account.values`) is a
normalisation. A row with a softmax between two products is attention, too. Rows of torch's recurrent modules are
recurrent, however torch decomposes them. A row without operators is "other".
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
    """Return the role of a row."""
    if row.recurrent:
        return "recurrent"
    if len(row.ops) == 1:  # almost every row
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
