"""What the makers of devices promise, with the source. No device has a default: an unknown one is an error."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path

from archcost.errors import NoDeviceError, closest
from archcost.records import DTYPES, Peaks

DATA = Path(__file__).parent / "data" / "peaks.toml"


def peaks_of(device: str) -> Peaks:
    """Return a device's datasheet figures.

    Raises:
        NoDeviceError: a device that is not in the table, with those that are.
    """
    known = _table()
    if device not in known:
        hint = closest(device, known, f"it has {', '.join(known)}")
        raise NoDeviceError(f"the table of datasheets has no {device!r}; {hint}")
    return known[device]


@cache
def _table() -> dict[str, Peaks]:
    entries = tomllib.loads(DATA.read_text(encoding="utf-8"))["device"]
    return {
        name: Peaks(
            device=name,
            source=entry["source"],
            bytes_per_second=entry["bytes_per_second"],
            flops_per_second={dtype: entry[dtype] for dtype in DTYPES if dtype in entry},
        )
        for entry in entries
        for name in entry["names"]
    }
