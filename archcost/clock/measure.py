"""measure(job, plan, clock) -> Sample: first end to end without hooks, then per layer."""

from __future__ import annotations

import math
import os
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeVar

from archcost import units
from archcost.clock.boundaries import BEFORE_ALL, Boundaries, Passes
from archcost.clock.conditions import conditions, describe_unread, disturbances, state
from archcost.clock.energy import Meter
from archcost.clock.kinds import kind_of
from archcost.clock.neighbours import describe_busiest, list_processes
from archcost.clock.nvml import Nvml
from archcost.clock.rows import row_times
from archcost.clock.sampling import Rounds, sample, warm_up
from archcost.clock.windows import Windows
from archcost.errors import ClockError
from archcost.records import LayerTimes, Sample, Series

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    import torch
    from torch import nn

    from archcost.clock.neighbours import Process
    from archcost.clock.protocol import Clock
    from archcost.clock.windows import Interval, Marks
    from archcost.records import DeviceState, Energy, Layer, TimingPlan

T = TypeVar("T")
GRAPH = "CUDA graph"
HOOKS_NS = 10**8  # the network is already warm, but its hooks are not
DISTURBED = 0.05
FAR_ABOVE = 1.2


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """The timed work: the phases of one iteration, "forward" first, and the leaf modules of its rows.

    `layers` are the rows of the exact account, `phase_macs` the multiply-adds of the later phases. `whole` runs an
    iteration as a user would, which is not divided into phases if it is compiled. `held_bytes` counts the allocated
    bytes of its tensors between two iterations. `uncapturable` says why it cannot be captured as a graph, if that is
    known.
    """

    phases: Sequence[tuple[str, Callable[[], object]]]
    leaves: Mapping[nn.Module, str]
    layers: Sequence[Layer]
    phase_macs: Mapping[str, int]
    images: int
    dtype: str
    whole: Callable[[], object]
    held_bytes: Callable[[], int] = lambda: 0
    uncapturable: str | None = None


def measure(job: Job, plan: TimingPlan, clock: Clock, device: torch.device) -> Sample:
    """Measure a job by a plan.

    Errors of the network propagate unchanged.
    """
    with kind_of(device).using(device):
        return _measure(job, plan, clock, device)


def _measure(job: Job, plan: TimingPlan, clock: Clock, device: torch.device) -> Sample:
    driver = Nvml.find(device)
    nvml = None if isinstance(driver, str) else driver
    measuring = _Measuring(job, plan, clock)
    meter = Meter(clock, nvml, plan.max_ns)
    run = measuring.runner()
    rounds = measuring.rounds(run)
    warmup, median = warm_up(rounds.take, plan, clock)
    if not warmup.settled:
        measuring.unmet.append("warm-up: the last five medians did not agree within the limit of time")
    memory = clock.peak_memory(job.whole)
    if memory is not None and memory.before_bytes is not None:
        memory = replace(memory, workspace_bytes=max(0, memory.before_bytes - job.held_bytes()))
    if memory is not None and measuring.timer == GRAPH:
        measuring.notes.append("memory is of an iteration without the graph; what is reserved has the graph's own, too")
    rounds.fill(median)
    before = rounds.look(lambda: state(device, nvml))
    others, begun = list_processes(), clock.now()
    half = plan.max_ns // 2
    left = max(plan.max_ns - warmup.ns, half)  # the limit includes the warm-up
    end_to_end = measuring.sampled(rounds.take, "end to end", replace(plan, max_ns=left))
    spent = warmup.ns + clock.now() - begun  # layers are as noisy as the whole network
    cpu = None if clock.queues else Series(tuple(rounds.cpu_ns))
    measuring.unmet += _describe_noise(end_to_end, cpu, state(device, nvml), others, (clock.now() - begun) / 10**9)
    energy, wall, latency = measuring.waiting(rounds, meter) if clock.queues else (None, None, None)
    layers = measuring.layers(run, replace(plan, max_ns=max(half, min(plan.max_ns, plan.max_ns + half - spent))))
    elapsed = clock.now() - begun
    after = rounds.look(lambda: state(device, nvml))
    found = conditions(device, nvml, before, after)
    if job.dtype == "float32" and found.tf32_for:
        measuring.notes.append(
            f"{' and '.join(found.tf32_for)} of float32 are computed in TF32, as torch's switches are set; "
            "a dtype of float32 computes them exactly"
        )
    measuring.notes += meter.notes
    unread = describe_unread(found.unread or (), driver if isinstance(driver, str) else driver.limits)
    measuring.notes += [] if unread is None else [unread]
    measuring.unmet += disturbances(before, after, elapsed)
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
        latency=latency,
        resolution_ns=clock.resolution_ns,
    )


