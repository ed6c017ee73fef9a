"""The throughput of training steps, multiply-adds and items per second, and the peak of their memory."""

from __future__ import annotations

import time
import warnings
from collections import Counter
from typing import TYPE_CHECKING, Any

from archcost.errors import ArgumentError
from archcost.integrations.counter import StepCounter, count_items

if TYPE_CHECKING:
    from collections.abc import Callable

    import torch
    from torch import nn

PREFIX = "archcost/"


class Meter:
    """Measure training steps and return their throughput and memory every few steps.

    The time of steps in which operators were recorded (the first two, and those with a new shape of batch) is left
    out, and so is the time between `pause` and the next step. The predicted peak holds the live tensors of the recorded
    steps, the measured peak what the device's allocator has handed out since the process began; on the CPU, torch does
    not measure it.

    Args:
        every: the number of timed steps between two sets of figures.
        peak: the device's peak in FLOP/s, for the utilisation: a number, a device's name from the datasheets,
            "measured", or None for no utilisation.
        dtype: the dtype of the network's multiplications, for a named or measured peak.
        clock: the time in seconds.

    Raises:
        ArgumentError: `every` is below 1, the peak is not positive, or the datasheet has no peak of the dtype.
        NoDeviceError: the named device has no datasheet.
    """

    def __init__(
        self,
        *,
        every: int = 10,
        peak: float | str | None = None,
        dtype: str = "float32",
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        if every < 1:
            raise ArgumentError(f"every must be at least 1, not {every}")
        self._every, self._peak, self._dtype, self._clock = every, peak, dtype, clock
        self._ceiling = None if peak == "measured" else _read_peak(peak, dtype)
        self._counter = StepCounter()
        self._device: torch.device | None = None
        self._start: float | None = None
        self._macs = self._steps = 0
        self._items: Counter[str] = Counter()
        self._new: Counter[str] = Counter()
        self._told: set[str] = set()

    @property
    def uncovered(self) -> tuple[str, ...]:
        """The operators that count as nothing, because they have no rule."""
        return tuple(sorted(self._counter.uncovered))

    def prepare(self, device: torch.device, network: nn.Module) -> None:
        """Set the network and its device; measure the device's peak if requested."""
        self._device = device
        self._counter.watch(network, device)
        if self._peak == "measured":
            self._ceiling = _measure_peak(device, self._dtype)

    def start_step(self) -> None:
        """Begin a step."""
        self._new.clear()
        self._counter.start_step()
        if self._start is None:
            self._start = self._read_clock()

    def start_part(self, batch: Any) -> None:
        """Begin the forward and backward pass of a batch; a step may accumulate the gradients of several."""
        self._new.update(count_items(batch))
        self._counter.start_part(batch)

    def end_step(self) -> dict[str, float]:
        """End a step; return figures by name, or an empty dictionary if none are due."""
        macs, recorded = self._counter.end_step()
        if recorded:
            self._warn(macs)
            self.pause()
            return {}
        self._macs, self._steps = self._macs + macs, self._steps + 1
        self._items.update(self._new)
        if self._steps < self._every or self._start is None:
            return {}
        now = self._read_clock()
        figures = self._compute(max(now - self._start, 1e-9))
        self.pause()
        self._start = now
        return figures

    def pause(self) -> None:
        """Forget the steps since the last figures, because other work took time."""
        self._start, self._macs, self._steps = None, 0, 0
        self._items.clear()

    def stop(self) -> None:
        """Stop, even if the step failed."""
        self._counter.abandon()
        self.pause()

    def _warn(self, macs: int) -> None:
        """Warn once of each operator that the count leaves out."""
        new = [name for name in self.uncovered if name not in self._told]
        self._told.update(new)
        if new:
            text = f"archcost counts {', '.join(new)} as nothing, for there is no rule; write one with archcost.rule"
            warnings.warn(text, stacklevel=3)
        elif not macs and "" not in self._told:
            self._told.add("")
            text = "archcost saw no multiply-add in this step: a compiled network hides its operators"
            warnings.warn(text, stacklevel=3)

    def _compute(self, seconds: float) -> dict[str, float]:
        rate = 2 * self._macs / seconds
        figures = {"macs_per_step": self._macs / self._steps, "flops_per_second": rate}
        if self._ceiling is not None:
            figures["utilisation"] = rate / self._ceiling
        figures |= {f"{name}_per_second": count / seconds for name, count in self._items.items()}
        figures["predicted_peak_bytes"] = self._counter.peak_bytes
        measured = None if self._device is None else read_peak_bytes(self._device)
        if measured is not None:
            figures["measured_peak_bytes"] = measured
        return {f"{PREFIX}{name}": value for name, value in figures.items()}

    def _read_clock(self) -> float:
        """Return the time after the device has finished its work."""
        if self._device is not None and self._device.type != "cpu":
            import torch

            torch.accelerator.synchronize(self._device)
        return self._clock()


def read_peak_bytes(device: torch.device) -> int | None:
    """Return the most bytes that the device's allocator has handed out; None where torch does not count them."""
    import torch

    return None if device.type == "cpu" else torch.accelerator.max_memory_allocated(device)


def _read_peak(peak: float | str | None, dtype: str) -> float | None:
    if isinstance(peak, str):
        from archcost.clock.datasheet import peaks_of

        known = peaks_of(peak).flops_per_second
        if dtype not in known:
            raise ArgumentError(f"the datasheet of {peak} has no peak of {dtype}; it has {', '.join(known)}")
        return known[dtype]
    if peak is not None and not peak > 0:
        raise ArgumentError(f"a peak must be above 0 FLOP/s, not {peak}")
    return peak


def _measure_peak(device: torch.device, dtype: str) -> float | None:
    from archcost.clock.devices import clock_of
    from archcost.clock.roofs import roof_of

    return roof_of(device, (dtype,), clock_of(device)).flops_per_second.get(dtype)
