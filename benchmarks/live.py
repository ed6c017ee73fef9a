"""Memory of a real run: the live storages after each operator, and the tensors that autograd gives to torch's hooks."""

from __future__ import annotations

import gc
import weakref
from functools import partial
from typing import TYPE_CHECKING, Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


class Storages(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Sums the live storages of a real run after every operator, each in whole blocks."""

    def __init__(self, *tensors: torch.Tensor, block: int = 1) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.guards: dict[int, weakref.ref[torch.UntypedStorage]] = {}
        self.live, self.peak, self.block = 0, 0, block
        self.meet(tensors)

    def meet(self, tensors: Iterable[torch.Tensor]) -> None:
        """Count the storages that are new."""
        for tensor in tensors:
            storage = tensor.untyped_storage()
            if storage._cdata not in self.guards:
                nbytes = -(-storage.nbytes() // self.block) * self.block
                self.live += nbytes
                self.guards[storage._cdata] = weakref.ref(storage, partial(self.lose, storage._cdata, nbytes))
        self.peak = max(self.peak, self.live)

    def lose(self, key: int, nbytes: int, _: object) -> None:
        """Forget a storage that has died."""
        self.live -= nbytes
        del self.guards[key]

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Run one operator, and meet its results."""
        result = func(*args, **(kwargs or {}))
        several = result if isinstance(result, (tuple, list)) else (result,)
        self.meet([tensor for tensor in several if isinstance(tensor, torch.Tensor)])
        return result


class Saved:
    """Replaces a saved tensor: holds its storage as long as the autograd graph lives."""

    def __init__(self, tensor: torch.Tensor) -> None:
        # not the tensor: it refers to the graph node that would keep it, a cycle that is never freed
        self.storage = tensor.untyped_storage()


def _refuse(_: object) -> torch.Tensor:
    raise RuntimeError("what is counted here cannot be run backward")


def count_saved_bytes(forward: Callable[[], object], own: Iterable[torch.Tensor]) -> int:
    """Return the bytes of the distinct saved storages at the end of a forward, without the network's own."""
    known = {tensor.untyped_storage()._cdata for tensor in own}
    kept: weakref.WeakSet[Saved] = weakref.WeakSet()

    def keep(tensor: torch.Tensor) -> Saved:
        saved = Saved(tensor)
        kept.add(saved)
        return saved

    with torch.autograd.graph.saved_tensors_hooks(keep, _refuse):
        outputs = forward()
    gc.collect()  # graphs that cannot be run backward
    storages = {saved.storage._cdata: saved.storage.nbytes() for saved in kept}
    del outputs
    return sum(nbytes for key, nbytes in storages.items() if key not in known)
