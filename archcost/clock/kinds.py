"""The kinds of devices: one record for each; no other code tests for a kind by its name."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch

from archcost.clock.cuda import CudaClock
from archcost.clock.events import EventClock
from archcost.clock.wall import WallClock

if TYPE_CHECKING:
    from collections.abc import Callable

    from archcost.clock.protocol import Clock

CPU_DTYPES = ("float32", "bfloat16", "float16", "float64")


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A kind of device.

    `title` is its name in messages. `clock` creates the clock of a device. `copies` (bytes moved) and `products` (sides
    of square matrices) are the sizes with which its roof is measured. `torch_module` has its events and counters; the
    CPU has none. `has_nvml`: NVIDIA's driver knows it; `has_graphs`: its work can be captured. `dtypes` are its data
    types, float32 first; some devices lack some of them (`regime.check_dtype`). `by_default`: "auto" may choose it.
    """

    title: str
    clock: Callable[[torch.device], Clock]
    copies: tuple[int, ...]
    products: tuple[int, ...]
    dtypes: tuple[str, ...] = CPU_DTYPES
    torch_module: Any = None
    has_nvml: bool = False
    has_graphs: bool = False
    by_default: bool = False

    @property
    def count(self) -> int:
        """The number of such devices on this machine, by torch."""
        if self.torch_module is None:
            return 1
        return int(self.torch_module.device_count()) if self.torch_module.is_available() else 0

    @property
    def current(self) -> int | None:
        """The number of torch's current device of this kind; None if the kind has no numbers."""
        found = getattr(self.torch_module, "current_device", None)
        return None if found is None else int(found())

    def name(self, device: torch.device) -> str | None:
        """Return the maker's name of a device; None if torch does not know it."""
        found = getattr(self.torch_module, "get_device_name", None)
        return None if found is None else str(found(device))

    def using(self, device: torch.device) -> AbstractContextManager[Any]:
        """Return a context in which a device is torch's current device, for events and new streams."""
        context = getattr(self.torch_module, "device", None)
        return nullcontext() if context is None or device.index is None else context(device)

    def give_back(self) -> None:
        """Let torch's allocator return its unused memory to the device."""
        started = getattr(self.torch_module, "is_initialized", lambda: self.count > 0)
        if self.torch_module is not None and started():
            self.torch_module.empty_cache()


def _powers(first: int, last: int) -> tuple[int, ...]:
    return tuple(2**power for power in range(first, last + 1))


KINDS = {
    "cuda": Kind(
        title="CUDA device",  # also ROCm's devices
        clock=CudaClock,
        copies=_powers(20, 31),
        products=_powers(10, 14),
        dtypes=("float32", "tf32", "bfloat16", "float16", "float64"),
        torch_module=torch.cuda,
        has_nvml=torch.version.hip is None,
        has_graphs=True,
        by_default=True,
    ),
    "mps": Kind(
        title="MPS device",
        clock=lambda device: EventClock(device, "MPS events", torch.mps),
        copies=_powers(20, 30),
        products=_powers(10, 13),
        dtypes=("float32", "bfloat16", "float16"),
        torch_module=torch.mps,
    ),
    "xpu": Kind(
        title="XPU device",
        clock=lambda device: EventClock(device, "XPU events", torch.xpu),
        copies=_powers(20, 30),
        products=_powers(10, 13),
        torch_module=torch.xpu,
    ),
    "cpu": Kind(
        title="CPU",
        clock=lambda _: WallClock(),
        copies=_powers(16, 28),
        products=_powers(8, 11),
        by_default=True,
    ),
}


def kind_of(device: torch.device) -> Kind:
    """Return the record of a device's kind; for an unknown kind, only the host's time is available."""
    return KINDS.get(device.type, KINDS["cpu"])
