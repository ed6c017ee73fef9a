"""Questions that a first run on a GPU must answer before its times are credible: one line each, with a verdict.

A function of the measurements judges each answer, so the judgement is tested without a GPU. Not run on a GPU yet.
"""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import torch
from torch import nn
from torch.utils.checkpoint import checkpoint

import archcost
from archcost.clock.cuda import CudaClock
from archcost.clock.nvml import Nvml
from archcost.records import Sample, TimingPlan

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from archcost.clock.protocol import Clock

DEVICE = torch.device("cuda", 0)
HOLDS_NS = (200_000, 2_000_000, 20_000_000)
FULL_NS = 5_000_000  # a launch that blocks the host this long has waited for a place in the queue
MOST_COMMANDS = 4000
NEAR = 0.1


@dataclass(frozen=True, slots=True)
class Answer:
    """A finding, and whether it is right: None if there is no value to compare it with."""

    text: str
    right: bool | None = None

    def __str__(self) -> str:
        """Return the last two cells of the line."""
        return f"{self.text} | {'' if self.right is None else 'yes' if self.right else '**no**'}"


def look_at_driver() -> Answer:
    """Judge whether NVML answers, and does not report this process as another one."""
    nvml = Nvml.find(DEVICE)
    if isinstance(nvml, str):
        return Answer(nvml, right=False)
    torch.ones(1, device=DEVICE)
    found = nvml.state()
    return Answer(f"{found}; {nvml.energy_mj} mJ so far", right=not found.other_processes)


def hold_device(clock: Clock) -> Answer:
    """Judge whether the device is held as long as requested."""
    found = []
    clock.hold(HOLDS_NS[0])  # the first call calibrates it
    for ns in HOLDS_NS:
        first = clock.mark()
        clock.hold(ns)
        last = clock.mark()
        clock.finish()
        found.append(clock.offsets([first, last])[1])
    worst = max(abs(got / asked - 1) for asked, got in zip(HOLDS_NS, found, strict=True))
    return Answer(f"asked for {HOLDS_NS} ns, got {tuple(found)}", right=worst < 2 * NEAR)


def step_events(clock: Clock) -> Answer:
    """Measure the gap between two consecutive events and its granularity: the assumed resolution must cover both."""
    clock.hold(FULL_NS)
    marks = [clock.mark() for _ in range(400)]
    clock.finish()
    between = [later - before for before, later in pairwise(clock.offsets(marks))]
    distinct = sorted(set(between))
    step = min((later - before for before, later in pairwise(distinct)), default=0)
    text = f"{statistics.median(between):g} ns between two, from {min(between)} to {max(between)}, in steps of {step}"
    return Answer(text, right=step <= (clock.resolution_ns or 0))


def fill_queue(clock: Clock, order: Callable[[], object]) -> Answer:
    """Count the commands that the host queues while the device is held."""
    clock.hold(FULL_NS)
    clock.finish()
    clock.hold(100 * FULL_NS)
    depth, before = MOST_COMMANDS, clock.now()
    for number in range(MOST_COMMANDS):
        order()
        now = clock.now()
        if now - before > FULL_NS:
            depth = number
            break
        before = now
    clock.finish()
    return Answer(f"{depth} commands", right=depth > 256)  # noqa: PLR2004 - the largest window


