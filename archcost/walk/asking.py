"""Operators that torch, or a network, runs on the meta device only for a shape: a real run does no such work.

Forward-mode derivatives (`jvp`) do so if a tangent is known to be all zeros: for a sum, torch runs only the meta
kernel. That kernel is written in primitives, and receives the zeros as one expanded number.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from archcost.walk.tensors import find_tensors

if TYPE_CHECKING:
    from collections.abc import Sequence

    from archcost.records import OpCall
    from archcost.walk.storages import Storages


def runs_on_meta(args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
    """Whether an operator runs on the meta device."""
    device = kwargs.get("device")
    if device is not None:
        return torch.device(device).type == "meta"
    return any(tensor.is_meta for tensor in find_tensors(args))


def reads_zeros(args: tuple[Any, ...], storages: Storages, ops: Sequence[OpCall]) -> bool:
    """Whether an operand of a primitive is known to be all zeros, or comes from such a primitive."""
    for tensor in find_tensors(args):
        storage = storages.find(tensor, "constant")
        if not storage.nbytes:
            return True
        if storage.born >= 0 and ops[storage.born].op == "aten.zeros" and not any(tensor.stride()):
            return True
    return False


def ask_for_shape(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any], storages: Storages) -> Any:
    """Run a primitive on the meta device, and record its result as a storage of 0 bytes."""
    result = func(*args, **kwargs)
    for tensor in find_tensors(result):
        storages.find(tensor, "constant").nbytes = 0
    return result
