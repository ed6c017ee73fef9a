"""Measured times, read from a table such as `archcost time` writes, each with the conditions it was taken under."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from archcost.comparison.tables import read_table
from archcost.errors import TableError
from archcost.records import MeasuredTime

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from archcost.comparison.tables import TableRow

SETTING = ("input", "dtype", "layout", "mode", "threads", "torch")  # how, besides on what device


def read_times(path: str | Path) -> tuple[MeasuredTime, ...]:
    """Read measured times: a CSV with `network`, `batch` (1 where it is empty) and `seconds` of a forward pass of it.

    It may have other columns, as a table of `archcost time` has: a line whose `outcome` is not "timed" is passed over.

    Raises:
        TableError: a value is impossible, or one batch has two times, measured alike; names file, line and column.
    """
    times: dict[tuple[str, int, str, str], MeasuredTime] = {}
    for row in read_table(path, ("network", "batch", "seconds"), others=True):
        if row.text("outcome", "timed") == "timed":
            time = _build_time(row)
            key = time.network, time.batch, time.place, time.setting
            if key in times:
                raise _refuse_second(row, time)
            times[key] = time
    return tuple(times.values())


def read_seconds(path: str | Path) -> Mapping[tuple[str, int], float]:
    """Read measured times of one device, measured alike, by network and batch.

    Raises:
        TableError: as `read_times`, and where a table has times of two devices, or of two dtypes for one batch.
    """
    return {key: time.seconds for key, time in index_times(read_times(path), str(path)).items()}


def index_times(times: Iterable[MeasuredTime], file: str) -> Mapping[tuple[str, int], MeasuredTime]:
    """Return times by network and batch, for a comparison.

    Raises:
        TableError: they were taken on several devices, or in several ways; those do not compare.
    """
    found: dict[tuple[str, int], MeasuredTime] = {}
    for time in times:
        if (time.network, time.batch) in found:
            raise TableError(
                f"{file}, line {time.line}, column 'batch': {time.network} has a time at a batch of {time.batch} "
                "already; keep one device, one dtype, one layout"
            )
        found[time.network, time.batch] = time
    places = tuple(dict.fromkeys(time.place for time in found.values()))
    if len(places) > 1:
        devices = " and ".join(place or "one that it does not name" for place in places)
        raise TableError(
            f"{file} has times of several devices: {devices}; they do not compare: keep one, or draw time-batch, "
            "which has a line for each"
        )
    return found


def _build_time(row: TableRow) -> MeasuredTime:
    seconds, batch = row.number("seconds", 0, math.inf), row.number("batch", 1, 10**9)
    if not seconds:
        raise row.error("seconds", "it must be more than 0")
    n = row.number("n", 1, math.inf)
    driver = row.text("driver")
    return MeasuredTime(
        network=row.text("network"),
        batch=int(batch or 1),
        seconds=seconds,
        low=row.number("p10_seconds", 0, math.inf),
        high=row.number("p90_seconds", 0, math.inf),
        n=None if n is None else int(n),
        place=row.text("device") + (f", driver {driver}" if driver else ""),
        setting=", ".join(filter(None, (_spell_setting(row, name) for name in SETTING))),
        watts=row.number("watts", 0, math.inf),
        peak_bytes=row.number("peak_allocated_bytes", 0, math.inf),
        unmet=tuple(filter(None, row.text("unmet").split("; "))),
        line=row.line,
    )


def _spell_setting(row: TableRow, name: str) -> str:
    text = row.text(name)
    return {"threads": f"{text} threads", "torch": f"torch {text}"}.get(name, text) if text else ""


def _refuse_second(row: TableRow, time: MeasuredTime) -> TableError:
    return row.error(
        "batch", f"{time.network} has a time at a batch of {time.batch} already; keep one dtype, one layout"
    )
