"""Memory from the lifetimes of storages: the bytes that autograd saves, and the peak of all live storages.

A storage is alive from the operator that allocates it to the last operator before it dies, as Python's and autograd's
references decide in a real run. Parameters, buffers, the optimizer's state, the labels and the inputs (which the caller
holds) are alive throughout: the step is one of many, so an earlier step has allocated the state. The gradients of the
previous step are gone (`zero_grad` sets them to None); the outputs and the loss live to the end of the step. Not
counted: memory that a kernel allocates and frees within one operator.
"""

from __future__ import annotations

from collections import defaultdict
from itertools import accumulate
from typing import TYPE_CHECKING

from archcost.records import LIVE, Instant, Peak

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from archcost.account.rows import Row
    from archcost.records import StorageSpec, Trace

MADE = {"fresh", "gradient"}  # by the walk; all other kinds are alive throughout
KEPT_ANYWAY = {"parameter", "buffer"}  # the network holds them, whether autograd saves them or not
CUDA_BLOCK = 512  # bytes; torch's CUDA allocator rounds up to multiples (c10/cuda/CUDACachingAllocator, kMinBlockSize)
COPY, CAST = "aten._to_copy", "parameters, cast"
HELD = {
    "parameter": "parameters",
    "buffer": "buffers",
    "input": "inputs",
    "constant": "inputs",
    "label": "inputs",
    "state": "optimizer state",
    "gradient": "gradients",
}


