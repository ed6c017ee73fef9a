"""The conditions of a measurement: the device, its driver, torch's switches, other processes."""

from __future__ import annotations

import os
import platform
import re
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import torch

from archcost import units
from archcost.clock.kinds import kind_of
from archcost.clock.regime import find_tf32
from archcost.records import Conditions, DeviceState

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from archcost.clock.nvml import Nvml

CPU_STAT = Path("/sys/fs/cgroup/cpu.stat")
CPU_INFO = Path("/proc/cpuinfo")
# readings of a GPU's driver: the fields of its state, its energy counter, and their descriptions
READ = {
    "clock_hz": "the clock",
    "memory_clock_hz": "the memory's clock",
    "celsius": "the temperature",
    "watts": "the power",
    "throttle_reasons": "the reasons for throttling",
    "held_back_ns": "the time of throttling",
    "other_processes": "other processes",
    "energy": "the energy",
}
HARMLESS = frozenset({"idle", "application clocks", "display clocks"})


class Identity(NamedTuple):
    """The identity of a device."""

    device: str
    driver: str | None


def identity(device: torch.device, nvml: Nvml | None) -> Identity:
    """Return the name of a device and its driver's version, None if unknown."""
    return Identity(kind_of(device).name(device) or _processor(), None if nvml is None else nvml.driver)


def state(device: torch.device, nvml: Nvml | None) -> DeviceState:
    """Return the current state of a device; unknown fields are None."""
    if nvml is not None:
        return nvml.state()
    if kind_of(device).torch_module is not None:
        return DeviceState()
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else None
    return DeviceState(load=load, held_back_ns=_quota_ns())


def conditions(device: torch.device, nvml: Nvml | None, before: DeviceState, after: DeviceState) -> Conditions:
    """Return the conditions of a measurement."""
    name, driver = identity(device, nvml)
    kind = kind_of(device)
    has_tf32 = "tf32" in kind.dtypes
    cudnn = torch.backends.cudnn.version() if has_tf32 else None  # type: ignore[no-untyped-call]
    tf32 = find_tf32() if has_tf32 else ()
    return Conditions(
        device=name,
        driver=driver,
        torch=torch.__version__,
        cudnn=None if cudnn is None else str(cudnn),
        threads=None if kind.torch_module is not None else torch.get_num_threads(),
        cudnn_benchmark=torch.backends.cudnn.benchmark,
        deterministic=torch.are_deterministic_algorithms_enabled(),
        tf32=bool(tf32),
        tf32_for=tf32,
        before=before,
        after=after,
        unread=() if kind.torch_module is None else _list_unread(nvml, after),
    )


def describe_unread(unread: Sequence[str], why: str | None) -> str | None:
    """Describe the readings that a device refused; None if it gave all of them."""
    names = ", ".join(READ[name] for name in unread)
    return f"the device did not tell: {names}{(why and f' ({why})') or ''}" if names else None


def disturbances(before: DeviceState, after: DeviceState, elapsed_ns: int) -> Iterator[str]:
    """Describe what slowed the device down or shared it during a measurement, and for which part of the time."""
    looks = [state.throttle_reasons or () for state in (before, after)]
    held = {
        limit: (after.held_back_ns[limit] - ns) / max(elapsed_ns, 1)
        for limit, ns in (before.held_back_ns or {}).items()
        if after.held_back_ns is not None and limit in after.held_back_ns
    }
    limits = [f"{limit} for {units.percent(min(share, 1))} of the time" for limit, share in held.items() if share > 0]
    limits += [
        f"{reason} at {'both looks' if all(reason in seen for seen in looks) else 'one of two looks'}"
        for reason in dict.fromkeys((*looks[0], *looks[1]))
        if reason not in HARMLESS and not held.get(reason)
    ]
    if limits:
        yield f"throttled: {', '.join(limits)}"
    others = max(before.other_processes or 0, after.other_processes or 0)
    if others:
        yield f"the device is shared: {others} other process{'es' if others > 1 else ''} on it"


def crowding(before: DeviceState, threads: int) -> str | None:
    """Describe a CPU's other work before a measurement on some of its threads; None if enough were idle."""
    cores = os.cpu_count()
    if before.load is None or cores is None or before.load + threads < cores + 1:
        return None
    return f"the CPU has other work: load {before.load:.1f} on {cores} core{'s' if cores > 1 else ''} before it began"


def _list_unread(nvml: Nvml | None, now: DeviceState) -> tuple[str, ...]:
    energy = None if nvml is None else nvml.energy_mj
    return tuple(name for name in READ if getattr(now, name, energy) is None)


def _processor() -> str:
    with suppress(OSError):
        found = re.search(r"^model name\s*:\s*(.+)$", CPU_INFO.read_text(encoding="utf-8"), re.MULTILINE)
        if found is not None:
            return found[1].strip()
    return platform.processor() or platform.machine() or "CPU"


def _quota_ns() -> dict[str, int] | None:
    """Return the time for which a container's quota has paused its threads; None outside of Linux's cgroups."""
    with suppress(OSError):
        found = re.search(r"^throttled_usec (\d+)$", CPU_STAT.read_text(encoding="utf-8"), re.MULTILINE)
        if found is not None:
            return {"CPU quota": int(found[1]) * 1000}
    return None
