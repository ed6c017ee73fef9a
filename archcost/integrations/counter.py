"""The multiply-adds of training steps, counted once for each shape of batch while the step runs."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from archcost.profiling.formulas import find_registered_formulas
from archcost.rules import find
from archcost.walk.recorder import Recorder
from archcost.walk.tensors import find_tensors

if TYPE_CHECKING:
    from collections.abc import Hashable


class StepCounter:
    """Count the multiply-adds of a training step: forward pass, backward pass and optimizer.

    A step has one part or, if gradients accumulate, several. The operators of the first part of each shape are recorded
    as they run, so that frozen layers and a router's choices are counted correctly; later parts of that shape cost no
    time. Recording leaves the operators' results unchanged, bit for bit. `uncovered` holds the operators without a
    rule.
    """

    def __init__(self) -> None:
        self.uncovered: set[str] = set()
        self._known: dict[Hashable, int] = {}
        self._recorder: Recorder | None = None
        self._recording = ExitStack()
        self._shape: Hashable = None
        self._macs = 0
        self._recorded = False

    def start_step(self) -> None:
        """Begin a step; drop an unfinished one."""
        self.abandon()
        self._macs, self._recorded = 0, False

    def start_part(self, batch: Any) -> None:
        """Begin the forward and backward pass of a batch."""
        self._end_part()
        self._shape = describe_shape(batch)
        if self._shape in self._known:
            self._macs += self._known[self._shape]
            return
        self._recorder, self._recorded = self._recording.enter_context(Recorder()), True

    def end_step(self) -> tuple[int, bool]:
        """End a step; return its multiply-adds, and whether any were recorded, which takes time."""
        self._end_part()
        return self._macs, self._recorded

    def abandon(self) -> None:
        """Stop recording, even if the step failed."""
        self._recording.close()
        self._recorder = None

    def _end_part(self) -> None:
        recorder = self._recorder
        if recorder is None:
            return
        self.abandon()
        self._known[self._shape] = self._add_up(recorder)
        self._macs += self._known[self._shape]

    def _add_up(self, recorder: Recorder) -> int:
        formulas, macs = find_registered_formulas(recorder.ops), 0
        for op in recorder.ops:
            rule = find(op.op, formulas)
            if rule is None:
                self.uncovered.add(op.op)
            else:
                macs += rule.count(op).macs
        return macs


def describe_shape(batch: Any) -> Hashable:
    """Return the shapes and dtypes of a batch's tensors: batches that share them cost the same."""
    return tuple((tuple(tensor.shape), str(tensor.dtype)) for tensor in find_tensors(batch))


def count_items(batch: Any) -> dict[str, int]:
    """Return a batch's number of tokens or of images: a matrix of integers holds tokens, including padding."""
    found = batch["input_ids"] if hasattr(batch, "keys") and "input_ids" in batch else None
    tensors = find_tensors(batch if found is None else found)
    if not tensors or not tensors[0].dim():
        return {}
    first = tensors[0]
    is_text = first.dim() == 2 and not first.is_floating_point() and not first.is_complex()  # noqa: PLR2004 - axes
    return {"tokens": first.numel()} if is_text else {"images": first.shape[0]}
