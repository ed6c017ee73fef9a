"""measure(job, plan, clock) -> Sample: end to end without hooks, then per layer, each on its own."""

from __future__ import annotations

import math
import os
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from archcost import units
from archcost.clock.boundaries import BEFORE_ALL, Boundaries, Passes
from archcost.clock.conditions import conditions, disturbances, state
from archcost.clock.kinds import kind_of
from archcost.clock.neighbours import describe_busiest, list_processes
from archcost.clock.nvml import Nvml
from archcost.clock.rows import row_times
from archcost.clock.sampling import Rounds, sample, warm_up
from archcost.clock.windows import Windows
from archcost.errors import ClockError
from archcost.records import Energy, LayerTimes, Sample, Series

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    import torch
    from torch import nn

    from archcost.clock.neighbours import Process
    from archcost.clock.protocol import Clock
    from archcost.clock.windows import Marks
    from archcost.records import DeviceState, Layer, TimingPlan

GRAPH = "CUDA graph"
HOOKS_NS = 10**8  # the network is warm already, its hooks are not
DISTURBED = 0.05
FAR_ABOVE = 1.2
ENERGY_NS = 10**9  # NVML's counter moves some ten times a second


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What is timed: the phases of one iteration, "forward" first, and the leaf modules that its rows stand for.

    `layers` are the rows of the exact account, `phase_macs` the multiply-adds of the later phases. `whole` runs an
    iteration as the network is used, which is not by phases where it is compiled. `held_bytes` counts what its tensors
    take between two iterations, as an allocator gives it.
    """

    phases: Sequence[tuple[str, Callable[[], object]]]
    leaves: Mapping[nn.Module, str]
    layers: Sequence[Layer]
    phase_macs: Mapping[str, int]
    images: int
    dtype: str
    whole: Callable[[], object]
    held_bytes: Callable[[], int] = lambda: 0


def measure(job: Job, plan: TimingPlan, clock: Clock, device: torch.device) -> Sample:
    """Measure a job as a plan says.

    Whatever the network raises comes out of here as it is.
    """
    with kind_of(device).using(device):
        return _measure(job, plan, clock, device)


def _measure(job: Job, plan: TimingPlan, clock: Clock, device: torch.device) -> Sample:
    nvml = Nvml.of(device)
    measuring = _Measuring(job, plan, clock)
    run = measuring.runner()
    rounds = measuring.rounds(run)
    warmup, median = warm_up(rounds.take, plan, clock)
    if not warmup.settled:
        measuring.unmet.append("warm-up: the last five medians did not agree within the limit of time")
    memory = clock.peak_memory(job.whole)
    if memory is not None and memory.before_bytes is not None:
        memory = replace(memory, workspace_bytes=max(0, memory.before_bytes - job.held_bytes()))
    rounds.fill(median)
    before = state(device, nvml)
    others, begun = list_processes(), clock.now()
    end_to_end = measuring.sampled(rounds.take, "end to end")
    cpu = None if clock.queues else Series(tuple(rounds.cpu_ns))
    measuring.unmet += _describe_noise(end_to_end, cpu, state(device, nvml), others, (clock.now() - begun) / 10**9)
    energy, wall = measuring.waiting(rounds, nvml) if clock.queues else (None, None)
    layers = measuring.layers(run)
    after = state(device, nvml)
    found = conditions(device, nvml, before, after)
    if job.dtype == "float32" and found.tf32_for:
        measuring.notes.append(
            f"{' and '.join(found.tf32_for)} of float32 are computed in TF32, as torch's switches are set; "
            "a dtype of float32 computes them exactly"
        )
    measuring.unmet += disturbances(before, after)
    return Sample(
        plan=plan,
        timer=measuring.timer,
        dtype=job.dtype,
        images=job.images,
        warmup=warmup,
        end_to_end=end_to_end,
        queue_full=rounds.full,
        wall=wall,
        layers=layers,
        memory=memory,
        energy=energy,
        conditions=found,
        roof=None,
        notes=tuple(measuring.notes),
        unmet=tuple(measuring.unmet),
        cpu=cpu,
    )


def _describe_noise(
    series: Series, cpu: Series | None, now: DeviceState, others: Mapping[int, Process], seconds: float
) -> Iterator[str]:
    """Say for how much of the time the CPU did something else, for whom, and where some samples are much faster."""
    lost = 0.0 if cpu is None else 1 - sum(cpu.ns) / (sum(series.ns) or 1)
    if lost > DISTURBED:
        load = None if now.load is None else f"load {now.load:.1f} on {os.cpu_count()} cores"
        why = ", ".join(filter(None, (load, describe_busiest(others, seconds))))
        yield f"end to end: the CPU did something else for {units.percent(lost)} of the time{why and f': {why}'}"
    fast = series.quantile(0.1)
    if series.median > FAR_ABOVE * fast:
        yield (
            f"end to end: the median lies {units.percent(series.median / fast - 1)} above the 10th percentile "
            f"({units.duration(fast)}): something slows some of the iterations down"
        )


class _Measuring:
    """What comes together while one job is measured."""

    def __init__(self, job: Job, plan: TimingPlan, clock: Clock) -> None:
        self.job, self.plan, self.clock = job, plan, clock
        self.notes: list[str] = []
        self.unmet: list[str] = []
        self.timer = clock.name

    def runner(self) -> Callable[[], object]:
        """Return what runs one iteration: the captured graph where it was asked for and can be had."""
        captured = self._captured(self.job.whole)
        if captured is None:
            return self.job.whole
        self.timer = GRAPH
        return captured

    def rounds(self, run: Callable[[], object]) -> Rounds:
        """Return rounds of an iteration, in which windows can end where it is run by its phases."""
        whole = self.plan.compiled or self.timer == GRAPH
        divided = None if whole else Boundaries(self.job.leaves, self.job.phases).pass_by
        return Rounds(run, self.clock, divided)

    def sampled(self, take: Callable[[], list[int]], what: str, plan: TimingPlan | None = None) -> Series:
        """Take samples; note what is missing."""
        series, missing = sample(take, plan or self.plan, self.clock, what)
        self.unmet += missing
        return series

    def waiting(self, rounds: Rounds, nvml: Nvml | None) -> tuple[Energy | None, Series]:
        """Measure what the host waits for an iteration, and what the device draws meanwhile."""
        start_mj = None if nvml is None else nvml.energy_mj
        plan = self.plan if start_mj is None else replace(self.plan, min_ns=max(self.plan.min_ns, ENERGY_NS))
        begun = self.clock.now()
        wall = self.sampled(rounds.wait, "wall time", plan)
        elapsed = self.clock.now() - begun
        end_mj = None if nvml is None else nvml.energy_mj
        if start_mj is None or end_mj is None or elapsed < ENERGY_NS:
            return None, wall
        joules, images = (end_mj - start_mj) / 1000, wall.n * rounds.size * self.job.images
        return Energy(joules_per_image=joules / images, watts=joules / (elapsed / 10**9)), wall

    def layers(self, whole: Callable[[], object]) -> LayerTimes | None:
        """Measure the rows; None with a note where that cannot be done."""
        if not self.plan.layers:
            return None
        if self.plan.compiled:
            self.notes.append("no times of layers: hooks would take a compiled network apart again")
            return None
        try:
            return self._layers(whole)
        except ClockError as error:
            self.notes.append(f"no times of layers: {error}")
            return None

    def _layers(self, whole: Callable[[], object]) -> LayerTimes:
        job, clock = self.job, self.clock
        boundaries, passes, plain = Boundaries(job.leaves, job.phases), Passes(), self.rounds(whole)
        graph = self.timer == GRAPH
        windows = Windows(clock, judges=not graph)
        without: list[int] = []

        def record() -> Marks:
            return windows.record(lambda: boundaries.mark_rows(windows), BEFORE_ALL)

        captured = self._captured(record) if graph else None
        ordered = captured or record

        def take() -> list[int]:
            span = passes.add(windows.read(ordered()), boundaries.paths)
            without.extend(plain.take())
            return [span]

        begun = clock.now()
        while not passes.ns or clock.now() - begun < HOOKS_NS:
            take()
        if not graph:
            windows.fit(lambda: windows.read(ordered()), divisible=True)
            plain.fill(math.inf)
        passes, without = Passes(), []
        spans = self.sampled(take, "per layer")
        rows = row_times(passes, job.layers, job.phase_macs)
        full = not passes.behind if clock.queues else None
        return LayerTimes(rows=rows, spans=spans, plain=Series(tuple(without)), queue_full=full)

    def _captured(self, run: Callable[[], Any]) -> Callable[[], Any] | None:
        if self.plan.timer != "graph":
            return None
        reason = "a training step is not captured"
        if len(self.job.phases) == 1:
            try:
                return self.clock.capture(run)
            except ClockError as error:
                reason = str(error)
        note = f"--timer graph: {reason}; timed with {self.clock.name} instead"
        if note not in self.notes:
            self.notes.append(note)
        return None
