"""The clock against torch's profiler, on a GPU: `python -m benchmarks.clock_gpu` writes reports/measured/timing-gpu.md.

For each network, batch and dtype: the sum of the rows against end to end; both against the kernels' own times as
torch's profiler (CUPTI) has them, in total and by rank for each layer; whether the host sets the pace; the largest
share of the roof. For repeatability the medians of fresh processes are compared. Not run on a GPU yet.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

import archcost
from archcost import sources
from archcost.clock.regime import regime, torch_dtype
from archcost.records import Sample, TimingPlan
from archcost.walk.parts import Parts
from archcost.walk.scopes import module_specs

if TYPE_CHECKING:
    from torch import nn

NETWORKS = ("vgg16", "resnet50", "mobilenet_v2", "densenet201", "timm:vit_base_patch16_224")
BATCHES = (1, 32, 128)
DTYPES = ("float32", "tf32", "bfloat16")
REPEATED = ("resnet50", 32, "float32")
PROCESSES = 5
PASSES = 10
REPORT = Path(__file__).parent.parent / "reports" / "measured" / "timing-gpu.md"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of the table; times in milliseconds, everything else a ratio."""

    network: str
    batch: int
    dtype: str
    end_to_end: float
    rows_over_whole: float
    kernels_over_whole: float
    rank: float
    cpu_bound: bool
    largest_share: float
    unmet: int


def measured(network: str, batch: int, dtype: str) -> Sample:
    """Time one combination."""
    sample = archcost.profile(network, device="cuda", batch=batch, time=TimingPlan(dtype=dtype)).measured
    assert sample is not None  # noqa: S101 - it was asked for
    return sample


