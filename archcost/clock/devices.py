"""Which device is timed, with which clock."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from archcost.clock.cuda import CudaClock
from archcost.clock.wall import WallClock
from archcost.errors import ArgumentError, NoDeviceError

if TYPE_CHECKING:
    from archcost.clock.protocol import Clock


def device_of(name: str) -> torch.device:
    """Return the device that a name stands for; "auto" is the GPU where there is one.

    Raises:
        ArgumentError: a name that is none, or "meta", on which nothing runs.
        NoDeviceError: a device that is not here.
    """
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        device = torch.device(name)
    except RuntimeError:
        raise ArgumentError(f"there is no device {name!r}; use auto, cpu or cuda") from None
    if device.type not in {"cpu", "cuda"}:
        raise ArgumentError(f"nothing can be timed on {name}; use auto, cpu or cuda")
    if device.type == "cuda":
        count = torch.cuda.device_count() if torch.cuda.is_available() else 0
        if not count:
            raise NoDeviceError("--device cuda: torch finds no CUDA device here; time it with --device cpu")
        if device.index is not None and device.index >= count:
            raise NoDeviceError(f"--device {name}: there is cuda:0 to cuda:{count - 1}")
        return torch.device("cuda", torch.cuda.current_device() if device.index is None else device.index)
    return device


def clock_of(device: torch.device) -> Clock:
    """Return the clock of a device."""
    return CudaClock(device) if device.type == "cuda" else WallClock()
