"""How a network is to be timed (`TimingPlan`), and what was measured (`Sample`). Times are nanoseconds.

What was not measured is None, never 0. Everything that follows from the samples is derived from them when it is asked
for: the median, the percentiles, the confidence interval.
"""

from __future__ import annotations

import math
import statistics
from dataclasses import dataclass, replace
from typing import Literal, Self, TypeAlias

from archcost.choices import TIMERS, check_choice
from archcost.errors import ArgumentError
from archcost.records.display import Displayed
from archcost.records.precision import AMP_DTYPES
from archcost.records.roof import Achieved, Roof, compute_achieved

DTYPES = ("float32", "tf32", "bfloat16", "float16", "float64")
SECOND = 10**9
Outcome: TypeAlias = Literal["timed", "out of memory", "failed"]
LEAST_STEPS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class TimingPlan:
    """What was asked for.

    `dtype` is what the whole network and its inputs are cast to ("tf32" is float32 with TensorFloat-32 products), None
    leaves them as they are; `amp` ("bf16" or "fp16") is what torch.autocast computes in. `threads` None is torch's
    number. Warming up ends when the last five medians agree within `agreement`, or at its limit. Sampling ends with
    `min_samples`, `min_ns` and a confidence interval of the median of at most +-`half_width`, or once more samples no
    longer narrow that, or at `max_ns`.

    Raises:
        ArgumentError: a dtype, a mixed precision, a timer or a number of threads that cannot be, with those that can.
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
        """Return a plan whose measurements end after that many seconds each."""
        limit = int(seconds * SECOND)
        return replace(self, max_ns=limit, max_warmup_ns=min(limit, self.max_warmup_ns))

    @property
    def changes_network(self) -> bool:
        """Whether the network itself is brought into another dtype or layout."""
        return self.dtype is not None or self.channels_last


@dataclass(frozen=True, slots=True)
class Series:
    """Every sample in the order in which it was taken; none is dropped."""

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
        """Distance between the 10th and the 90th percentile, as a part of the median."""
        return (self.quantile(0.9) - self.quantile(0.1)) / (self.median or 1)

    @property
    def half_width(self) -> float:
        """Half of the median's 95 % confidence interval as a part of the median; infinite below six samples.

        The interval lies between two of the ordered samples (their ranks follow from the binomial distribution), so
        it supposes nothing about how the times are distributed.
        """
        if self.n < 6:  # noqa: PLR2004 - five samples all lie on one side once in sixteen times
            return math.inf
        rank = math.floor((self.n + 1 - 1.96 * math.sqrt(self.n)) / 2)
        ordered = sorted(self.ns)
        return (ordered[-rank] - ordered[rank - 1]) / 2 / (self.median or 1)

    def quantile(self, part: float) -> float:
        """Return the value below which that part of the samples lies, between two of them by a straight line."""
        ordered = sorted(self.ns)
        place = part * (self.n - 1)
        below = ordered[math.floor(place)]
        return below + (ordered[math.ceil(place)] - below) * (place - math.floor(place))


@dataclass(frozen=True, slots=True, kw_only=True)
class RowTime:
    """The time of one row in every pass, and its exact costs.

    `role` "leaf" is one call of a leaf module, under the `name`, `call` and `kind` of its row in the report; "between"
    is what no leaf owns, "phase" the loss, the backward pass or the optimizer's step. `layers` are the numbers of the
    report's rows that it covers, whose costs these are; bytes are None where they are not known. `upper_bound`: the
    host was late for it, so the device may have waited; None where there is no queue. `work` is the role of the row
    that multiplies most in it, as `Layer.role` has it.
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
    """Every row of every pass: in each pass the rows' times add up to the span, to the nanosecond.

    `plain` are iterations without events that ran in turn with the passes, so that whatever drifts moves both.
    `queue_full` says whether the host stayed ahead of the device for every row; `RowTime.upper_bound` says it of each.
    None where there is no queue: on the CPU. What lies between two windows of a pass is no part of its span.
    """

    rows: tuple[RowTime, ...]
    spans: Series
    plain: Series
    queue_full: bool | None

    @property
    def overhead(self) -> float:
        """What the events add, as a part of the time without them."""
        return self.spans.median / (self.plain.median or 1) - 1

    @property
    def coverage(self) -> float:
        """The part of the time that leaf modules and phases own."""
        owned = sum(sum(row.times.ns) for row in self.rows if row.role != "between")
        return owned / (sum(self.spans.ns) or 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Warmup:
    """How often the network ran before the first sample, and whether its times had settled by then."""

    iterations: int
    ns: int
    settled: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryUse:
    """The largest sums of the tensors' bytes, and of what the allocator held for them, while one iteration ran.

    `before_bytes` were allocated before it; `workspace_bytes` of them belong to no tensor of the network, its inputs or
    the optimizer: libraries keep them.
    """

    allocated_bytes: int
    reserved_bytes: int
    before_bytes: int | None = None
    workspace_bytes: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Energy:
    """What the device drew while it ran iterations without a pause, for so many `seconds`.

    `idle_watts` is what it drew before, with nothing to do. `uncertainty` is a part of the energy: by how much what was
    read may be off. None in a report that does not know.
    """

    joules_per_image: float
    watts: float
    seconds: float | None = None
    idle_watts: float | None = None
    uncertainty: float | None = None

    @property
    def own_joules_per_image(self) -> float | None:
        """What an image takes beyond what the device draws with nothing to do."""
        if self.idle_watts is None:
            return None
        return self.joules_per_image * max(0.0, 1 - self.idle_watts / (self.watts or 1))


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceState:
    """The device at one moment; one that queues work has some to do then.

    `held_back_ns` is how long a limit (power, heat, a quota) has held it back, ever.
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
    """Under which conditions the samples were taken.

    `tf32_for` says which of "products" and "convolutions" of float32 torch may compute in TensorFloat-32, `tf32`
    whether any; None in a report that does not know. `unread` are the fields of the device's states that could not be
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
    """What was measured: three things, each on its own.

    `end_to_end` is the time of an iteration without hooks: the device's time with its queue kept full, the host's on
    the CPU. `wall` is the host's time for an iteration of several in a row, of which it waits for the last; `latency`
    is its time for one that it waits for: both None where that is the same clock. `layers` are the times with an event
    at each boundary, None with the reason in `notes`. Exact costs stand with the rows. `cpu` is for each sample of
    `end_to_end` on the CPU how long the measuring thread worked, None where a device works instead. `resolution_ns` is
    the step of the timer, where it has a coarse one. `unmet` names every condition that a trustworthy measurement needs
    and this one lacks.
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
        """The part of the time for which the measuring thread did not work: others did, or the network waited."""
        return None if self.cpu is None else max(0.0, 1 - sum(self.cpu.ns) / (sum(self.end_to_end.ns) or 1))

    @property
    def waited_for(self) -> Series:
        """What one iteration takes whoever waits for it: the host's times where the device's are a part of them."""
        return self._pace if self.latency is None else self.latency

    @property
    def latency_ns(self) -> float:
        """The median of what one iteration takes whoever waits for it."""
        return self.waited_for.median

    @property
    def images_per_second(self) -> float:
        """Throughput: iterations in a row, of which none waits for the one before to be done."""
        return self.images * SECOND / self._pace.median

    @property
    def _pace(self) -> Series:
        if self.wall is None or self.wall.median < self.end_to_end.median:
            return self.end_to_end
        return self.wall

    def resolves(self, row: RowTime) -> bool:
        """Whether a row's time is several steps of the timer, so that more than its first digit says something."""
        return row.times.median >= LEAST_STEPS * (self.resolution_ns or 0)

    @property
    def idle(self) -> float | None:
        """The part of the time for which the device waits for the host; None where there is no queue."""
        return None if self.wall is None else max(0.0, 1 - self.end_to_end.median / self.wall.median)

    @property
    def cpu_bound(self) -> bool:
        """Whether the host, not the device, sets the pace: whether the device waits for a tenth of the time."""
        return (self.idle or 0.0) > 0.1  # noqa: PLR2004 - a tenth

    def dtype_of(self, work: str | None) -> str:
        """Return in what a row of some work multiplies: float32 may be computed in TensorFloat-32."""
        kinds = {"convolution": "convolutions", "recurrent": "convolutions"}  # cuDNN's switch
        in_tf32 = self.dtype == "float32" and kinds.get(work or "", "products") in (self.conditions.tf32_for or ())
        return "tf32" if in_tf32 else self.dtype

    def achieved_in(self, row: RowTime) -> Achieved | None:
        """Return what a row does for each second, beside the roof of what it multiplies in."""
        seconds = row.times.median / SECOND
        return compute_achieved(row.macs, row.moved_bytes, seconds, self.roof, self.dtype_of(row.work))

    @property
    def dtypes(self) -> tuple[str, ...]:
        """What its rows multiply in."""
        return tuple(dict.fromkeys((self.dtype_of("linear"), self.dtype_of("convolution"))))

    @property
    def arithmetic(self) -> str:
        """The dtype as it is shown: "float32 (convolutions in TF32)"."""
        tf32 = self.conditions.tf32_for or ()
        if self.dtype != "float32" or not tf32:
            return self.dtype
        return f"float32 ({'all' if len(tf32) > 1 else tf32[0]} in TF32)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One combination of a sweep; `macs` are those of one iteration, `predicted_bytes` the walk's peak.

    `outcome` "timed" has a sample. Of the others `message` says what happened.
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
    """The cells of one network, in the order in which they were timed; `asked` is how many there should have been."""

    network: str
    name: str
    asked: int
    cells: tuple[Cell, ...]
