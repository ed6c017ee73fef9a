"""A device's ceilings, measured: copies of several sizes, and large matrix products of random numbers in each dtype.

A ceiling is the fastest of many tries: whatever disturbs one makes it slower.
"""

from __future__ import annotations

import json
import math
import os
import re
from contextlib import suppress
from dataclasses import asdict, replace
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from archcost.clock.conditions import identity
from archcost.clock.nvml import Nvml
from archcost.clock.regime import check_dtype, regime, torch_dtype
from archcost.errors import ClockError, ReportError
from archcost.records import DTYPES, Copy, Roof, TimingPlan
from archcost.records.reading import file_text, read_document

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from archcost.clock.protocol import Clock

SCHEMA = "archcost.roof/1"
COPIES = {"cpu": [2**power for power in range(16, 29)], "cuda": [2**power for power in range(20, 32)]}  # bytes moved
SIZES = {"cpu": (256, 512, 1024, 2048), "cuda": (1024, 2048, 4096, 8192, 16384)}
AT_ONCE = 5
PATIENCE = 10  # rounds without a faster try
FASTER = 0.99
HOLD_NS = 200_000  # the host orders a handful of operators in that time
MOST_NS = 500_000_000  # for one size
TOO_LONG_NS = 500_000_000  # one product; larger ones of a dtype that is emulated would take minutes


def roof_of(device: torch.device, dtypes: Sequence[str], clock: Clock, *, fresh: bool = False) -> Roof:
    """Return a device's roof for some dtypes: what was measured before, and kept, and what is missing measured now.

    A dtype that the device lacks has no ceiling.
    """
    path, known = cache_file(device), None
    if not fresh:
        with suppress(OSError, ReportError):  # a cache that cannot be read is measured again
            known = read_document(Roof, file_text(path), SCHEMA, "roof")
    fitting = known is not None and replace(known, copies=(), flops_per_second={}) == _blank(device)
    roof = known if known is not None and fitting else replace(_blank(device), copies=_copies(device, clock))
    missing = [dtype for dtype in dtypes if dtype not in roof.flops_per_second and _has(dtype, device)]
    if not missing and fitting:
        return roof
    products = {dtype: _product(dtype, device, clock) for dtype in missing}
    roof = replace(roof, flops_per_second={**roof.flops_per_second, **products})
    with suppress(OSError):  # a cache that cannot be written is measured again
        path.parent.mkdir(parents=True, exist_ok=True)
        aside = path.with_suffix(f".{os.getpid()}")
        aside.write_text(json.dumps({"schema": SCHEMA, **asdict(roof)}, indent=1, sort_keys=True) + "\n", "utf-8")
        aside.replace(path)
    return roof


def cache_file(device: torch.device) -> Path:
    """Return where the roof of a device is kept: one file for each device, driver, torch and number of threads."""
    blank = _blank(device)
    parts = [blank.device, blank.driver, blank.torch, blank.threads and f"{blank.threads} threads"]
    name = re.sub(r"[^A-Za-z0-9.]+", "-", " ".join(str(part) for part in parts if part)).strip("-").lower()
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "archcost" / f"roof-{name}.json"


def all_dtypes(device: torch.device) -> tuple[str, ...]:
    """Return the dtypes that a device computes in."""
    return tuple(dtype for dtype in DTYPES if _has(dtype, device))


def _has(dtype: str, device: torch.device) -> bool:
    try:
        check_dtype(dtype, device)
    except ClockError:
        return False
    return True


def _blank(device: torch.device) -> Roof:
    name, driver = identity(device, Nvml.of(device))
    threads = None if device.type == "cuda" else torch.get_num_threads()
    return Roof(device=name, driver=driver, torch=torch.__version__, threads=threads, copies=(), flops_per_second={})


def _copies(device: torch.device, clock: Clock) -> tuple[Copy, ...]:
    found = []
    for moved in COPIES[device.type]:
        source = torch.randint(-128, 127, (moved // 2,), dtype=torch.int8, device=device)
        target = torch.empty_like(source)
        seconds = _fastest(partial(target.copy_, source), clock)
        found.append(Copy(nbytes=moved, bytes_per_second=moved / seconds))
    return tuple(found)


def _product(dtype: str, device: torch.device, clock: Clock) -> float:
    """Return the most operations for each second of square products, of the sizes that do not take too long."""
    best = 0.0
    with regime(TimingPlan(dtype=dtype)):
        for size in SIZES[device.type]:
            left, right = (torch.randn(size, size, device=device).to(torch_dtype(dtype)) for _ in range(2))
            seconds = _fastest(partial(torch.matmul, left, right), clock)
            best = max(best, 2 * size**3 / seconds)
            if 8 * seconds * 10**9 > TOO_LONG_NS:  # the next size takes eight times as long
                break
    return best


def _fastest(run: Callable[[], object], clock: Clock) -> float:
    """Return the least seconds of tries in a row, until the last of them were no faster."""
    run()
    clock.finish()
    begun, fastest, since = clock.now(), math.inf, 0
    while since < PATIENCE and (clock.now() - begun < MOST_NS or fastest == math.inf):
        clock.hold(HOLD_NS)
        marks = [clock.mark()]
        for _ in range(AT_ONCE):
            run()
            marks.append(clock.mark())
        clock.finish()
        best = min(after - before for before, after in pairwise(clock.offsets(marks)))
        since = 0 if best < FASTER * fastest else since + 1
        fastest = min(best, fastest)
    return max(fastest, 1) / 10**9
