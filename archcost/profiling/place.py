"""The device of a walk, and the functions that put a network on it."""

from __future__ import annotations

from contextlib import nullcontext, suppress
from typing import TYPE_CHECKING

import torch

from archcost.choices import COUNTING
from archcost.clock.devices import find_accelerator
from archcost.clock.kinds import KINDS
from archcost.errors import ArchcostError, ArgumentError, BuildError, WalkError, first_line
from archcost.walk import Parts, Restoration, Unfilled, meta_copy
from archcost.walk.autocast import accept_meta
from archcost.walk.copies import deep_copy, normal_copy
from archcost.walk.meta import MetaDevice
from archcost.walk.modes import set_mode
from archcost.walk.tensors import FAKE, is_fake, name_device

if TYPE_CHECKING:
    from archcost.profiling.feed import Given
    from archcost.records import WalkPlan
    from archcost.sources import Network
    from archcost.walk import Values


def choose_device(device: str, network: Network) -> str:
    """Return the requested device.

    With "auto", a network that archcost builds runs on the GPU, if there is one; every other network runs on meta.

    Raises:
        ArgumentError: the device does not exist, or this machine lacks it.
    """
    if device == "auto":
        return (find_accelerator() if network.given is None else None) or "meta"
    if device == COUNTING:
        return "meta"
    try:
        asked = torch.device(device)
    except RuntimeError:
        raise ArgumentError(f"there is no device {device!r}; use auto, meta, {', '.join(reversed(KINDS))}") from None
    kind = KINDS.get(asked.type)
    if kind is not None and (asked.index or 0) >= kind.count:
        here = f"{kind.count} {kind.title}s" if kind.count else f"no {kind.title}"
        raise ArgumentError(f"--device {device}: torch finds {here} here; use auto, meta or cpu")
    return device


def build_on_meta(network: Network, values: Values | None = None) -> Parts:
    """Return a network on the meta device: built there, or a copy of the given one; record values in `values`."""
    if network.given is not None:
        parts = Parts(network.given, lazy=True)
        return parts if parts.on_meta else Parts(meta_copy(parts, values), lazy=True)
    try:
        with Unfilled("meta"):
            parts = Parts(network.build(), lazy=True)
        # false for an instance that existed before, or a constructor that names its own device
        there = all(named.tensor.is_meta for named in parts.parameters)
        return parts if there else Parts(meta_copy(parts, values), lazy=True)
    except Exception as error:  # a constructor may raise anything if its tensors hold no values
        if isinstance(error, ArchcostError) and not isinstance(error, BuildError | WalkError):
            raise
    with Unfilled():
        return Parts(meta_copy(Parts(network.build(), lazy=True), values), lazy=True)


def build_on_device(network: Network, device: str) -> Parts:
    """Return a network on a real device; a given one stays on its device, in its own memory.

    Raises:
        ArgumentError: its tensors are fake.
    """
    with torch.device(device) if network.given is None else nullcontext():
        parts = Parts(network.build() if network.given is None else network.given, lazy=True)
    if parts.is_fake:
        raise ArgumentError(f"the network {FAKE}")
    with suppress(Exception):  # a lazy tensor cannot be asked, an attribute may refuse to be copied: it runs as it is
        if network.given is not None and parts.of_inference:
            return Parts(normal_copy(parts), lazy=True)
    return parts


def has_no_values(network: Network) -> bool:
    """Whether a given network has meta or fake parameters, so that it runs on the meta device only."""
    return network.given is not None and any(each.is_meta or is_fake(each) for each in network.given.parameters())


def home_of(parts: Parts, device: str) -> str:
    """Return the device of a network's weights, which its inputs must share."""
    return name_device(parts.parameters[0].tensor) if parts.parameters else device


def materialise(parts: Parts, network: Network, given: Given, asked: WalkPlan) -> Parts:
    """Return a network (or a copy of a given one) after a first forward has set the shapes of its lazy modules."""
    module = deep_copy(parts) if parts.network is network.given else parts.network
    if asked.walked_mode != "as-is":
        set_mode(module, training=False)
    restoration = Restoration()
    try:
        with restoration, restoration, torch.no_grad(), MetaDevice() if parts.on_meta else nullcontext():
            if parts.on_meta:
                accept_meta(restoration)
            module(*given[0], **given[1])
    except Exception as error:
        raise WalkError(
            f"{parts.lazy} has no shape yet (a lazy module), and the forward that would set it failed: "
            f"{type(error).__name__}: {first_line(error)}"
        ) from error
    return Parts(module)