def judge_depth(sample: Sample) -> Answer:
    """Judge whether a device-bound network is called device-bound, and every row has its own time."""
    assert sample.layers is not None  # noqa: S101 - it was asked for
    rows = sorted(row.times.median for row in sample.layers.rows if row.role == "leaf")
    low, high = rows[len(rows) // 10], rows[-1 - len(rows) // 10]
    text = f"device {sample.end_to_end.median / 1e6:.2f} ms, idle {sample.idle or 0:.3f}, leaves {low:g} to {high:g} ns"
    return Answer(text, right=not sample.cpu_bound and sample.layers.queue_full is not False and high < 1.2 * low)


def judge_equal(sample: Sample) -> Answer:
    """Judge whether equal layers take equal times that add up to the whole."""
    assert sample.layers is not None  # noqa: S101 - it was asked for
    rows = [row.times.median for row in sample.layers.rows if row.role == "leaf"][1:]
    whole = sum(row.times.median for row in sample.layers.rows) / sample.end_to_end.median
    text = f"slowest / fastest {max(rows) / min(rows):.3f}, rows / end to end {whole:.3f}"
    return Answer(text, right=max(rows) / min(rows) < 1 + NEAR and abs(whole - 1) < NEAR)


def judge_arithmetic(samples: Sequence[Sample]) -> Answer:
    """Judge whether runs with the same label take the same time: with torch's settings, in float32, in TF32."""
    text = ", ".join(f"{each.arithmetic} {each.end_to_end.median / 1e6:.3f} ms" for each in samples)
    found: dict[str, list[float]] = {}
    for each in samples:
        found.setdefault(each.arithmetic, []).append(each.end_to_end.median)
    return Answer(text, right=all(max(times) < (1 + NEAR) * min(times) for times in found.values()))


def judge_graph(graph: Sample, eager: Sample) -> Answer:
    """Judge whether a network is captured with its rows, in the same device time as without capture."""
    ratio = graph.end_to_end.median / eager.end_to_end.median
    text = f"{graph.timer}, graph / events {ratio:.3f}, wall {graph.latency_ns / 1e6:.3f} ms; {'; '.join(graph.notes)}"
    refused = any("--timer graph" in note for note in graph.notes)
    return Answer(text, right=not refused and graph.layers is not None and ratio < 1 + NEAR)


def judge_energy(sample: Sample) -> Answer:
    """Judge whether the energy is known, and agrees with the power that was read during the measurement."""
    energy, watts = sample.energy, sample.conditions.after.watts
    if energy is None or watts is None:
        return Answer("; ".join(sample.notes), right=False)
    return Answer(f"{energy}; {watts:g} W read", right=abs(energy.watts / watts - 1) < 2 * NEAR)


class Asks(nn.Module):
    """A network that cannot be captured: it reads a value."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(64, 64)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Multiply by a factor that depends on a value."""
        y: torch.Tensor = self.linear(x)
        return y * (2 if y.sum().item() > 0 else 3)


def fail_to_capture() -> Answer:
    """Judge whether a failed capture restores the stream and the allocator, and gives its reason."""
    before = torch.cuda.current_stream()
    sample = time_module(Asks(), (4, 64), timer="graph")
    same = torch.cuda.current_stream() == before
    torch.cuda.empty_cache()
    return Answer("; ".join(sample.notes), right=same and "--timer graph" in " ".join(sample.notes))


def time_module(module: nn.Module, shape: tuple[int, ...], **rest: Any) -> Sample:
    """Time a module for a second each."""
    with torch.device(DEVICE):
        found = archcost.profile(module.to(DEVICE), torch.randn(shape), time=TimingPlan(roof=False, **rest).within(1))
    assert found.measured is not None  # noqa: S101 - it was asked for
    return found.measured


def time_named(network: str, batch: int = 1, *, seconds: float = 1, train: str | None = None, **rest: Any) -> Sample:
    """Time a network, each call for some seconds."""
    plan = TimingPlan(**{"roof": False, **rest}).within(seconds)
    found = archcost.profile(network, device="cuda", batch=batch, train=train, time=plan).measured
    assert found is not None  # noqa: S101 - it was asked for
    return found


def chain(depth: int, width: int) -> nn.Module:
    """Return a chain of equal linear layers."""
    return nn.Sequential(*(nn.Linear(width, width, bias=False) for _ in range(depth)))


def go_deep(depth: int) -> Answer:
    """Judge the depth with this many layers, each far slower on the device than on the host."""
    return judge_depth(time_module(chain(depth, 1024), (2048, 1024)))


def train() -> Answer:
    """Judge whether a step has all its phases."""
    sample = time_named("resnet50", 32, train="adamw")
    phases = {
        row.name: row.times.median for row in (sample.layers.rows if sample.layers else ()) if row.role == "phase"
    }
    return Answer(f"{phases}, {sample.memory}", right=set(phases) == {"loss", "backward", "step"})


class Checkpointed(nn.Module):
    """Blocks that the backward pass runs again, on a GPU in a separate thread."""

    def __init__(self) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(nn.Sequential(nn.Linear(64, 256), nn.Tanh(), nn.Linear(256, 64)) for _ in range(4))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Run each block without keeping its intermediate results."""
        for block in self.blocks:
            x = checkpoint(block, x, use_reentrant=False)
        return x


def compare_backward(device: torch.device = DEVICE) -> Answer:
    """Judge whether each layer's backward pass has the same multiply-adds as on the CPU."""
    found = []
    for place in (device, torch.device("cpu")):
        inputs = torch.randn(8, 64, device=place)
        report = archcost.profile(Checkpointed().to(place), inputs, train="sgd", loss="sum")
        found.append([layer.backward_macs for layer in report.layers])
    return Answer(f"{found[0]}, {found[1]} on the CPU", right=found[0] == found[1] and any(found[0]))


def judge_other_clock(sample: Sample, milliseconds: float) -> Answer:
    """Judge whether one of equal layers takes another benchmark's time; that one empties the cache before each run."""
    assert sample.layers is not None  # noqa: S101 - it was asked for
    ours = statistics.median(row.times.median for row in sample.layers.rows if row.role == "leaf") / 1e6
    return Answer(
        f"{ours:.4f} ms, triton's do_bench {milliseconds:.4f} ms", right=abs(ours / milliseconds - 1) < 2 * NEAR
    )


def compare_with_triton() -> Answer:
    """Judge whether a linear layer takes the time that triton's do_bench measures."""
    from importlib import import_module

    testing = import_module("triton.testing")  # torch for CUDA includes triton, torch for the CPU does not
    x, weight = (torch.randn(4096, 4096, device=DEVICE, dtype=torch.bfloat16) for _ in range(2))
    theirs = testing.do_bench(lambda: nn.functional.linear(x, weight), return_mode="median")
    return judge_other_clock(time_module(chain(16, 4096), (4096, 4096), dtype="bfloat16"), theirs)


def compare_walk(network: str) -> Answer:
    """Judge whether the walk on the GPU counts the same as the walk on meta, row by row."""
    from archcost.sources import resolve
    from archcost.verify import collect_opinions

    walks = collect_opinions(resolve(network), device="cuda").walks
    assert walks is not None  # noqa: S101 - a device was named
    return Answer(f"{walks.rows} rows, {len(walks.differences)} differences", right=not walks.differences)


def list_questions() -> dict[str, Callable[[], Answer]]:
    """Return the questions, the most decisive first."""
    clock, ones = CudaClock(DEVICE), torch.ones(256, device=DEVICE)
    return {
        "driver": look_at_driver,
        "hold": lambda: hold_device(clock),
        "events": lambda: step_events(clock),
        "queue of kernels": lambda: fill_queue(clock, lambda: ones.add_(1)),
        "queue of events": lambda: fill_queue(clock, clock.mark),
        **{f"{depth} layers": partial(go_deep, depth) for depth in (100, 700, 1400)},
        "equal layers": lambda: judge_equal(time_module(chain(16, 4096), (4096, 4096), dtype="bfloat16")),
        "one layer": compare_with_triton,
        "TF32": lambda: judge_arithmetic(
            [time_named("resnet50", 32, dtype=dtype, layers=False) for dtype in (None, "float32", "tf32")]
        ),
        "training": train,
        "graph": lambda: judge_graph(
            *(time_named("mobilenet_v2", dtype="float32", timer=timer) for timer in ("graph", "events"))
        ),
        "failed capture": fail_to_capture,
        "walk of resnet50": lambda: compare_walk("resnet50"),
        "walk of densenet121": lambda: compare_walk("densenet121"),
        "backward pass": compare_backward,
        "energy": lambda: judge_energy(time_named("resnet50", 64, seconds=5, dtype="bfloat16", layers=False)),
    }
