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

ORDER: tuple[Role, ...] = get_args(Role)


def role_of(row: Row, roles: Sequence[Role], products: AbstractSet[int]) -> Role:
    """Return the role of a row from those of all operators; `products` are the operators that multiply and add."""
    if row.recurrent:
        return "recurrent"
    if _attends(row.ops, products):
        return "attention"
    return min([roles[op.index] for op in row.ops], key=ORDER.index, default="other")


def _attends(ops: Sequence[OpCall], products: AbstractSet[int]) -> bool:
    at = [i for i, op in enumerate(ops) if op.index in products]
    return len(at) > 1 and any("softmax" in op.op for op in ops[at[0] : at[-1]])