def kernel_ns(network: str, batch: int, dtype: str) -> tuple[float, dict[tuple[str, int], float]]:
    """Return the kernels' time of one pass by torch's profiler: in all, and for each call of a leaf module."""
    from torch.profiler import ProfilerActivity, profile

    resolved = sources.resolve(network)
    with torch.device("cuda"):
        module = resolved.build().eval().to(torch_dtype(dtype))
    x = resolved.inputs[0].tensor(batch, "cuda").to(torch_dtype(dtype))
    with regime(TimingPlan(dtype=dtype)), torch.no_grad():
        for _ in range(PASSES):
            module(x)
        torch.cuda.synchronize()
        with Named(module), profile(activities=[ProfilerActivity.CPU, ProfilerActivity.CUDA]) as profiled:
            for _ in range(PASSES):
                module(x)
            torch.cuda.synchronize()
    events = profiled.events()
    whole = sum(event.self_device_time_total for event in events) * 1000 / PASSES
    calls: dict[tuple[str, int], float] = {}
    seen: dict[str, int] = {}
    for event in sorted(events, key=lambda event: event.time_range.start):
        if event.name.startswith(Named.MARK):
            path = event.name.removeprefix(Named.MARK)
            number = seen.get(path, 0)
            seen[path] = number + 1
            calls[path, number] = event.device_time_total * 1000
    per_pass = {path: count // PASSES for path, count in seen.items()}
    summed: dict[tuple[str, int], float] = {}
    for (path, number), ns in calls.items():
        key = path, number % per_pass[path]
        summed[key] = summed.get(key, 0.0) + ns / PASSES
    return whole, summed


class Named:
    """Gives each call of a leaf module a name in the profiler's events."""

    MARK = "leaf:"

    def __init__(self, module: nn.Module) -> None:
        self._paths = {leaf: spec.path for leaf, spec in module_specs(Parts(module).modules).items() if spec.leaf}
        self._open: list[Any] = []
        self._handles: list[Any] = []

    def __enter__(self) -> None:
        for leaf, path in self._paths.items():
            self._handles.append(leaf.register_forward_pre_hook(lambda *_, path=path: self._begin(path)))
            self._handles.append(leaf.register_forward_hook(lambda *_: self._end()))

    def __exit__(self, *_: object) -> None:
        for handle in self._handles:
            handle.remove()

    def _begin(self, path: str) -> None:
        self._open.append(torch.profiler.record_function(self.MARK + path))
        self._open[-1].__enter__()

    def _end(self) -> None:
        self._open.pop().__exit__(None, None, None)


def spearman(one: list[float], other: list[float]) -> float:
    """Return the correlation of ranks."""
    import pandas as pd

    return float(pd.Series(one).rank().corr(pd.Series(other).rank()))


def line(network: str, batch: int, dtype: str) -> Line:
    """Measure one combination both ways."""
    sample = measured(network, batch, dtype)
    assert sample.layers is not None  # noqa: S101 - these networks have rows
    whole, kernels = kernel_ns(network, batch, dtype)
    rows = {(row.name, row.call): row.times.median for row in sample.layers.rows if row.role == "leaf"}
    both = [key for key in rows if kernels.get(key)]
    shares = [done.share for row in sample.layers.rows if (done := sample.achieved_in(row)) and done.share is not None]
    return Line(
        network=network,
        batch=batch,
        dtype=dtype,
        end_to_end=sample.end_to_end.median / 1e6,
        rows_over_whole=sum(row.times.median for row in sample.layers.rows) / sample.end_to_end.median,
        kernels_over_whole=whole / sample.end_to_end.median,
        rank=spearman([rows[key] for key in both], [kernels[key] for key in both]),
        cpu_bound=sample.cpu_bound,
        largest_share=max(shares),
        unmet=len(sample.unmet),
    )


def repeatability() -> list[float]:
    """Return the medians, in milliseconds, of fresh processes."""
    network, batch, dtype = REPEATED
    command = [sys.executable, "-m", "archcost", "time", network, "--device", "cuda", "--batch", str(batch)]
    command += ["--dtype", dtype, "--no-layers", "--format", "json", "-q"]
    found = []
    for _ in range(PROCESSES):
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        ns = json.loads(done.stdout)["cells"][0]["sample"]["end_to_end"]["ns"]
        found.append(sorted(ns)[len(ns) // 2] / 1e6)
    return found


def text(lines: list[Line], medians: list[float], sample: Sample) -> str:
    """Return the report."""
    found = sample.conditions
    network, batch, dtype = REPEATED
    spread = (max(medians) - min(medians)) / sorted(medians)[len(medians) // 2]
    head = [
        "# Timing on a GPU",
        "",
        f"{found.device}, driver {found.driver}, torch {found.torch}, cuDNN {found.cudnn}. Written by "
        "`python -m benchmarks.clock_gpu`.",
        "",
        "| network | batch | dtype | end to end ms | rows / end to end | profiler's kernels / end to end "
        "| Spearman by layer | CPU-bound | largest share of the roof | conditions unmet |",
        "| :-- | --: | :-- | --: | --: | --: | --: | :-- | --: | --: |",
    ]
    body = [
        f"| {each.network} | {each.batch} | {each.dtype} | {each.end_to_end:.3f} | {each.rows_over_whole:.3f} | "
        f"{each.kernels_over_whole:.3f} | {each.rank:.3f} | {'yes' if each.cpu_bound else 'no'} | "
        f"{each.largest_share:.2f} | {each.unmet} |"
        for each in lines
    ]
    tail = [
        "",
        f"Repeatability of {network}, batch {batch}, {dtype}, over {PROCESSES} processes: medians "
        f"{', '.join(f'{median:.3f}' for median in medians)} ms, spread {100 * spread:.1f} %.",
        "",
    ]
    return "\n".join([*head, *body, *tail])


def main() -> None:
    """Measure everything and write the report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--networks", nargs="+", default=NETWORKS)
    parser.add_argument("-o", "--output", type=Path, default=REPORT)
    asked = parser.parse_args()
    if not torch.cuda.is_available():
        sys.exit("benchmarks.clock_gpu: torch finds no CUDA device here; nothing was measured or written")
    lines = []
    for network in asked.networks:
        for batch in BATCHES:
            for dtype in DTYPES:
                lines.append(line(network, batch, dtype))
                print(lines[-1], file=sys.stderr, flush=True)
    report = text(lines, repeatability(), measured("resnet50", 1, "float32"))
    asked.output.parent.mkdir(parents=True, exist_ok=True)
    asked.output.write_text(report, encoding="utf-8")
    print(f"wrote {asked.output}")


if __name__ == "__main__":
    main()
