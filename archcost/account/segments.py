"""The memory that recomputing a module would save in training, and the additional work.

Checkpointing keeps a module's inputs, but nothing that its forward saves; when its backward begins, it runs the forward
again. So a segment of the forward pass (the operators of one call of a module) hides the storages that are allocated
and saved in it and not saved by a later operator. It adds its inputs that no operator from its start on saves.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from archcost.account.memory import KEPT_ANYWAY, MADE, live_bytes

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from archcost.records import SavedSpec, Trace


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """The forward operators `start` to `end` (exclusive) of the only call of the module at a path.

    Recomputation frees `hidden` bytes between its forward and its backward, for `work` more operations. `peak` is the
    most live bytes during its recomputation and its backward, including everything saved before it.
    """

    path: str
    start: int
    end: int
    hidden: int
    work: int
    peak: int


class Use(NamedTuple):
    """A storage that autograd keeps: the operators that allocate it, save it last, and save or read it last."""

    nbytes: int
    born: int
    saved: int
    last: int


def _use(trace: Trace, spec: SavedSpec, read: Mapping[int, int]) -> Use:
    storage, savers = trace.storages[spec.storage], (spec.op, *spec.others)
    return Use(storage.nbytes, storage.born, max(savers), max(*savers, read.get(spec.storage, 0)))


def _find_stops(trace: Trace) -> dict[int, int]:
    """Return the operator at which torch's recomputation may stop, for each operator that saves a tensor.

    It stops once all saved tensors exist: before an operator that saves its inputs, after one that saves its results.
    """
    stops: dict[int, int] = {}
    for spec in trace.saved:
        for op in (spec.op, *spec.others):
            computes = trace.storages[spec.storage].born == op or spec.storage in trace.ops[op].written
            stops[op] = max(stops.get(op, 0), op + computes)
    return stops


class Lives:
    """The live bytes at each operator of a walk's forward pass, and where its backward pass returns to the operator."""

    def __init__(self, trace: Trace, work: Sequence[int]) -> None:
        self.trace, self.work = trace, work
        self.live = live_bytes(trace)
        self.forward = sum(op.phase == "forward" for op in trace.ops)
        self.made = {number for number, storage in enumerate(trace.storages) if storage.kind in MADE}
        read = {spec.storage: op.index for op in trace.ops[: self.forward] for spec in op.inputs}
        read |= {spec.storage: self.forward for spec in trace.returns}
        self.uses = [_use(trace, spec, read) for spec in trace.saved if spec.storage in self.made]
        self.stops = _find_stops(trace)
        self.making: Counter[int] = Counter()  # bytes, by the operator that allocates them
        for number in self.made:
            self.making[trace.storages[number].born] += trace.storages[number].nbytes
        self.saved = {spec.storage: max((spec.op, *spec.others)) for spec in trace.saved}
        self.back, self.behind, self.step = self._backward()
        self.peaks = list(map(max, self.live[: self.forward], self.behind))

    def find_live_before(self, op: int) -> int:
        """Return the live bytes when an operator begins."""
        return self.live[op] - self.making[op]

    def _backward(self) -> tuple[dict[int, int], list[int], int]:
        """Return each forward operator's first backward operator and backward peak, and the optimizer step's peak."""
        back: dict[int, int] = {}
        behind, step, place = [0] * self.forward, 0, self.forward - 1
        for op in self.trace.ops[self.forward :]:
            nbytes = self.live[op.index]
            if op.phase == "step":
                step = max(step, nbytes)
                continue
            if op.forward_of is not None and op.forward_of < self.forward:
                place = op.forward_of
                back.setdefault(place, op.index)
            behind[place] = max(behind[place], nbytes)
        return back, behind, step


def list_segments(lives: Lives) -> list[Segment]:
    """Return the segments whose recomputation saves memory: modules that are called once, but not the whole network.

    Consecutive layers of a Sequential are segments, too.
    """
    spans = _find_spans(lives.trace, lives.forward)
    modules = [(path, *span) for path, span in spans.items() if path]
    found = [_measure(lives, *each) for each in (*modules, *_yield_runs(lives.trace, spans))]
    return [segment for segment in found if segment is not None]


def _find_spans(trace: Trace, forward: int) -> dict[str, tuple[int, int]]:
    """Return the operators of each module that is called once and whose argument tensors all differ.

    Recomputation passes other objects to a module, so attention could no longer detect self-attention.
    """
    times = Counter(call.path for call in trace.calls for _ in range(1 + call.repeats))
    first: dict[int, int] = {}
    last: dict[int, int] = {}
    calls = {call.index: call for call in trace.calls}
    for op in trace.ops[:forward]:
        index = op.module
        while index >= 0:
            first.setdefault(index, op.index)
            last[index] = op.index
            index = calls[index].parent
    return {calls[i].path: (start, last[i] + 1) for i, start in first.items() if times[calls[i].path] == 1}


def _yield_runs(trace: Trace, spans: Mapping[str, tuple[int, int]]) -> Iterator[tuple[str, int, int]]:
    """Yield every run of consecutive layers of each Sequential: two or more layers, but not all."""
    for spec in trace.modules:
        found = [spans.get(child) for child in spec.children]
        if spec.path not in spans:
            continue
        for i, start in enumerate(found):
            for j, end in enumerate(found[i + 1 :], start=i + 2):
                if start is not None and end is not None and j - i < len(found):
                    yield f"{spec.path}[{i}:{j}]", start[0], end[1]


def _measure(lives: Lives, path: str, start: int, end: int) -> Segment | None:
    """Return the segment of a module; None if recomputation saves nothing or is impossible."""
    trace = lives.trace
    ops = trace.ops[start:end]
    given = {spec.storage for op in ops for spec in op.inputs if trace.storages[spec.storage].born < start}
    changed = {storage for op in ops for storage in op.written if storage in given}
    if any(trace.storages[storage].kind not in KEPT_ANYWAY for storage in changed):
        return None  # the module has overwritten its input, so it cannot be recomputed
    inside = [use for use in lives.uses if start <= use.born and use.saved < end and use.last < lives.forward]
    hidden = sum(use.nbytes for use in inside)
    savers = [op for op in range(start, end) if op in lives.stops]
    stop = max((lives.stops[op] for op in savers), default=start)
    # its inputs stay alive for the recomputation; they cost nothing if it or a later operator saves them anyway
    kept = sum(trace.storages[each].nbytes for each in given & lives.made if lives.saved.get(each, -1) < start)
    if hidden <= kept:
        return None
    read = max(end, *(use.last + 1 for use in inside))  # storages that later operators read live until then
    backward = max(_find_peak_again(lives, savers, range(start, stop), hidden), *lives.behind[start:end])
    return Segment(
        path=path,
        start=start,
        end=end,
        hidden=hidden - kept,
        work=sum(lives.work[start:stop]),
        peak=max(backward + kept, *lives.live[start:read]),
    )


def _find_peak_again(lives: Lives, savers: Sequence[int], again: range, hidden: int) -> int:
    """Return the most live bytes during the recomputation of operators, before their backward begins."""
    begin = min((lives.back[op] for op in savers if op in lives.back), default=None)
    if begin is None or not again:
        return 0
    rise = max(lives.live[op] for op in again) - lives.find_live_before(again.start)
    return lives.find_live_before(begin) - hidden + rise
