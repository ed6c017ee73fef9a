"""The multiply-adds and the peak memory of training steps, recorded while a step runs."""

from __future__ import annotations

from contextlib import ExitStack
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from archcost.account.memory import CUDA_BLOCK, Live
from archcost.profiling.formulas import find_registered_formulas
from archcost.rules import find
from archcost.walk.recorder import Recorder
from archcost.walk.tensors import find_tensors

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

    import torch
    from torch import nn

    from archcost.records import OpCall

SETTLED = 2  # steps: the first one creates the optimizer's state, so only the second needs as much memory as the rest


class StepCounter:
    """Count the multiply-adds of a training step (forward pass, backward pass and optimizer) and its live bytes.

    A step has one part or, if gradients accumulate, several. The operators of the first two steps are recorded as they
    run, and later those from the first part of a new shape to the end of its step, so that frozen layers and a router's
    choices are counted correctly; other steps cost no time. Recording leaves the operators' results unchanged, bit for
    bit. `uncovered` holds the operators without a rule, `peak_bytes` the most live bytes of a recorded step.
    """

    def __init__(self) -> None:
        self.uncovered: set[str] = set()
        self.peak_bytes = 0
        self._network: nn.Module | None = None
        self._on_host, self._block = True, 1
        self._known: dict[Hashable, int] = {}
        self._recorder: Recorder | None = None
        self._recording = ExitStack()
        self._parts: list[tuple[Hashable, int | None]] = []  # shapes, and the first operators of recorded parts
        self._steps = 0

    def watch(self, network: nn.Module, device: torch.device) -> None:
        """Count the live bytes of a device, with those of a network's tensors that no operator uses."""
        self._network, self._on_host = network, device.type == "cpu"
        self._block = CUDA_BLOCK if device.type == "cuda" else 1

    def start_step(self) -> None:
        """Begin a step; drop an unfinished one."""
        self.abandon()
        self._parts.clear()
        self._steps += 1

    def start_part(self, batch: Any) -> None:
        """Begin the forward and backward pass of a batch."""
        shape = describe_shape(batch)
        if self._recorder is None and (self._steps <= SETTLED or shape not in self._known):
            self._recorder = Recorder(restorable=False)
            self._introduce(self._recorder, batch)
            self._recording.enter_context(self._recorder)
        self._parts.append((shape, None if self._recorder is None else len(self._recorder.ops)))

    def end_step(self) -> tuple[int, bool]:
        """End a step; return its multiply-adds, and whether any were recorded, which takes time."""
        recorder = self._recorder
        self.abandon()
        if recorder is not None:
            self._learn(recorder)
        return sum(self._known.get(shape, 0) for shape, _ in self._parts), recorder is not None

    def abandon(self) -> None:
        """Stop recording, even if the step failed."""
        self._recording.close()
        self._recorder = None

    def _introduce(self, recorder: Recorder, batch: Any) -> None:
        """Number what is alive before the step; gradients may die in the step, before any operator reads them."""
        parameters = [] if self._network is None else list(self._network.parameters())
        buffers = [] if self._network is None else list(self._network.buffers())
        for tensor in (*parameters, *buffers, *find_tensors(batch)):
            recorder.number(tensor, "constant")
        for parameter in parameters:
            if parameter.grad is not None:
                recorder.number(parameter.grad, "gradient")

    def _learn(self, recorder: Recorder) -> None:
        """Keep the multiply-adds of the recorded parts by shape, and the peak of the live bytes."""
        recorded = [(shape, start) for shape, start in self._parts if start is not None]
        bounds = [start for _, start in recorded] + [len(recorder.ops)]
        for (shape, _), (start, end) in zip(recorded, pairwise(bounds), strict=True):
            self._known[shape] = self._add_up(recorder.ops[start:end])
        storages = [storage for storage in recorder.storages.specs if storage.host == self._on_host]
        self.peak_bytes = max(self.peak_bytes, *Live(storages, len(recorder.ops), self._block).rounded)

    def _add_up(self, ops: Sequence[OpCall]) -> int:
        formulas, macs = find_registered_formulas(ops), 0
        for op in ops:
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
