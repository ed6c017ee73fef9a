"""The datasheet figures of devices, with their sources. No device has a default: an unknown one is an error."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import Any

from archcost.errors import NoDeviceError, closest
from archcost.records import DTYPES, NamedDevice, Peaks, find_name

DATA = Path(__file__).parent / "data" / "peaks.toml"


def peaks_of(device: str) -> Peaks:
    """Return a device's datasheet figures, by its name or an alias.

    Raises:
        NoDeviceError: the table lacks the device or its figures; names the known ones.
    """
    name, entry = _find(device)
    if "bytes_per_second" not in entry:
        raise NoDeviceError(f"the table of datasheets has no figures of {name}; leave --datasheet out to measure them")
    return Peaks(
        device=name,
        source=entry["source"],
        bytes_per_second=entry["bytes_per_second"],
        flops_per_second={dtype: entry[dtype] for dtype in DTYPES if dtype in entry},
    )


def device_named(device: str) -> NamedDevice:
    """Return a device and its memory, by its name or an alias.

    Raises:
        NoDeviceError: the table lacks the device; names the known ones.
    """
    name, entry = _find(device)
    capability = entry.get("capability")
    return NamedDevice(
        name=name,
        source=entry["source"],
        memory_bytes=entry.get("memory_bytes"),
        capability=None if capability is None else (capability[0], capability[1]),
    )


def _find(device: str) -> tuple[str, dict[str, Any]]:
    known = _table()
    wanted = find_name(device, known)
    if wanted is None:
        hint = closest(device, known, f"it has {', '.join(known)}")
        raise NoDeviceError(f"the table of datasheets has no {device!r}; {hint}")
    return known[wanted]


@cache
def _table() -> dict[str, tuple[str, dict[str, Any]]]:
    """Return the devices by all of their names and aliases, each with torch's name."""
    entries = tomllib.loads(DATA.read_text(encoding="utf-8"))["device"]
    return {
        text: (entry["names"][0], entry) for entry in entries for text in (*entry["names"], *entry.get("aliases", ()))
    }