class Live:
    """The live bytes of storages during each of so many operators, including their results.

    `exact` are the bytes; for `rounded`, every storage is rounded up to a multiple of `granularity`. `throughout` are
    the bytes of storages that are alive throughout, by kind.
    """

    def __init__(self, storages: Sequence[StorageSpec], operators: int, granularity: int = CUDA_BLOCK) -> None:
        exact, rounded = [0] * (operators + 1), [0] * (operators + 1)
        throughout: defaultdict[str, list[int]] = defaultdict(list)
        for storage in storages:
            kind, nbytes = storage.kind, storage.nbytes
            if kind in MADE:
                rest, born, died = nbytes % granularity, storage.born, storage.died
                more = nbytes - rest + granularity if rest else nbytes
                exact[born] += nbytes
                rounded[born] += more
                if died is not None:
                    exact[died] -= nbytes
                    rounded[died] -= more
            else:
                throughout[kind].append(nbytes)
        self.throughout = {kind: sum(sizes) for kind, sizes in throughout.items()}
        exact[0] += sum(self.throughout.values())
        for sizes in throughout.values():
            rounded[0] += granularity * sum([-(-nbytes // granularity) for nbytes in sizes])
        end = max(operators, 1)
        self.exact, self.rounded = list(accumulate(exact))[:end], list(accumulate(rounded))[:end]


def live_bytes(trace: Trace) -> list[int]:
    """Return the live bytes during each operator of a walk, including its results."""
    return Live(trace.storages, len(trace.ops)).exact


def list_live_parts(trace: Trace) -> list[tuple[int, ...]]:
    """Return the live bytes during each operator, split into the parts of `LIVE`, in its order."""
    cast = cast_parameters(trace)
    names = [LIVE[0] if number in cast else _name_part(each, trace) for number, each in enumerate(trace.storages)]
    owned = [[each for each, name in zip(trace.storages, names, strict=True) if name == part] for part in LIVE]
    return list(zip(*(Live(each, len(trace.ops)).exact for each in owned), strict=True))


def _name_part(storage: StorageSpec, trace: Trace) -> str:
    """Return the part of `LIVE` that counts a storage; buffers count as parameters, inputs as activations."""
    held = "parameters" if storage.kind == "buffer" else HELD.get(storage.kind)
    if held in LIVE:
        return str(held)
    made_later = storage.kind in MADE and trace.ops[storage.born].phase != "forward"
    return "scratch" if made_later else "activations"


def peak(trace: Trace, rows: Sequence[Row], row_of: Mapping[int, int], live: Live | None = None) -> Peak:
    """Return the first moment with the most live bytes, and the kinds of these bytes; `live` may be known."""
    live = live or Live(trace.storages, len(trace.ops))
    most = max(live.exact)
    index = live.exact.index(most)
    others = {}
    for spec in trace.saved:
        others[spec.storage] = "saved for backward"
    for number in cast_parameters(trace):
        others[number] = CAST
    parts = dict.fromkeys([*HELD.values(), CAST, "saved for backward"], 0)
    for kind, nbytes in live.throughout.items():
        if kind in HELD:  # all but a tensor that an operator failed to lift
            parts[HELD[kind]] += nbytes
    if trace.training is not None:
        gradients = [each for each in trace.storages if each.kind == "gradient" and _is_alive(each, index)]
        parts[HELD["gradient"]] = sum([each.nbytes for each in gradients])
    for number, part in others.items():
        storage = trace.storages[number]
        if storage.kind == "fresh" and _is_alive(storage, index):
            parts[part] += storage.nbytes
    parts["other activations"] = most - sum(parts.values())
    parts = {name: nbytes for name, nbytes in parts.items() if nbytes}
    if not trace.ops:
        return Peak(nbytes=most, phase="forward", operator="", row=None, layer="", live=parts)
    op = trace.ops[index]
    row = row_at(trace, index, row_of)
    name = "" if row is None else rows[row].name
    return Peak(nbytes=most, phase=op.phase, operator=op.op, row=row, layer=name, live=parts)


def _is_alive(storage: StorageSpec, index: int) -> bool:
    """Whether a storage that the walk has made is alive during an operator."""
    return storage.born <= index and (storage.died is None or index < storage.died)


def timeline(trace: Trace, rows: Sequence[Row], row_of: Mapping[int, int]) -> tuple[Instant, ...]:
    """Return the live bytes during each operator, and the row that it belongs to."""
    instants = []
    row: int | None = None
    phase = ""
    for op, nbytes, parts in zip(trace.ops, live_bytes(trace), list_live_parts(trace), strict=False):
        if op.phase != phase:
            row, phase = None, op.phase
        own = None if phase in {"loss", "step"} else row_of.get(op.index if op.forward_of is None else op.forward_of)
        row = row if own is None else own
        layer = "" if row is None else rows[row].name
        instants.append(
            Instant(operator=op.index, op=op.op, phase=phase, row=row, layer=layer, live_bytes=nbytes, parts=parts)
        )
    return tuple(instants)


def cast_parameters(trace: Trace) -> set[int]:
    """Return the storages of parameters that mixed precision has cast."""
    made: dict[int, int] = {}
    for op in [op for op in trace.ops if op.op == COPY]:
        if trace.storages[op.inputs[0].storage].kind == "parameter":
            made.update({spec.storage: op.index for spec in op.outputs})
    return {number for number, index in made.items() if trace.storages[number].born == index}


def sum_saved_bytes(trace: Trace, row_of: Mapping[int, int]) -> dict[int, int]:
    """Return the bytes that autograd keeps from the forward pass, by the row that saved them; a storage counts once.

    Not counted: parameters and buffers, which the network holds anyway. The input counts if autograd keeps it.
    """
    by_row: dict[int, int] = {}
    for spec in trace.saved:
        storage = trace.storages[spec.storage]
        if storage.kind not in KEPT_ANYWAY:
            row = row_at(trace, spec.op, row_of) or 0
            by_row[row] = by_row.get(row, 0) + storage.nbytes
    return by_row


def bytes_of_kind(trace: Trace, kind: str) -> int:
    """Return the bytes of all storages of one kind, such as "gradient"."""
    return sum([storage.nbytes for storage in trace.storages if storage.kind == kind])


def row_at(trace: Trace, index: int, row_of: Mapping[int, int]) -> int | None:
    """Return the row of an operator; without a row of its own, the last row before it in the same phase."""
    phase = trace.ops[index].phase
    for place in range(index, -1, -1):
        op = trace.ops[place]
        if op.phase != phase or phase in {"loss", "step"}:
            return None
        row = row_of.get(op.index if phase == "forward" or op.forward_of is None else op.forward_of)
        if row is not None:
            return row
    return None
