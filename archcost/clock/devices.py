"""Find devices by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from archcost.clock.kinds import KINDS, kind_of
from archcost.errors import ArgumentError, NoDeviceError

if TYPE_CHECKING:
    from archcost.clock.protocol import Clock

NAMES = f"auto, {', '.join(reversed(KINDS))}"


def device_of(name: str) -> torch.device:
    """Return the device with a name; "auto" is the GPU if there is one.

    Raises:
        ArgumentError: the name is unknown, or names a device that runs nothing, such as "meta".
        NoDeviceError: this machine lacks the device.
    """
    if name == "auto":
        name = find_accelerator() or "cpu"
    try:
        device = torch.device(name)
    except RuntimeError:
        raise ArgumentError(f"there is no device {name!r}; use {NAMES}") from None
    if device.type not in KINDS:
        raise ArgumentError(f"nothing can be timed on {name}; use {NAMES}")
    kind = kind_of(device)
    if not kind.count:
        raise NoDeviceError(f"--device {name}: torch finds no {kind.title} here; use --device cpu")
    index: int | None = device.index
    if index is None:
        return device if kind.current is None else torch.device(device.type, kind.current)
    if index >= kind.count:
        raise NoDeviceError(f"--device {name}: there is {device.type}:0 to {device.type}:{kind.count - 1}")
    return device


def find_accelerator() -> str | None:
    """Return the kind of accelerator on this machine, if torch finds one."""
    return next((name for name, kind in KINDS.items() if kind.by_default and name != "cpu" and kind.count), None)


def clock_of(device: torch.device) -> Clock:
    """Return the clock of a device."""
    return kind_of(device).clock(device)
