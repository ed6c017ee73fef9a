"""A line of the table: the origin of a network, and how it is built and called."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from archcost.sources.libraries import import_library

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


@dataclass(frozen=True, slots=True)
class Call:
    """A network and its arguments."""

    network: nn.Module
    args: tuple[Any, ...] = ()
    kwargs: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """One network of a library.

    Attributes:
        library: the package that pip installs.
        kind: an encoder, a decoder, a detector, ...
        name: the network's class, or its name in the library's function.
        make: returns the network and its arguments; downloads nothing.
        trained: whether the network also trains for one step.
    """

    library: str
    kind: str
    name: str
    make: Callable[[], Call]
    trained: bool = False

    def call(self) -> Call:
        """Return the network in eval mode, with the same weights each time."""
        import_library("torchvision")  # most libraries import torchvision, even beside a torch for the CPU
        torch.manual_seed(0)
        call = self.make()
        nn.Module.train(call.network, mode=False)
        return call


def ids(*shape: int, below: int = 90) -> torch.Tensor:
    """Return token ids, the same each time."""
    return torch.arange(3, 3 + torch.Size(shape).numel()).remainder(below).view(shape)


def mask(batch: int = 2, length: int = 12) -> torch.Tensor:
    """Return a tokenizer's mask: the first sequence is full, each later one is two tokens shorter."""
    return (torch.arange(length) < length - 2 * torch.arange(batch)[:, None]).long()


def image(size: int = 64, channels: int = 3, batch: int = 1) -> torch.Tensor:
    """Return an image, the same each time."""
    return torch.linspace(-1, 1, batch * channels * size * size).view(batch, channels, size, size)


def sound(*shape: int) -> torch.Tensor:
    """Return a waveform, the same each time."""
    return torch.linspace(0, 99, torch.Size(shape).numel()).sin().view(shape)
