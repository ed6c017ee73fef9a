"""The row that each operator belongs to.

A row is one call of a leaf module, or one operator that a module with children called directly. Operators that only
return views have no row of their own. The network's inputs are rows too, so that the memory of all rows adds up.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from operator import attrgetter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from archcost.records import OpCall, TensorSpec, Trace
    from archcost.rules import Rule

ATTENTION = "scaled_dot_product_attention"


@dataclass(slots=True)
class Row:
    """A row under construction; `call` counts the rows of the same name."""

    name: str
    kind: str
    module: str
    order: int
    inputs: tuple[tuple[int, ...], ...]
    outputs: tuple[TensorSpec, ...]
    recurrent: bool = False
    is_input: bool = False
    call: int = 0
    ops: list[OpCall] = field(default_factory=list)


def rows_of(trace: Trace, rules: Sequence[Rule | None]) -> tuple[list[Row], Mapping[int, int]]:
    """Return the rows in the order of execution, and the row number of each forward operator that has a row."""
    specs = {spec.path: spec for spec in trace.modules}
    rows = [
        Row("input", "Input", "", order=i - len(trace.inputs), inputs=(), outputs=(spec,), is_input=True)
        for i, spec in enumerate(trace.inputs)
    ]
    by_call: dict[int, Row] = {}
    row: Row | None
    for call in trace.calls:
        spec = specs[call.path]
        if spec.leaf:
            # by position, which is quicker than by name
            row = Row(call.path, spec.kind, call.path, call.order, call.inputs, call.outputs, spec.recurrent)
            by_call[call.index] = row
            rows.append(row)
    for op, rule in zip(trace.ops, rules, strict=True):
        if op.phase != "forward":
            continue
        row = by_call.get(op.module)
        if row is None and _has_row(op, rule, trace):
            row = _row_of_operator(op, trace)
            rows.append(row)
        if row is not None:
            row.ops.append(op)
    rows.sort(key=attrgetter("order"))
    row_of: dict[int, int] = {}
    calls: dict[str, int] = {}
    for place, row in enumerate(rows):
        row.call = calls.get(row.name, 0)
        calls[row.name] = row.call + 1
        for op in row.ops:
            row_of[op.index] = place
    return rows, row_of


def _has_row(op: OpCall, rule: Rule | None, trace: Trace) -> bool:
    """Whether an operator computes, allocates or writes anything; a view does not."""
    allocates = any(trace.storages[output.storage].born == op.index for output in op.outputs)
    return rule is None or rule.why is None or allocates or bool(op.written)


def _row_of_operator(op: OpCall, trace: Trace) -> Row:
    path = trace.calls[op.module].path if op.module >= 0 else ""
    operator = op.op.partition(".")[2].strip("_")
    if operator.startswith("scaled_dot_product"):  # one name for the kernels of every device
        operator = ATTENTION
    name = f"{path}.{operator}" if path else operator
    return Row(name, operator, path, op.order, tuple([spec.shape for spec in op.inputs]), op.outputs)
