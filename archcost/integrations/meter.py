"""What steps achieve: their multiply-adds and items beside the time that they took."""

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

PREFIX = "archcost/"


class Meter:
    """Measure training steps and say, every few of them, what they achieved.

    Steps in which operators were recorded are not timed, nor is what happens between `pause` and the next step.

    Args:
        every: after how many timed steps there are figures.
        peak: the floating-point operations of the device in a second, for its utilisation: a number, a device's name of
            the datasheets, "measured", or None for no utilisation.
        dtype: what the network multiplies in, for a peak by name or measured.
        clock: the time in seconds.

    Raises:
        ArgumentError: figures after less than one step, or a peak that is not positive.
        NoDeviceError: a device without a datasheet.
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
        """The operators that are counted as nothing, for there is no rule."""
        return tuple(sorted(self._counter.uncovered))

    def prepare(self, device: torch.device) -> None:
        """Say where the network runs; measure the peak there, where that was asked for."""
        self._device = device
        if self._peak == "measured":
            self._ceiling = _measure_peak(device, self._dtype)

    def start_step(self) -> None:
        """Begin a step."""
        self._new.clear()
        self._counter.start_step()
        if self._start is None:
            self._start = self._read_clock()

    def start_part(self, batch: Any) -> None:
        """Begin the forward and backward pass of a batch, one of those whose gradients accumulate."""
        self._new.update(count_items(batch))
        self._counter.start_part(batch)

    def end_step(self) -> dict[str, float]:
        """End a step; return figures by their names, or nothing where they are not due."""
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
        """Forget the steps since the last figures: something else took time."""
        self._start, self._macs, self._steps = None, 0, 0
        self._items.clear()

    def stop(self) -> None:
        """Stop, whatever became of the step."""
        self._counter.abandon()
        self.pause()

    def _warn(self, macs: int) -> None:
        """Say what the count leaves out, once each."""
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
        return {f"{PREFIX}{name}": value for name, value in figures.items()}

    def _read_clock(self) -> float:
        """Return the time at which the device has done what it was given."""
        if self._device is not None and self._device.type != "cpu":
            import torch

            torch.accelerator.synchronize(self._device)
        return self._clock()


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
