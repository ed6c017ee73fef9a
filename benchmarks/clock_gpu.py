"""The clock on a GPU: `python -m benchmarks.clock_gpu` writes reports/measured/timing-gpu.md, line by line.

First come the checks that must pass before a time is credible (`benchmarks.gpu_questions`). Then, for each network,
batch and dtype: the sum of the rows against the end-to-end time; both against the kernel times of torch's profiler
(CUPTI), in total and by rank for each layer; whether the host sets the pace; the largest share of the roof. Last come
the medians of fresh processes. The report names the cases that did not fit into `--limit` seconds. The exit code is 1
if an answer is wrong. Not run on a GPU yet.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections import Counter, defaultdict
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch.autograd.profiler_util import DeviceType  # type: ignore[attr-defined]

import archcost
from archcost import sources
from archcost.clock.regime import regime, torch_dtype
from archcost.records import Sample, TimingPlan
from archcost.walk.parts import Parts
from archcost.walk.scopes import module_specs
from benchmarks.as_it_comes import LIMIT_SECONDS, Page

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from torch import nn

    from benchmarks.gpu_questions import Answer

NETWORKS = ("vgg16", "resnet50", "mobilenet_v2", "densenet201", "timm:vit_base_patch16_224")
BATCHES = (32, 1, 128)
DTYPES = ("float32", "bfloat16", "tf32")
REPEATED = ("resnet50", 32, "float32")
PROCESSES = 3
PASSES = 10
TABLE = """
| network | batch | dtype | end to end ms | rows / end to end | profiler's kernels / end to end | Spearman by layer \
| CPU-bound | largest share of the roof | conditions unmet |
| :-- | --: | :-- | --: | --: | --: | --: | :-- | --: | --: |"""
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

    def __str__(self) -> str:
        """Return the line of the table."""
        cells = [self.network, self.batch, self.dtype, f"{self.end_to_end:.3f}", f"{self.rows_over_whole:.3f}"]
        cells += [f"{self.kernels_over_whole:.3f}", f"{self.rank:.3f}", "yes" if self.cpu_bound else "no"]
        return f"| {' | '.join(map(str, (*cells, f'{self.largest_share:.2f}', self.unmet)))} |"


def measured(network: str, batch: int, dtype: str) -> Sample:
    """Time the calls of one combination, each for a second."""
    sample = archcost.profile(network, device="cuda", batch=batch, time=TimingPlan(dtype=dtype).within(1)).measured
    assert sample is not None  # noqa: S101 - it was asked for
    return sample


def kernel_ns(network: str, batch: int, dtype: str) -> tuple[float, dict[tuple[str, int], float]]:
    """Return the kernel time of one pass by torch's profiler: in total, and for each call of a leaf module."""
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
    return sum_kernels(profiled.events(), PASSES)


def sum_kernels(events: Iterable[Any], passes: int) -> tuple[float, dict[tuple[str, int], float]]:
    """Return the kernels' nanoseconds of one pass: in total, and for each call of a leaf module.

    The profiler lists every kernel three times: as an event of the device, under the operator that launched it, and
    within the device's copy of each annotation around it. Only the device events are summed; a leaf is charged with the
    kernels of the operators that ran in its annotation on the host.
    """
    whole = 0.0
    marks = []
    for event in events:
        named = event.name.startswith(Named.MARK)
        if event.device_type != DeviceType.CPU:
            whole += 0 if named or event.is_user_annotation else event.time_range.elapsed_us()
        elif named:
            marks.append(event)
    calls: Counter[tuple[str, int]] = Counter()
    seen: Counter[str] = Counter()
    for event in sorted(marks, key=lambda event: event.time_range.start):
        path = event.name.removeprefix(Named.MARK)
        calls[path, seen[path]] = event.device_time_total
        seen[path] += 1
    summed: defaultdict[tuple[str, int], float] = defaultdict(float)
    for (path, number), microseconds in calls.items():
        summed[path, number % (seen[path] // passes)] += 1000 * microseconds / passes
    return 1000 * whole / passes, dict(summed)


class Named:
    """Gives each call of a leaf module a name in the profiler's events."""

    MARK = "leaf:"

    def __init__(self, module: nn.Module) -> None:
        self._paths = {leaf: spec.path for leaf, spec in module_specs(Parts(module)).items() if spec.leaf}
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
    """Return the rank correlation."""
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


def median_of_process(number: int) -> float:
    """Return the median of a fresh process, in milliseconds."""
    del number
    network, batch, dtype = REPEATED
    command = [sys.executable, "-m", "archcost", "time", network, "--device", "cuda", "--batch", str(batch)]
    command += ["--dtype", dtype, "--no-layers", "--max-time", "1", "--format", "json", "-q"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    ns = json.loads(done.stdout)["cells"][0]["sample"]["end_to_end"]["ns"]
    return float(sorted(ns)[len(ns) // 2] / 1e6)


def write(page: Page, machine: str, questions: dict[str, Callable[[], Answer]], networks: Iterable[str]) -> bool:
    """Write the report; return whether every answer is right. A failure is one line, and the next case still runs."""
    page.add(f"# Timing on a GPU\n\n{machine} Written by `python -m benchmarks.clock_gpu`.\n")
    page.add("| question | found | as it has to be |\n| :-- | :-- | :-- |")
    right = True
    for name in page.each_in_time(questions):
        try:
            answer = questions[name]()
        except Exception as error:  # noqa: BLE001 - the next question may have an answer
            page.add(f"| {name} | {_spell(error)} | **no** |")
            right = False
        else:
            page.add(f"| {name} | {answer} |")
            right &= answer.right is not False
    page.add(TABLE)
    for dtype, batch, network in page.each_in_time(product(DTYPES, BATCHES, networks), _name):
        try:
            page.add(str(line(network, batch, dtype)))
        except Exception as error:  # noqa: BLE001 - a network that does not fit, for example
            page.add(f"| {network} | {batch} | {dtype} | {_spell(error)} | | | | | | |")
    page.add(f"\nMedians of fresh processes of {' '.join(map(str, REPEATED))}, in milliseconds:")
    for number in page.each_in_time(range(1, PROCESSES + 1), "process {}".format):
        page.add(f"{median_of_process(number):.3f}")
    return right


def _name(case: tuple[object, ...]) -> str:
    return " ".join(map(str, case))


def _spell(error: Exception) -> str:
    return f"{type(error).__name__}: {str(error).strip().splitlines()[0] if str(error).strip() else ''}"


def main() -> int:
    """Measure everything; return 1 if an answer is wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--networks", nargs="+", default=NETWORKS)
    parser.add_argument("--limit", type=float, default=LIMIT_SECONDS, help="seconds, in all")
    parser.add_argument("-o", "--output", type=Path, default=REPORT)
    asked = parser.parse_args()
    if not torch.cuda.is_available():
        sys.exit("benchmarks.clock_gpu: torch finds no CUDA device here; nothing was measured or written")
    from benchmarks.gpu_questions import list_questions

    cudnn = torch.backends.cudnn.version()  # type: ignore[no-untyped-call]
    machine = f"{torch.cuda.get_device_name()}, torch {torch.__version__}, cuDNN {cudnn}."
    page = Page(asked.output, asked.limit)
    return int(not write(page, machine, list_questions(), asked.networks))


if __name__ == "__main__":
    sys.exit(main())
