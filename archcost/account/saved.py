"""Every tensor that autograd keeps from the forward pass, with the source lines that computed and saved it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archcost.account.memory import KEPT_ANYWAY, row_at
from archcost.records import Saved

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from archcost.account.rows import Row
    from archcost.records import SavedSpec, Trace


def list_saved(trace: Trace, rows: Sequence[Row], row_of: Mapping[int, int]) -> tuple[Saved, ...]:
    """Return the tensors that autograd keeps, the largest first, without parameters and buffers.

    Their bytes add up to `saved_bytes`: a storage is listed once, under the operator that saved it first.
    """
    found = [
        _describe(trace, spec, rows, row_of)
        for spec in trace.saved
        if trace.storages[spec.storage].kind not in KEPT_ANYWAY
    ]
    return tuple(sorted(found, key=lambda saved: -saved.nbytes))


def _describe(trace: Trace, spec: SavedSpec, rows: Sequence[Row], row_of: Mapping[int, int]) -> Saved:
    storage = trace.storages[spec.storage]
    row = row_at(trace, spec.op, row_of) or 0
    made = storage.born >= 0
    return Saved(
        row=row,
        layer=rows[row].name,
        operator=_name(trace, spec.op),
        also=tuple(dict.fromkeys(_name(trace, op) for op in spec.others)),
        line=_line(trace, spec.op),
        maker=_name(trace, storage.born) if made else storage.kind,
        made_at=_line(trace, storage.born) if made else "",
        shape=spec.shape,
        dtype=spec.dtype,
        nbytes=storage.nbytes,
    )


def _name(trace: Trace, index: int) -> str:
    return trace.ops[index].op.partition(".")[2]


def _line(trace: Trace, index: int) -> str:
    return trace.lines[index] if index < len(trace.lines) else ""
