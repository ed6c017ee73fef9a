"""The tensors that the forward pass saves for the backward pass."""

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

# Before 2.13 torch saves a checkpoint's inputs in a separate node, together with an empty tensor; later releases save
# them under the preceding node, without the empty tensor
SAVER: Any = getattr(checkpoint, "_NoopSaveInputs", None)


class _Kept:
    """A saved tensor that lives as long as its node of the graph holds it."""

    __slots__ = ("__weakref__", "tensor")

    def __init__(self, tensor: torch.Tensor) -> None:
        self.tensor = tensor


class SavedTensors(saved_tensors_hooks):
    """A context that records the storages that autograd saves, and the operator that saves each.

    A tensor that a forward saves within its own hooks, as in checkpointing, is not saved on the device: torch calls
    only the innermost hooks, here as in a real run.
    """

    def __init__(self, recorder: Recorder) -> None:
        found: list[tuple[weakref.ref[_Kept], int, int]] = []
        # not a method: torch's class holds the hook, and a method would keep this object alive
        super().__init__(functools.partial(_pack, recorder, found), _unpack)
        self._recorder, self._found = recorder, found

    def kept(self) -> tuple[SavedSpec, ...]:
        """Return the tensors that are still saved, each storage once, for the operator that saved it first."""
        specs: dict[int, SavedSpec] = {}
        for reference, node, upcoming in self._found:
            kept = reference()
            if kept is None:  # its graph is gone already
                continue
            storage = self._recorder.number(kept.tensor, "constant")
            operator = self._recorder.operator_of(node)
            # a node without an operator (an autograd.Function that computes nothing) saves for the next operator
            place = min(upcoming, len(self._recorder.ops) - 1) if operator is None else operator
            first = specs.get(storage)
            if first is None:
                shape, dtype = tuple(kept.tensor.shape), dtype_name(kept.tensor.dtype)
                specs[storage] = SavedSpec(op=place, storage=storage, shape=shape, dtype=dtype)
            elif place not in {first.op, *first.others}:
                specs[storage] = replace(first, others=(*first.others, place))
        return tuple(specs.values())


def _pack(recorder: Recorder, found: list[tuple[weakref.ref[_Kept], int, int]], tensor: torch.Tensor) -> _Kept:
    # The tensor itself may reference the node that saves it, and this cycle would never be freed. torch also saves a
    # result without its history.
    with torch._C._DisableTorchDispatch():
        kept = _Kept(tensor.detach())
    of_checkpoint = SAVER is not None and sys._getframe(1).f_locals.get("cls") is SAVER
    if not of_checkpoint:
        found.append((weakref.ref(kept), newest_node(), len(recorder.ops)))
    elif tensor.numel():  # skips the empty tensor that comes first
        found.append((weakref.ref(kept), newest_node() - 1, len(recorder.ops)))
    return kept


def _unpack(kept: Any) -> torch.Tensor:
    tensor: torch.Tensor = kept.tensor
    return tensor
