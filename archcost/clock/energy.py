"""Measure a device's energy by its driver's counter: first idle, then while a network runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archcost import units
from archcost.records import Energy

if TYPE_CHECKING:
    from collections.abc import Callable

    from archcost.clock.nvml import Nvml
    from archcost.clock.protocol import Clock
    from archcost.records import Series

IDLE_NS = 10**9
LEAST_NS = 5 * 10**9
TICK_NS = 10**8  # NVML's counter moves some ten times a second
SENSOR = 0.05  # NVML promises readings of power to within five per cent


class Meter:
    """Reads the energy counter of one device, if the device has its own counter.

    `least_ns` is the least running time for a reliable energy, 0 if nothing is read; `notes` say why. A measurement
    with a shorter time limit reads nothing.
    """

    def __init__(self, clock: Clock, nvml: Nvml | None, max_ns: int) -> None:
        self._clock, self._nvml = clock, nvml
        self.notes: tuple[str, ...] = ()
        self.least_ns = 0
        self._idle_watts: float | None = None
        before = None if nvml is None else nvml.energy_mj
        if nvml is None or before is None:
            return
        if max_ns < LEAST_NS:
            least, most = units.duration(LEAST_NS), units.duration(max_ns)
            self.notes = (f"no energy: the network has to run for {least}, and a measurement may take {most}",)
            return
        self.least_ns = LEAST_NS
        begun = clock.now()
        clock.rest(IDLE_NS)
        after = nvml.energy_mj
        self._idle_watts = None if after is None else (after - before) * 1e6 / (clock.now() - begun)

    def measure(self, take: Callable[[], Series], images: int) -> tuple[Energy | None, Series]:
        """Read the counter before and after samples; each sample runs `images` images."""
        nvml = self._nvml if self.least_ns else None
        before, begun = None if nvml is None else nvml.energy_mj, self._clock.now()
        series = take()
        elapsed = self._clock.now() - begun
        after = None if nvml is None else nvml.energy_mj
        if before is None or after is None or elapsed < self.least_ns:
            return None, series
        joules = (after - before) / 1000
        energy = Energy(
            joules_per_image=joules / (series.n * images),
            watts=joules * 1e9 / elapsed,
            seconds=elapsed / 1e9,
            idle_watts=self._idle_watts,
            uncertainty=SENSOR + TICK_NS / elapsed,
        )
        return energy, series
