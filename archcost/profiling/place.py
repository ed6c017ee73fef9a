"""Where a network is walked: on which device, and how it gets there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archcost.errors import ArgumentError, BuildError

if TYPE_CHECKING:
    from torch import nn

    from archcost.sources import Network
    from archcost.walk import Parts, Values


def choose_device(device: str, network: Network) -> str:
    """Return the device that was asked for.

    Where that is "auto", a network that archcost builds runs on the GPU, if there is one, and all else on meta.

    Raises:
        ArgumentError: a device that does not exist, or that is not here.
    """
    import torch

    if device == "auto":
        return "cuda" if network.given is None and torch.cuda.is_available() else "meta"
    try:
        kind = torch.device(device).type
    except RuntimeError:
        raise ArgumentError(f"there is no device {device!r}; use auto, meta, cpu or cuda") from None
    if kind == "cuda" and not torch.cuda.is_available():
        raise ArgumentError("--device cuda: torch finds no CUDA device here; use auto, meta or cpu")
    return device


def build_on_meta(network: Network, values: Values | None = None) -> Parts:
    """Return a network on the meta device: built there, or a copy of the one given, whose `values` are learnt."""
    from archcost.walk import Parts, Unfilled, meta_copy

    if network.given is not None:
        parts = Parts(network.given)
        return parts if parts.on_meta else Parts(meta_copy(parts, values))
    try:
        with Unfilled("meta"):
            parts = Parts(network.build())
        # an instance that was there before, or a constructor that names its own device
        there = all(named.tensor.is_meta for named in parts.parameters)
        return parts if there else Parts(meta_copy(parts, values))
    except Exception as error:
        cause = error.__cause__ if isinstance(error, BuildError) else error
        if cause is None or not needs_values(cause):
            raise
    with Unfilled():
        return Parts(meta_copy(Parts(network.build()), values))


def build_on_device(network: Network, device: str) -> nn.Module:
    """Return a network on a real device; one that was given stays where it is."""
    import torch

    if network.given is not None:
        return network.given
    with torch.device(device):
        return network.build()


def home_of(parts: Parts, device: str) -> str:
    """Return the device on which inputs have to be: with the network's weights."""
    return str(parts.parameters[0].tensor.device) if parts.parameters else device


def needs_values(error: BaseException) -> bool:
    """Whether an error came from a tensor without data, rather than from a mistake that any device would show."""
    text = str(error).lower()
    signs = ("meta", "item()", "data-dependent", "same device", "no data", "no fake impl", "not on the expected device")
    return isinstance(error, NotImplementedError) or any(sign in text for sign in signs)
