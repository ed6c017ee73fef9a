"""measure_ceilings(device) -> the best rates of this machine's device, or of each accelerator type of a cluster."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from archcost.profiling.run import run_each
from archcost.records import Ceiling, Failure

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from archcost.records import Sweeping


def measure_ceilings(
    device: str, threads: int | None, fleets: Sequence[Sweeping]
) -> Iterator[tuple[Sweeping, Ceiling | Failure]]:
    """Measure one device for each setting of a fleet; yield each result as soon as it is known."""
    for fleet in fleets:
        options = {"threads": threads, "place": find_place(device, fleet)}
        ((_, row),) = run_each([device], options, None, 1, fleet, measure_ceiling)
        yield fleet, row


def measure_ceiling(device: str, keep: None, options: Mapping[str, Any]) -> Ceiling | Failure:
    """Measure a device of this machine and save its roof for `--time`; return a `Failure` on error."""
    from archcost.clock.conditions import state
    from archcost.clock.devices import clock_of, device_of
    from archcost.clock.nvml import Nvml
    from archcost.clock.regime import regime
    from archcost.clock.roofs import all_dtypes, cache_file, roof_of
    from archcost.errors import ArchcostError
    from archcost.records import TimingPlan

    del keep
    try:
        found = device_of(device)
        with regime(TimingPlan(threads=options["threads"])):
            roof = roof_of(found, all_dtypes(found), clock_of(found), fresh=True)
            kept = None if roof.disturbed else str(cache_file(found))
    except ArchcostError as error:
        return Failure.of(device, error)
    after = state(found, Nvml.of(found))
    return Ceiling(roof=roof, kept=kept, clock_hz=after.clock_hz, memory_clock_hz=after.memory_clock_hz)


def find_place(device: str, sweeping: Sweeping) -> str | None:
    """Return the identity of this machine's device for a journal; None without a journal or on a cluster.

    A run must not reuse a journal's row from another device or driver.

    Raises:
        ArgumentError: the device does not exist.
    """
    if sweeping.journal is None or sweeping.engine != "local":
        return None
    from archcost.clock.conditions import identity
    from archcost.clock.devices import device_of
    from archcost.clock.nvml import Nvml

    found = device_of(device)
    return " ".join(filter(None, identity(found, Nvml.of(found))))
