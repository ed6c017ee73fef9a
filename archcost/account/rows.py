"""The row that each operator belongs to.

A row is one call of a leaf module, or one operator that a module with children called directly. Operators that only
return views have no row of their own. The network's inputs are rows too, so that the memory of all rows adds up.
"""

from __future__ import annotations

from dataclasses import dataclass
from operator import attrgetter
from typing import TYPE_CHECKING

from archcost.records import INPUT

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from archcost.records import OpCall, TensorSpec, Trace
    from archcost.rules import Rule

ATTENTION = "scaled_dot_product_attention"


@dataclass(slots=True)
class Row:
    """A row under construction, with the operators that belong to it."""

    name: str
    kind: str
    module: str
    order: int
    inputs: tuple[tuple[int, ...], ...]
    outputs: tuple[TensorSpec, ...]
    ops: list[OpCall]
    recurrent: bool = False
    is_input: bool = False


def rows_of(trace: Trace, rules: Sequence[Rule | None]) -> tuple[list[Row], Mapping[int, int]]:
    """Return the rows in the order of execution, and the row number of each source that has a row.

    These are the network's inputs and operators of the forward pass.
    """
    rows = [
        Row("input", "Input", "", order=i - len(trace.inputs), inputs=(), outputs=(spec,), ops=[], is_input=True)
        for i, spec in enumerate(trace.inputs)
    ]
    row_of = {INPUT - i: i for i in range(len(rows))}
    specs = {spec.path: spec for spec in trace.modules}
    by_call: dict[int, list[OpCall]] = {}
    for call in trace.calls:
        path = call.path
        spec = specs[path]
        if spec.leaf:
            ops: list[OpCall] = []
            by_call[call.index] = ops
            # by position, which is quicker than by name
            rows.append(Row(path, spec.kind, path, call.order, call.inputs, call.outputs, ops, spec.recurrent))
    for index, op in enumerate(trace.forward):
        module = op.module
        if module in by_call:
            by_call[module].append(op)
        elif _has_row(op, rules[index], trace):
            rows.append(_row_of_operator(op, trace))
    rows.sort(key=attrgetter("order"))
    for place, row in enumerate(rows):
        for op in row.ops:
            row_of[op.index] = place
    return rows, row_of


def _has_row(op: OpCall, rule: Rule | None, trace: Trace) -> bool:
    """Whether an operator computes, allocates or writes anything; a view does not."""
    if rule is None or rule.why is None or op.written:
        return True
    return any(trace.storages[output.storage].born == op.index for output in op.outputs)


def _row_of_operator(op: OpCall, trace: Trace) -> Row:
    path = trace.calls[op.module].path if op.module >= 0 else ""
    operator = op.op.partition(".")[2].strip("_")
    if operator.startswith("scaled_dot_product"):  # one name for the kernels of every device
        operator = ATTENTION
    name = f"{path}.{operator}" if path else operator
    inputs = tuple([spec.shape for spec in op.inputs])
    return Row(name, operator, path, op.order, inputs, op.outputs, [op])
