"""A device's ceilings, measured: copies of several sizes, and large matrix products of random numbers in each dtype.

A ceiling is the fastest of many tries, because a disturbance only makes a try slower.
"""

from __future__ import annotations

import math
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import torch

from archcost import units
from archcost.clock.conditions import crowding, disturbances, identity, state
from archcost.clock.keeping import keep_record, name_file, read_kept
from archcost.clock.kinds import kind_of
from archcost.clock.nvml import Nvml
from archcost.clock.regime import check_dtype, regime, torch_dtype
from archcost.clock.windows import Windows
from archcost.errors import ClockError
from archcost.records import DTYPES, Copy, Roof, TimingPlan

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from archcost.clock.protocol import Clock
    from archcost.records import DeviceState

SCHEMA = "archcost.roof/1"
LEAST_AT_ONCE, AT_ONCE = 2, 5
PATIENCE = 10  # the number of rounds without a faster try
FASTER = 0.99
MOST_NS = 200_000_000  # for one size
CROWDED_NS = 50_000_000  # for one size on a busy machine, whose roof is not kept
RANDOM = 2**15  # bytes of random numbers, which a copy repeats, because drawing all of them would take seconds
LOAD_NS = 100_000_000  # a device with a queue works for this long first, because its clocks are lower when it is idle
LEAST_SHARE = 0.9
TOO_LONG_NS = 500_000_000  # for one product; larger products of an emulated dtype would take minutes


def roof_of(device: torch.device, dtypes: Sequence[str], clock: Clock, *, fresh: bool = False) -> Roof:
    """Return a device's roof for some dtypes: kept figures, and new measurements of the missing ones.

    A dtype that the device lacks has no ceiling.
    """
    with kind_of(device).using(device):
        return _roof(device, dtypes, clock, fresh=fresh)


def _roof(device: torch.device, dtypes: Sequence[str], clock: Clock, *, fresh: bool) -> Roof:
    known = None if fresh else read_kept_roof(device)
    before, begun, worked = state(device, Nvml.of(device)), clock.now(), clock.cpu()
    ceilings = known.flops_per_second if known is not None else {}
    missing = [dtype for dtype in dtypes if dtype not in ceilings and _has(dtype, device)]
    if known is not None and not missing:
        return known
    most_ns = MOST_NS if crowding(before, torch.get_num_threads()) is None else CROWDED_NS
    roof = known if known is not None else replace(_blank(device), copies=_copies(device, clock, most_ns))
    products = {dtype: _product(dtype, device, clock, most_ns) for dtype in missing}
    found = _disturbance(device, before, clock.now() - begun, clock.cpu() - worked)
    roof = replace(roof, flops_per_second={**roof.flops_per_second, **products}, disturbed=found)
    if not found:
        keep_record(roof, cache_file(device), SCHEMA)
    return roof


def read_kept_roof(device: torch.device) -> Roof | None:
    """Return a device's kept roof; None if its file is missing or belongs to another driver, torch or thread count."""
    known = read_kept(Roof, cache_file(device), SCHEMA)
    fits = known is not None and replace(known, copies=(), flops_per_second={}) == _blank(device)
    return known if fits else None


def _disturbance(device: torch.device, before: DeviceState, elapsed_ns: int, worked_ns: int) -> str | None:
    """Describe what may have lowered a roof, from the duration of its measurement and the thread's CPU time."""
    after = state(device, Nvml.of(device))
    found = [crowding(before, torch.get_num_threads()), *disturbances(before, after, elapsed_ns)]
    share = worked_ns / max(elapsed_ns, 1)
    if kind_of(device).torch_module is None and share < LEAST_SHARE:
        found.append(f"the CPU did something else for {units.percent(1 - share)} of the time")
    return "; ".join(filter(None, found)) or None


def cache_file(device: torch.device) -> Path:
    """Return the path of a device's kept roof: one file for each device, driver, torch and number of threads."""
    blank = _blank(device)
    threads = f"{blank.threads} threads" if blank.threads else None
    return name_file("roof", blank.device, blank.driver, blank.torch, threads)


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
    threads = None if kind_of(device).torch_module is not None else torch.get_num_threads()
    return Roof(device=name, driver=driver, torch=torch.__version__, threads=threads, copies=(), flops_per_second={})


def _copies(device: torch.device, clock: Clock, most_ns: int) -> tuple[Copy, ...]:
    found = []
    some = torch.randint(-128, 127, (RANDOM,), dtype=torch.int8, device=device)
    for moved in kind_of(device).copies:
        source = some.repeat(-(-moved // 2 // RANDOM))[: moved // 2]
        target = torch.empty_like(source)
        seconds = _fastest(partial(target.copy_, source), clock, most_ns)
        found.append(Copy(nbytes=moved, bytes_per_second=moved / seconds))
    return tuple(found)


def _product(dtype: str, device: torch.device, clock: Clock, most_ns: int) -> float:
    """Return the most operations per second of square products, over the sizes within the time limit."""
    best = 0.0
    with regime(TimingPlan(dtype=dtype)):
        for size in kind_of(device).products:
            left, right = (torch.randn(size, size, device=device).to(torch_dtype(dtype)) for _ in range(2))
            seconds = _fastest(partial(torch.matmul, left, right), clock, most_ns)
            best = max(best, 2 * size**3 / seconds)
            if 8 * seconds * 10**9 > TOO_LONG_NS:  # the next size takes eight times as long
                break
    return best


def _fastest(run: Callable[[], object], clock: Clock, most_ns: int = MOST_NS) -> float:
    """Return the least seconds of consecutive tries, until they get no faster or the time is over.

    A try that the host ordered too late measures the host, so it does not count. Without a queue, long tries have fewer
    repetitions.

    Raises:
        ClockError: no try counts.
    """
    windows = Windows(clock)

    def try_often() -> None:
        for number in range(at_once):
            if number:
                windows.mark(number)
            run()

    begun = clock.now()
    run()
    clock.finish()
    fitting = most_ns // max(clock.now() - begun, 1)
    at_once = AT_ONCE if clock.queues else max(LEAST_AT_ONCE, min(AT_ONCE, fitting))
    begun = clock.now()
    while clock.queues and clock.now() - begun < LOAD_NS:
        windows.order(try_often, 0)
    windows.fit(lambda: windows.order(try_often, 0), divisible=False)
    begun, fastest, since = clock.now(), math.inf, 0
    while since < PATIENCE and (clock.now() - begun < most_ns or (fastest == math.inf and not since)):
        tries = [each.ns for each in windows.order(try_often, 0) if each.ahead is not False]
        best = min(tries, default=math.inf)
        since = 0 if best < FASTER * fastest else since + 1
        fastest = min(best, fastest)
    if fastest == math.inf:
        raise ClockError("the roof cannot be measured: the host is too slow to keep the device's queue full")
    return max(fastest, 1) / 10**9
