"""The driver's readings of a GPU, through NVML if its Python binding (nvidia-ml-py) is installed.

Not run on a GPU yet.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import torch

from archcost.clock.kinds import kind_of
from archcost.records import DeviceState

if TYPE_CHECKING:
    from collections.abc import Callable

# the bits of nvmlDeviceGetCurrentClocksEventReasons
REASONS = {
    0x001: "idle",
    0x002: "application clocks",
    0x004: "power cap",
    0x008: "hardware slowdown",
    0x010: "sync boost",
    0x020: "heat",
    0x040: "heat (hardware)",
    0x080: "power brake",
    0x100: "display clocks",
}
POLICIES = {"power cap": 0, "heat": 1}  # NVML_PERF_POLICY_POWER, _THERMAL


class Nvml:
    """One GPU, or a part of one (MIG), in NVML. A call that the GPU or the container refuses gives None.

    `part` marks a part of a GPU, for which the driver knows only the whole GPU's power and energy.
    """

    def __init__(self, library: Any, handle: Any) -> None:
        self._library, self._whole, self._own = library, handle, handle
        mode = self._ask("nvmlDeviceGetMigMode")  # the present mode, and the mode after a reset
        self.part = bool(mode and mode[0])
        if self._ask("nvmlDeviceIsMigDeviceHandle"):
            self.part = True
            self._whole = self._ask("nvmlDeviceGetDeviceHandleFromMigDeviceHandle") or handle

    @classmethod
    def of(cls, device: torch.device) -> Nvml | None:
        """Return the GPU that torch calls `device`; None without the binding, the driver, or the permission."""
        found = cls.find(device)
        return None if isinstance(found, str) else found

    @classmethod
    def find(cls, device: torch.device) -> Nvml | str:
        """Return the GPU that torch calls `device`, or the reason why it cannot be read."""
        if not kind_of(device).has_nvml:
            return f"nothing is asked of a driver of the {kind_of(device).title}"
        try:
            import pynvml

            pynvml.nvmlInit()
            # torch numbers only visible devices, NVML all of them; the UUID is common to both
            uuid = torch.cuda.get_device_properties(device).uuid
            try:
                return cls(pynvml, pynvml.nvmlDeviceGetHandleByUUID(f"GPU-{uuid}"))
            except pynvml.NVMLError:
                return cls(pynvml, pynvml.nvmlDeviceGetHandleByUUID(f"MIG-{uuid}"))
        except ImportError:
            return "nvidia-ml-py is not installed: pip install 'archcost[gpu]'"
        except Exception as error:  # noqa: BLE001 - without NVML everything that it would say is None
            return f"NVML refuses: {error}"

    @property
    def limits(self) -> str | None:
        """The reasons why some readings are missing, if known."""
        return "it is a part of a GPU (MIG), whose power is measured as a whole" if self.part else None

    @property
    def driver(self) -> str | None:
        """The driver's version."""
        version = self._asked(self._library.nvmlSystemGetDriverVersion)
        return version.decode() if isinstance(version, bytes) else version

    @property
    def energy_mj(self) -> int | None:
        """The GPU's energy in millijoules since the driver was loaded; None for a part of a GPU."""
        found: int | None = None if self.part else self._ask("nvmlDeviceGetTotalEnergyConsumption")
        return found

    def state(self) -> DeviceState:
        """Return clocks, temperature, power, throttling, and the number of other processes."""
        lib = self._library
        clock, memory_clock = (self._ask("nvmlDeviceGetClockInfo", kind) for kind in (1, 2))  # SM, memory; in MHz
        reasons = self._ask("nvmlDeviceGetCurrentClocksThrottleReasons")
        milliwatts = None if self.part else self._ask("nvmlDeviceGetPowerUsage")
        processes = self._list_processes()
        held = {name: self._ask("nvmlDeviceGetViolationStatus", policy) for name, policy in POLICIES.items()}
        held_ns = {name: int(status.violationTime) for name, status in held.items() if status is not None}
        return DeviceState(
            clock_hz=None if clock is None else clock * 10**6,
            memory_clock_hz=None if memory_clock is None else memory_clock * 10**6,
            celsius=self._ask("nvmlDeviceGetTemperature", getattr(lib, "NVML_TEMPERATURE_GPU", 0)),
            watts=None if milliwatts is None else milliwatts / 1000,
            throttle_reasons=None if reasons is None else tuple(name for bit, name in REASONS.items() if reasons & bit),
            held_back_ns=held_ns or None,
            other_processes=None if processes is None else _count_others([each.pid for each in processes]),
        )

    def _list_processes(self) -> Any:
        """Return the processes on it; None for a part of a GPU if only the whole GPU's processes are known."""
        if self.part and self._own is self._whole:
            return None
        function = getattr(self._library, "nvmlDeviceGetComputeRunningProcesses", None)
        return None if function is None else self._asked(function, self._own)

    def _ask(self, name: str, *arguments: Any) -> Any:
        """Read from the whole GPU."""
        function = getattr(self._library, name, None)
        return None if function is None else self._asked(function, self._whole, *arguments)

    @staticmethod
    def _asked(function: Callable[..., Any], *arguments: Any) -> Any:
        try:
            return function(*arguments)
        except Exception:  # noqa: BLE001 - NVMLError: not supported here, or not allowed
            return None


def _count_others(pids: list[int]) -> int | None:
    """Return the number of other processes on a GPU; None if the driver hides them.

    In a container, the driver uses the host's process ids, so this process is among them under another id.
    """
    if os.getpid() in pids:
        return len(pids) - 1
    if torch.cuda.is_initialized():  # type: ignore[no-untyped-call]
        return len(pids) - 1 if pids else None
    return len(pids)
