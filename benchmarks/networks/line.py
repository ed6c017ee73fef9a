"""A line of the table: where a network comes from, and how it is made and called."""

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
    """A network, and what it is called with."""

    network: nn.Module
    args: tuple[Any, ...] = ()
    kwargs: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """One network of a library.

    Attributes:
        library: what pip installs.
        kind: what it is: an encoder, a decoder, a detector, ...
        name: its class, or the name that the library's function takes.
        make: returns it and what it is called with; nothing is downloaded.
        trained: it is also trained for one step.
    """

    library: str
    kind: str
    name: str
    make: Callable[[], Call]
    trained: bool = False

    def call(self) -> Call:
        """Return the network in eval mode, with the same weights each time."""
        import_library("torchvision")  # which most of them import, beside a torch for the CPU too
        torch.manual_seed(0)
        call = self.make()
        nn.Module.train(call.network, mode=False)
        return call


def ids(*shape: int, below: int = 90) -> torch.Tensor:
    """Return numbers of words, the same each time."""
    return torch.arange(3, 3 + torch.Size(shape).numel()).remainder(below).view(shape)


def mask(batch: int = 2, length: int = 12) -> torch.Tensor:
    """Return a tokenizer's mask: the first sequence is full, each that follows lacks two words more."""
    return (torch.arange(length) < length - 2 * torch.arange(batch)[:, None]).long()


def image(size: int = 64, channels: int = 3, batch: int = 1) -> torch.Tensor:
    """Return a picture, the same each time."""
    return torch.linspace(-1, 1, batch * channels * size * size).view(batch, channels, size, size)


def sound(*shape: int) -> torch.Tensor:
    """Return a wave, the same each time."""
    return torch.linspace(0, 99, torch.Size(shape).numel()).sin().view(shape)
