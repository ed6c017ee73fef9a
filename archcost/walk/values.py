"""Real values beside meta: small tensors that derive from inputs and constants have a twin on the CPU.

A forward asks about few of its tensors: whether a mask hides anything, where a sequence ends, how large a grid is. What
such tensors derive from is small as well, so their operators run twice, on meta and on the CPU (see `answers`), and a
question is answered exactly. What derives from a weight, from a large input or from chance has no twin.

Twins are kept by storage, not by tensor, so that views and writes in place need no care: a tensor's twin lies at the
same place of the storage on the CPU.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

if TYPE_CHECKING:
    from collections.abc import Iterable

    from archcost.walk.storages import Storages

FEW = 16  # floating-point numbers of a tensor that may have one: strides of a detector, positions in time
SMALL = 1 << 16  # elements of a tensor that may have a twin
LARGEST = 8  # bytes of an element
WORK = 1 << 24  # elements that operators may compute for twins in a walk
CALL = 256  # elements that an operator counts as at least


class Values:
    """The twins of a walk on the meta device.

    Whoever brings tensors there (arguments, buffers) lets it `learn` what they hold; once it is told by `attach` which
    storages a recorder knows, it finds the `twin` of any tensor.
    """

    def __init__(self) -> None:
        self.real: dict[int, torch.UntypedStorage] = {}  # by the number of the storage on meta
        self._given: dict[int, torch.UntypedStorage] = {}  # by the address of the storage on meta
        self._held: list[torch.Tensor] = []  # so that no other storage takes such an address
        self._work = WORK

    def start_again(self) -> Values:
        """Return the values for another walk, which knows what was learnt and nothing of what this walk has found."""
        other = Values()
        other._given, other._held = dict(self._given), list(self._held)
        return other

    def learn(self, tensor: torch.Tensor, real: torch.Tensor) -> None:
        """Note what a tensor on the meta device holds, where that is small: integers, booleans, or few numbers."""
        if tensor.is_meta and not real.is_meta and is_small(tensor):
            whole, there = real.untyped_storage(), tensor.untyped_storage()
            if tensor.numel() * tensor.element_size() < there.nbytes() == whole.nbytes() <= SMALL * LARGEST:
                twin = whole.cpu().clone()  # type: ignore[no-untyped-call] # others are views of it
            else:
                empty = torch.empty_strided(tensor.size(), tensor.stride(), dtype=tensor.dtype, device="cpu")
                twin = empty.copy_(real).untyped_storage()
            if _holds_all(twin, tensor):
                self._given[there._cdata] = twin
                self._held.append(tensor)

    def attach(self, storages: Storages) -> None:
        """Use the numbers of a recorder's storages from now on."""
        self._storages = storages
        storages.recognise(self._given, self.real)

    def twin(self, tensor: torch.Tensor) -> torch.Tensor | None:
        """Return a tensor with the values of another; None where they are not known."""
        if not tensor.is_meta:
            return tensor
        if tensor.layout != torch.strided:
            return None
        real = self.real.get(self._storages.find(tensor, "constant").number)
        if real is None or tensor.is_conj() or tensor.is_neg():
            return None
        empty = torch.empty(0, dtype=tensor.dtype, device="cpu")
        return empty.set_(real, tensor.storage_offset(), tensor.size(), tensor.stride())

    def read(self, tensor: torch.Tensor) -> torch.Tensor | None:
        """Return a twin for the forward itself, which asked for a tensor on the CPU: to the account they are one."""
        twin = self.twin(tensor)
        if twin is not None:
            self._storages.alias(twin, tensor)
            twin.on_meta = tensor  # type: ignore[attr-defined] # which lives as long
        return twin

    def note(self, tensor: torch.Tensor, real: torch.Tensor) -> None:
        """Note what a tensor holds that the forward has just made of numbers."""
        self._storages.find(tensor, "constant")
        self.pair(tensor, real)

    def know(self, tensor: torch.Tensor) -> None:
        """Note that a tensor is on the CPU, and its own twin; the walk sees when it dies."""
        self.real[self._storages.find(tensor, "constant").number] = torch.UntypedStorage(0)  # type: ignore[no-untyped-call]

    def pair(self, tensor: torch.Tensor, real: torch.Tensor) -> None:
        """Note the twin of what has just been made; that of a view, or of what was written in place, is there."""
        if not tensor.is_meta:
            return
        number = self._storages.find(tensor, "fresh").number
        known = self.real.get(number)
        storage = real.untyped_storage()
        if known is not None:
            if known._cdata != storage._cdata:
                self.forget((number,))
            return
        if (tensor.shape, tensor.dtype, tensor.layout) != (
            real.shape,
            real.dtype,
            real.layout,
        ) or tensor.numel() > SMALL:
            return
        if tensor.stride() != real.stride() or tensor.storage_offset() != real.storage_offset():
            like = torch.empty_strided(tensor.size(), tensor.stride(), dtype=tensor.dtype, device="cpu")
            storage = like.copy_(real).untyped_storage()
        if _holds_all(storage, tensor):
            self.real[number] = storage

    def forget(self, storages: Iterable[int]) -> None:
        """Drop the twins of storages: what they hold is no longer known."""
        for number in storages:
            self.real.pop(number, None)

    def forget_all(self, tensors: Iterable[torch.Tensor]) -> None:
        """Drop the twins of tensors."""
        if self.real:
            self.forget([self._storages.find(tensor, "constant").number for tensor in tensors])

    def may_compute(self, tensors: Iterable[torch.Tensor]) -> bool:
        """Whether tensors are few enough and small enough to have twins; they count as work from now on."""
        sizes = [tensor.numel() for tensor in tensors]
        self._work -= CALL + sum(sizes)
        return self._work >= 0 and max(sizes, default=0) <= SMALL


def is_small(tensor: torch.Tensor) -> bool:
    """Whether the values of a tensor that a network is given, or has, are kept."""
    if tensor.layout != torch.strided or tensor.is_nested or tensor.numel() > SMALL:
        return False
    return tensor.numel() <= FEW or not (tensor.is_floating_point() or tensor.is_complex())


def _holds_all(storage: torch.UntypedStorage, tensor: torch.Tensor) -> bool:
    """Whether a storage has a place for each of a tensor's, so that all views of one are views of the other."""
    nbytes: Any = tensor.untyped_storage().nbytes()
    return tensor.storage_offset() == 0 and storage.nbytes() == int(nbytes)
