"""Options of timing (`TimingPlan`) and its results (`Sample`). Times are nanoseconds.

A missing measurement is None, never 0. The median, the percentiles and the confidence interval are computed from the
samples on demand.
"""

from __future__ import annotations

import math
import statistics
from dataclasses import dataclass, replace
from typing import Literal, Self, TypeAlias

from archcost.choices import TIMERS, check_choice
from archcost.display import Displayed
from archcost.errors import ArgumentError
from archcost.records.precision import AMP_DTYPES
from archcost.records.roof import Achieved, Roof, compute_achieved

DTYPES = ("float32", "tf32", "bfloat16", "float16", "float64")
SECOND = 10**9
Outcome: TypeAlias = Literal["timed", "out of memory", "failed"]
LEAST_STEPS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class TimingPlan:
    """The options of timing.

    The network and its inputs are cast to `dtype` ("tf32" is float32 with TensorFloat-32 products), or left unchanged
    if it is None; `amp` ("bf16" or "fp16") is the dtype of torch.autocast. `threads` None means torch's number. The
    warm-up ends when the last five medians agree within `agreement`, or at its limit. Sampling ends with `min_samples`,
    `min_ns` and a confidence interval of the median of at most +-`half_width`, or when more samples no longer narrow
    the interval, or at `max_ns`.

    Raises:
        ArgumentError: an unknown dtype, mixed precision or timer, or a wrong number of threads; names the allowed ones.
    """

    device: str = "auto"
    dtype: str | None = None
    amp: str | None = None
    channels_last: bool = False
    compiled: bool = False
    timer: Literal["events", "graph"] = "events"
    layers: bool = True
    roof: bool = True
    threads: int | None = None
    cudnn_benchmark: bool = False
    agreement: float = 0.01
    max_warmup_ns: int = 2 * SECOND
    min_samples: int = 20
    min_ns: int = SECOND // 5
    half_width: float = 0.01
    max_ns: int = 5 * SECOND

    def __post_init__(self) -> None:
        if self.dtype is not None:
            check_choice("dtype", self.dtype, DTYPES)
        if self.amp is not None:
            check_choice("amp", self.amp, AMP_DTYPES)
        check_choice("timer", self.timer, TIMERS)
        if self.threads is not None and self.threads < 1:
            raise ArgumentError(f"threads must be at least 1, or None for torch's number, not {self.threads}")

    def within(self, seconds: float) -> Self:
        """Return a plan whose measurements each end after this many seconds."""
        limit = int(seconds * SECOND)
        return replace(self, max_ns=limit, max_warmup_ns=min(limit, self.max_warmup_ns))

    @property
    def changes_network(self) -> bool:
        """Whether timing changes the network's dtype or layout."""
        return self.dtype is not None or self.channels_last


@dataclass(frozen=True, slots=True)
class Series:
    """Every sample in the order of measurement; no sample is dropped."""

    ns: tuple[int, ...]

    @property
    def n(self) -> int:
        """Number of samples."""
        return len(self.ns)

    @property
    def median(self) -> float:
        """Median."""
        return statistics.median(self.ns)

    @property
    def spread(self) -> float:
        """Distance between the 10th and the 90th percentile, relative to the median."""
        return (self.quantile(0.9) - self.quantile(0.1)) / (self.median or 1)

    @property
    def half_width(self) -> float:
        """Half-width of the median's 95 % confidence interval, relative to the median; infinite below six samples.

        The interval lies between two of the ordered samples, whose ranks follow from the binomial distribution, so it
        assumes no distribution of the times.
        """
        if self.n < 6:  # noqa: PLR2004 - five samples all lie on one side once in sixteen times
            return math.inf
        rank = math.floor((self.n + 1 - 1.96 * math.sqrt(self.n)) / 2)
        ordered = sorted(self.ns)
        return (ordered[-rank] - ordered[rank - 1]) / 2 / (self.median or 1)

    def quantile(self, part: float) -> float:
        """Return a percentile of the samples, with linear interpolation."""
        ordered = sorted(self.ns)
        place = part * (self.n - 1)
        below = ordered[math.floor(place)]
        return below + (ordered[math.ceil(place)] - below) * (place - math.floor(place))