def _describe_noise(
    series: Series, cpu: Series | None, now: DeviceState, others: Mapping[int, Process], seconds: float
) -> Iterator[str]:
    """Describe the CPU's other work during the samples, its process, and a median far above the fastest samples."""
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
    """The state of the measurement of one job."""

    def __init__(self, job: Job, plan: TimingPlan, clock: Clock) -> None:
        self.job, self.plan, self.clock = job, plan, clock
        self.notes: list[str] = []
        self.unmet: list[str] = []
        self.timer = clock.name

    def runner(self) -> Callable[[], object]:
        """Return the function that runs one iteration: the captured graph if requested and possible."""
        captured = self._captured(self.job.whole, "timed with {} instead")
        if captured is None:
            return self.job.whole
        self.timer = GRAPH
        return captured

    def rounds(self, run: Callable[[], object]) -> Rounds:
        """Return rounds of an iteration; windows can end inside an iteration that runs by phases."""
        by_phases = run is self.job.whole and not self.plan.compiled
        return Rounds(run, self.clock, Boundaries(self.job.leaves, self.job.phases).pass_by if by_phases else None)

    def sampled(self, take: Callable[[], list[int]], what: str, plan: TimingPlan | None = None) -> Series:
        """Take samples; note unmet conditions."""
        series, missing = sample(take, plan or self.plan, self.clock, what)
        self.unmet += missing
        return series

    def waiting(self, rounds: Rounds, meter: Meter) -> tuple[Energy | None, Series, Series]:
        """Measure the host's wait for many iterations and for one, and the device's energy meanwhile."""
        plan = replace(self.plan, min_ns=max(self.plan.min_ns, meter.least_ns))
        energy, wall = meter.measure(
            lambda: self.sampled(rounds.wait, "wall time", plan), rounds.size * self.job.images
        )
        return energy, wall, wall if rounds.size == 1 else self.sampled(rounds.wait_for_one, "latency")

    def layers(self, run: Callable[[], object], plan: TimingPlan) -> LayerTimes | None:
        """Measure the rows within the limits of a plan; None with a note if that is impossible."""
        if not self.plan.layers:
            return None
        if self.plan.compiled:
            self.notes.append("no times of layers: hooks would take a compiled network apart again")
            return None
        try:
            return self._layers(run, plan)
        except ClockError as error:
            self.notes.append(f"no times of layers: {error}")
            return None

    def _layers(self, run: Callable[[], object], plan: TimingPlan) -> LayerTimes:
        job, clock = self.job, self.clock
        boundaries, passes = Boundaries(job.leaves, job.phases), Passes()

        def order(windows: Windows) -> Marks:
            return windows.record(lambda: boundaries.mark_rows(windows), BEFORE_ALL)

        replay = None
        if self.timer == GRAPH:
            unjudged = Windows(clock, judges=False)
            replay = self._captured(lambda: order(unjudged), "the layers are timed without it, with {}")
        windows, plain = Windows(clock), self.rounds(job.whole if replay is None else run)
        without: list[int] = []

        def take_rows() -> list[Interval]:
            return windows.read(order(windows) if replay is None else replay())

        def take() -> list[int]:
            span = passes.add(take_rows(), boundaries.paths)
            without.extend(plain.take())
            return [span]

        begun = clock.now()
        while not passes.ns or clock.now() - begun < HOOKS_NS:
            take()
        if replay is None:
            windows.fit(take_rows, divisible=True)
            plain.fill(math.inf)
        passes, without = Passes(), []
        spans = self.sampled(take, "per layer", plan)
        rows = row_times(passes, job.layers, job.phase_macs)
        full = not passes.behind if clock.queues else None
        return LayerTimes(rows=rows, spans=spans, plain=Series(tuple(without)), queue_full=full)

    def _captured(self, run: Callable[[], T], otherwise: str) -> Callable[[], T] | None:
        """Return the function that replays a captured function; None with a note if the capture is impossible."""
        if self.plan.timer != "graph":
            return None
        reason = "a training step is not captured" if len(self.job.phases) > 1 else self.job.uncapturable
        if reason is None:
            try:
                return self.clock.capture(run)
            except ClockError as error:
                reason = str(error)
        self.notes.append(f"--timer graph: {reason}; {otherwise.format(self.clock.name)}")
        return None
