"""What autograd keeps: every tensor that the forward pass saves for the backward one."""

from __future__ import annotations

import functools
import sys
import weakref
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import torch
from torch.autograd.graph import saved_tensors_hooks
from torch.utils import checkpoint

from archcost.records import SavedSpec
from archcost.walk.recorder import newest_node
from archcost.walk.storages import dtype_name

if TYPE_CHECKING:
    from archcost.walk.recorder import Recorder

# Before 2.13 torch saves what a checkpoint is given by a node of its own, and an empty tensor with it; later releases
# do so without, under the node that came before
SAVER: Any = getattr(checkpoint, "_NoopSaveInputs", None)


class _Kept:
    """A saved tensor, for as long as its node of the graph wants it."""

    __slots__ = ("__weakref__", "tensor")

    def __init__(self, tensor: torch.Tensor) -> None:
        self.tensor = tensor


class SavedTensors(saved_tensors_hooks):
    """While it is active, note which storages autograd saves, and for which operator.

    What a forward saves within hooks of its own, as checkpointing does, is not saved on the device: torch asks the
    innermost hooks alone, here as in a real run.
    """

    def __init__(self, recorder: Recorder) -> None:
        found: list[tuple[weakref.ref[_Kept], int, int]] = []
        # not a method: torch's class keeps the hook, which would keep this object and all that it knows
        super().__init__(functools.partial(_pack, recorder, found), _unpack)
        self._recorder, self._found = recorder, found

    def kept(self) -> tuple[SavedSpec, ...]:
        """Return what is still kept now, each storage once, for the operator that saved it first."""
        specs: dict[int, SavedSpec] = {}
        for reference, node, upcoming in self._found:
            kept = reference()
            if kept is None:  # the graph that it belonged to is gone already
                continue
            storage = self._recorder.number(kept.tensor, "constant")
            operator = self._recorder.operator_of(node)
            # a node without an operator of its own (an autograd.Function that computes nothing) saves for the next one
            place = min(upcoming, len(self._recorder.ops) - 1) if operator is None else operator
            first = specs.get(storage)
            if first is None:
                shape, dtype = tuple(kept.tensor.shape), dtype_name(kept.tensor.dtype)
                specs[storage] = SavedSpec(op=place, storage=storage, shape=shape, dtype=dtype)
            elif place not in {first.op, *first.others}:
                specs[storage] = replace(first, others=(*first.others, place))
        return tuple(specs.values())


def _pack(recorder: Recorder, found: list[tuple[weakref.ref[_Kept], int, int]], tensor: torch.Tensor) -> _Kept:
    # The tensor itself may hang on the very node that saves it, which then never dies. torch saves a result without its
    # history, too.
    with torch._C._DisableTorchDispatch():
        kept = _Kept(tensor.detach())
    of_checkpoint = SAVER is not None and sys._getframe(1).f_locals.get("cls") is SAVER
    if not of_checkpoint:
        found.append((weakref.ref(kept), newest_node(), len(recorder.ops)))
    elif tensor.numel():  # without the empty tensor that comes first
        found.append((weakref.ref(kept), newest_node() - 1, len(recorder.ops)))
    return kept


def _unpack(kept: Any) -> torch.Tensor:
    tensor: torch.Tensor = kept.tensor
    return tensor
