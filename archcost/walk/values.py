"""Known values on the meta device: small tensors that derive from inputs and constants have a twin on the CPU.

A forward reads the values of few tensors: whether a mask hides anything, where a sequence ends, how large a grid is.
The sources of such tensors are small as well, so their operators run twice, on the meta device and on the CPU (see
`answers`), and the values read are exact. Tensors that derive from a weight, a large input or random numbers have no
twin.

Twins are kept by storage, not by tensor, so that views and in-place writes just work: a tensor's twin is at the same
place of the storage on the CPU.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from archcost.walk.tensors import is_fake

if TYPE_CHECKING:
    from collections.abc import Iterable

    from archcost.walk.storages import Storages

FEW = 16  # most floating-point numbers of a given tensor with a twin: a detector's strides, timesteps
SMALL = 1 << 16  # most elements of a tensor with a twin
LARGEST = 8  # most bytes of an element
WORK = 1 << 24  # most elements that operators compute for twins in a walk
CALL = 256  # additional elements that count for each operator


class Values:
    """The twins of a walk on the meta device.

    Code that moves tensors to the meta device (arguments, buffers) calls `learn` with their values. After `attach` has
    connected a recorder's storages, `twin` returns the twin of any tensor.
    """

    def __init__(self) -> None:
        self.real: dict[int, torch.UntypedStorage] = {}  # by the number of the storage on meta
        self._given: dict[int, torch.UntypedStorage] = {}  # by the address of the storage on meta
        self._held: list[torch.Tensor] = []  # so that their storages' addresses are not reused
        self._work = WORK

    def start_again(self) -> Values:
        """Return fresh values for another walk: with the learnt tensors, but without the twins of this walk."""
        other = Values()
        other._given, other._held = dict(self._given), list(self._held)
        return other

    def learn(self, tensor: torch.Tensor, real: torch.Tensor) -> None:
        """Record the values of a tensor on the meta device if it is small: integers, booleans, or few numbers."""
        if tensor.is_meta and not (real.is_meta or is_fake(real)) and is_small(tensor):
            whole, there = real.untyped_storage(), tensor.untyped_storage()
            if tensor.numel() * tensor.element_size() < there.nbytes() == whole.nbytes() <= SMALL * LARGEST:
                twin = whole.cpu().clone()  # type: ignore[no-untyped-call] # other tensors are views of it
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
        """Return a CPU tensor with the values of a meta tensor; None if they are unknown."""
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
        """Return a twin to the forward, which requested a CPU tensor; the account treats both as one storage."""
        twin = self.twin(tensor)
        if twin is not None:
            self._storages.alias(twin, tensor)
            twin.on_meta = tensor  # type: ignore[attr-defined] # the twin keeps it alive
        return twin

    def note(self, tensor: torch.Tensor, real: torch.Tensor) -> None:
        """Record the values of a tensor that the forward has just created from numbers."""
        self._storages.find(tensor, "constant")
        self.pair(tensor, real)

    def know(self, tensor: torch.Tensor) -> None:
        """Record a tensor on the CPU as its own twin; the walk still records its death."""
        self.real[self._storages.find(tensor, "constant").number] = torch.UntypedStorage(0)  # type: ignore[no-untyped-call]

    def pair(self, tensor: torch.Tensor, real: torch.Tensor) -> None:
        """Record the twin of an operator's result; views and in-place results share a recorded twin."""
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
        """Drop the twins of storages, whose values are no longer known."""
        for number in storages:
            self.real.pop(number, None)

    def forget_all(self, tensors: Iterable[torch.Tensor]) -> None:
        """Drop the twins of tensors that an operator returns or writes into."""
        if self.real:
            self.forget([self._storages.find(tensor, "fresh").number for tensor in tensors])

    def may_compute(self, tensors: Iterable[torch.Tensor]) -> bool:
        """Whether tensors are small enough for twins, and the walk's budget of work allows them; charges the budget."""
        sizes = [tensor.numel() for tensor in tensors]
        if max(sizes, default=0) > SMALL:
            return False
        self._work -= CALL + sum(sizes)
        return self._work >= 0


def is_small(tensor: torch.Tensor) -> bool:
    """Whether an input or attribute of a network is small enough to keep its values."""
    if tensor.layout != torch.strided or tensor.is_nested or tensor.numel() > SMALL:
        return False
    return tensor.numel() <= FEW or not (tensor.is_floating_point() or tensor.is_complex())


def _holds_all(storage: torch.UntypedStorage, tensor: torch.Tensor) -> bool:
    """Whether a twin's storage is as large as the tensor's, so that every view of one is valid in the other."""
    nbytes: Any = tensor.untyped_storage().nbytes()
    return tensor.storage_offset() == 0 and storage.nbytes() == int(nbytes)
