"""The least time that a pass can take on a device, by its maker's datasheet or by a measured roof."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from archcost.errors import ArgumentError, NoDeviceError, ReportError
from archcost.records import Peaks, Roof

HERE = "this"  # the saved roof of this machine's device
MEASURE = "`archcost device --format json -o roof.json` writes one"


def find_ceiling(device_name: str | None, roof: str | None) -> Peaks | Roof | None:
    """Return the datasheet of a named device, or a measured roof: the saved one of this device, or one from a file.

    Raises:
        ArgumentError: both are requested, or the file has no roof.
        NoDeviceError: the table lacks the device, or this device has no saved roof.
    """
    from archcost.clock.datasheet import peaks_of

    if device_name is not None and roof is not None:
        raise ArgumentError("--device-name takes the bound from a datasheet, --roof from a measurement: give one")
    if device_name is not None:
        return peaks_of(device_name)
    if roof is None:
        return None
    return _read_kept() if roof == HERE else _read_file(roof)


def compute_bound(macs: int, nbytes: int, ceiling: Peaks | Roof, dtype: str) -> float:
    """Return the least nanoseconds of a pass: the longer of its arithmetic and its memory traffic.

    Raises:
        ArgumentError: the ceiling has no rate for this dtype.
    """
    measured = isinstance(ceiling, Roof)
    if dtype not in ceiling.flops_per_second:
        known = ", ".join(ceiling.flops_per_second)
        what = "roof" if measured else "datasheet"
        raise ArgumentError(f"the {what} of {ceiling.device} has no {dtype}, it has {known}; choose a --dtype")
    rate = ceiling.bytes_per_second(nbytes) if isinstance(ceiling, Roof) else ceiling.bytes_per_second
    return 1e9 * max(2 * macs / ceiling.flops_per_second[dtype], nbytes / rate)


def _read_kept() -> Roof:
    from archcost.clock.conditions import identity
    from archcost.clock.devices import device_of
    from archcost.clock.roofs import read_kept_roof

    device = device_of("auto")
    found = read_kept_roof(device)
    if found is None:
        raise NoDeviceError(
            f"no roof is saved for this {identity(device, None).device} in its current setup: run `archcost device` "
            "while nothing else runs"
        )
    return found


def _read_file(file: str) -> Roof:
    from archcost.records.reading import file_text

    try:
        return _parse_roof(file_text(Path(file)))
    except FileNotFoundError:
        raise ArgumentError(
            f"--roof {file!r}: there is no such file (looked in {Path.cwd()}); write --roof {HERE}, or a file: "
            f"{MEASURE}"
        ) from None
    except (OSError, ReportError) as error:
        raise ArgumentError(f"--roof {file!r} cannot be read: {error}") from error


def _parse_roof(text: str) -> Roof:
    from archcost.records.reading import parse, read
    from archcost.render.device import SCHEMA

    data: Any = parse(text)
    if not isinstance(data, dict) or data.get("schema") != SCHEMA or data.get("measured") is None:
        raise ReportError(f"it holds no measured roof; {MEASURE}")
    return read(Roof, data["measured"], "measured")