@dataclass(frozen=True, slots=True, kw_only=True)
class RowTime:
    """The times of one row in every pass, and its exact costs.

    `role` "leaf" is one call of a leaf module, with the `name`, `call` and `kind` of its row in the report; "between"
    is time outside all leaves; "phase" is the loss, the backward pass or the optimizer's step. `layers` are the numbers
    of the report's rows that it covers, whose costs these are; bytes are None if unknown. `upper_bound`: the host was
    late, so the device may have waited; None without a queue. `work` is the role (`Layer.role`) of its row with the
    most multiply-adds.
    """

    name: str
    call: int
    kind: str
    role: Literal["leaf", "between", "phase"]
    layers: tuple[int, ...]
    macs: int
    moved_bytes: int | None
    times: Series
    upper_bound: bool | None = None
    work: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerTimes:
    """Every row of every pass; in each pass, the rows' times add up to the span exactly.

    `plain` are iterations without events, run in turn with the passes so that a drift moves both. `queue_full` says
    whether the host stayed ahead of the device for every row; `RowTime.upper_bound` says so for each. None on the CPU,
    which has no queue. The span excludes the gaps between the windows of a pass.
    """

    rows: tuple[RowTime, ...]
    spans: Series
    plain: Series
    queue_full: bool | None

    @property
    def overhead(self) -> float:
        """The overhead of the events, relative to the time without them."""
        return self.spans.median / (self.plain.median or 1) - 1

    @property
    def coverage(self) -> float:
        """The share of the time that belongs to leaf modules and phases."""
        owned = sum(sum(row.times.ns) for row in self.rows if row.role != "between")
        return owned / (sum(self.spans.ns) or 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Warmup:
    """The number of warm-up runs, and whether the times had settled."""

    iterations: int
    ns: int
    settled: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryUse:
    """The peaks of the tensors' bytes and of the allocator's memory during one iteration.

    `before_bytes` were allocated before it; `workspace_bytes` of them belong to libraries, not to the network, its
    inputs or the optimizer.
    """

    allocated_bytes: int
    reserved_bytes: int
    before_bytes: int | None = None
    workspace_bytes: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Energy:
    """The power of the device during `seconds` of iterations without a pause.

    `idle_watts` is its idle power before. `uncertainty` is the possible error of the energy, relative to it. None in a
    report that lacks them.
    """

    joules_per_image: float
    watts: float
    seconds: float | None = None
    idle_watts: float | None = None
    uncertainty: float | None = None

    @property
    def own_joules_per_image(self) -> float | None:
        """Energy per image beyond the device's idle power."""
        if self.idle_watts is None:
            return None
        return self.joules_per_image * max(0.0, 1 - self.idle_watts / (self.watts or 1))


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceState:
    """The state of the device at one moment; a device with a queue is working then.

    `held_back_ns` is the total time so far in which a limit (power, heat, a quota) slowed it down.
    """

    clock_hz: int | None = None
    memory_clock_hz: int | None = None
    celsius: int | None = None
    watts: float | None = None
    throttle_reasons: tuple[str, ...] | None = None
    held_back_ns: dict[str, int] | None = None
    other_processes: int | None = None
    load: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """The conditions of the measurement.

    `tf32_for` names which of float32's "products" and "convolutions" torch may compute in TensorFloat-32, `tf32` says
    whether any; None in a report that lacks it. `unread` names the fields of the device's states that could not be
    read.
    """

    device: str
    driver: str | None
    torch: str
    cudnn: str | None
    threads: int | None
    cudnn_benchmark: bool
    deterministic: bool
    tf32: bool
    before: DeviceState
    after: DeviceState
    tf32_for: tuple[str, ...] | None = None
    unread: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """Three separate measurements of one network.

    `end_to_end` is the time of an iteration without hooks: the device's time with a full queue, or the host's time on
    the CPU. `wall` is the host's time per iteration of several in a row, where it waits only for the last; `latency` is
    the host's time for a single iteration: both None on the CPU, where the clock is the same. `layers` are the times
    with an event at each boundary, None with the reason in `notes`. The rows carry their exact costs. `cpu` has the
    measuring thread's CPU time for each sample of `end_to_end` on the CPU, None on another device. `resolution_ns` is
    the timer's step, if it is coarse. `unmet` names every condition of a trustworthy measurement that was not met.
    """

    plan: TimingPlan
    timer: str
    dtype: str
    images: int
    warmup: Warmup
    end_to_end: Series
    queue_full: bool | None
    wall: Series | None
    layers: LayerTimes | None
    memory: MemoryUse | None
    energy: Energy | None
    conditions: Conditions
    roof: Roof | None
    notes: tuple[str, ...]
    unmet: tuple[str, ...]
    cpu: Series | None = None
    latency: Series | None = None
    resolution_ns: int | None = None

    @property
    def disturbance(self) -> float | None:
        """The share of the time in which the measuring thread did not run: others did, or the network waited."""
        return None if self.cpu is None else max(0.0, 1 - sum(self.cpu.ns) / (sum(self.end_to_end.ns) or 1))

    @property
    def waited_for(self) -> Series:
        """Latency: the samples of single iterations that the host waits for."""
        return self._pace if self.latency is None else self.latency

    @property
    def latency_ns(self) -> float:
        """The median latency."""
        return self.waited_for.median

    @property
    def images_per_second(self) -> float:
        """Throughput: samples of iterations in a row, which do not wait for each other."""
        return self.images * SECOND / self._pace.median

    @property
    def _pace(self) -> Series:
        if self.wall is None or self.wall.median < self.end_to_end.median:
            return self.end_to_end
        return self.wall

    def resolves(self, row: RowTime) -> bool:
        """Whether a row's time is several steps of the timer, so that more than its first digit is meaningful."""
        return row.times.median >= LEAST_STEPS * (self.resolution_ns or 0)

    @property
    def idle(self) -> float | None:
        """The share of the time in which the device waits for the host; None without a queue."""
        return None if self.wall is None else max(0.0, 1 - self.end_to_end.median / self.wall.median)

    @property
    def cpu_bound(self) -> bool:
        """Whether the host sets the pace: the device waits for a tenth of the time or more."""
        return (self.idle or 0.0) > 0.1  # noqa: PLR2004 - a tenth

    def dtype_of(self, work: str | None) -> str:
        """Return the dtype in which a row with this role multiplies; torch may compute float32 in TensorFloat-32."""
        kinds = {"convolution": "convolutions", "recurrent": "convolutions"}  # cuDNN's switch
        in_tf32 = self.dtype == "float32" and kinds.get(work or "", "products") in (self.conditions.tf32_for or ())
        return "tf32" if in_tf32 else self.dtype

    def achieved_in(self, row: RowTime) -> Achieved | None:
        """Return a row's rates beside the roof of the dtype in which it multiplies."""
        seconds = row.times.median / SECOND
        return compute_achieved(row.macs, row.moved_bytes, seconds, self.roof, self.dtype_of(row.work))

    @property
    def dtypes(self) -> tuple[str, ...]:
        """The dtypes in which its rows multiply."""
        return tuple(dict.fromkeys((self.dtype_of("linear"), self.dtype_of("convolution"))))

    @property
    def arithmetic(self) -> str:
        """The dtype's text for display: "float32 (convolutions in TF32)"."""
        tf32 = self.conditions.tf32_for or ()
        if self.dtype != "float32" or not tf32:
            return self.dtype
        return f"float32 ({'all' if len(tf32) > 1 else tf32[0]} in TF32)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One combination of a sweep; `macs` are the multiply-adds of one iteration, `predicted_bytes` is the walk's peak.

    An `outcome` "timed" has a sample; for others, `message` says what happened.
    """

    plan: TimingPlan
    batch: int
    inputs: tuple[str, ...]
    train: str | None
    outcome: Outcome
    message: str = ""
    macs: int | None = None
    predicted_bytes: int | None = None
    sample: Sample | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sweep(Displayed):
    """The cells of one network in the order of timing; `asked` is the requested number."""

    network: str
    name: str
    asked: int
    cells: tuple[Cell, ...]
