"""`python -m benchmarks.memory_gpu`: compare predicted peaks with a GPU's allocator; write a report.

Each line is written at once; the report names the cases that did not fit into `--limit` seconds. Without a GPU the
report has the predictions alone and says so. The exit code is 1 if a prediction is off by more than two per cent.
"""

from __future__ import annotations

import argparse
import math
import sys
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

import archcost
from archcost import units
from benchmarks.as_it_comes import LIMIT_SECONDS, Page

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    import torch

REPORT = Path(__file__).parent.parent / "reports" / "measured" / "memory-gpu.md"
NETWORKS = ("vgg16", "resnet50", "densenet201", "inception_v4", "mobilenet_v2", "timm:vit_base_patch16_224")
BATCHES = (1, 8, 64)
OPTIMIZER = "momentum"  # its step allocates nothing, whether torch loops over the parameters or updates all at once
LIMIT = 0.02
HEAD = """\
# Peak memory: predicted without a GPU, and measured on one

Predicted by a walk on the meta device, in blocks of 512 bytes as torch's CUDA allocator hands them out. Training is one
step with SGD and momentum in fp32, after a step that made the optimizer's state. Written by
`python -m benchmarks.memory_gpu`.

"""
NOT_RUN = """\
**This has not been run on a GPU yet**: the predictions stand alone. Run on a machine with a CUDA device, the same
command measures `torch.cuda.max_memory_allocated()` beside them.

"""
RUN = """\
Measured is `torch.cuda.max_memory_allocated()`, less what the libraries keep between runs. Tensors are the storages
that are alive at the peak of a walk on that device; what is measured above them are kernels' workspaces.

"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One network at one batch size, in inference or in a training step."""

    network: str
    batch: int
    training: bool

    def __str__(self) -> str:
        """Return a label that identifies the case."""
        return f"{self.network} at {self.batch} in {'training' if self.training else 'inference'}"

    def predicted(self, device: str = "meta") -> int:
        """Return the peak in bytes that a walk on a device predicts."""
        train = OPTIMIZER if self.training else None
        report = archcost.profile(self.network, device=device, batch=self.batch, train=train)
        peak = report.totals.peak_allocated_bytes
        if peak is None:
            raise ValueError(f"{self.network} has no peak")
        return peak


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """Bytes held by a device: by its allocator, and by tensors alone."""

    allocated: int
    tensors: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A case with its prediction and, on a GPU, its measurement or the error."""

    case: Case
    predicted: int
    measured: Measured | str | None = None

    @property
    def off(self) -> float:
        """The prediction's error as a fraction of the measurement."""
        return self.predicted / self.measured.allocated - 1 if isinstance(self.measured, Measured) else 0.0

    def __str__(self) -> str:
        """Return the line of the table."""
        case = self.case
        what = "training" if case.training else "inference"
        cells = [case.network, str(case.batch), what, units.short(self.predicted, "B")]
        if isinstance(self.measured, Measured):
            allocated, tensors = self.measured.allocated, self.measured.tensors
            spare = units.short(max(allocated - tensors, 0), "B")
            cells += [units.short(allocated, "B"), f"{100 * self.off:+.2f} %", units.short(tensors, "B"), spare]
        elif self.measured is not None:
            cells += [self.measured, "", "", ""]
        return f"| {' | '.join(cells)} |"


def all_cases() -> Iterable[Case]:
    """Return every network at every batch size, in inference and in training."""
    for name, batch, training in product(NETWORKS, BATCHES, (False, True)):
        yield Case(network=name, batch=batch, training=training)


def write(
    page: Page, cases: Iterable[Case], measure: Callable[[Case], Measured | str] | None, machine: str | None
) -> list[Line]:
    """Predict and, on a `machine` (None without a GPU), measure; return the lines."""
    columns = ["network", "batch", "pass", "predicted"]
    if machine is not None:
        columns += ["measured", "off by", "tensors", "workspaces"]
    aligned = ["---", "---:", "---", *["---:"] * (len(columns) - 3)]
    page.add(f"{HEAD}{NOT_RUN if machine is None else f'{RUN}{machine}'}".rstrip() + "\n")
    page.add(f"| {' | '.join(columns)} |\n| {' | '.join(aligned)} |")
    lines = []
    for case in page.each_in_time(cases):
        lines.append(Line(case=case, predicted=case.predicted(), measured=None if measure is None else measure(case)))
        page.add(str(lines[-1]))
    return lines


def run_once(network: torch.nn.Module, images: torch.Tensor, optimizer: torch.optim.Optimizer | None) -> None:
    """Run a network like a user: a forward without gradients, or a training step."""
    import torch
    from torch.nn import functional

    if optimizer is None:
        with torch.no_grad():
            network(images)
        return
    optimizer.zero_grad()
    labels = torch.zeros(len(images), dtype=torch.int64, device=images.device)
    loss = functional.cross_entropy(network(images), labels)
    loss.backward()  # type: ignore[no-untyped-call]
    optimizer.step()


def on_cuda(case: Case) -> Measured | str:
    """Measure a case on the GPU."""
    import torch

    from archcost.sources import resolve

    found = resolve(case.network)
    try:
        with torch.device("cuda"):
            network = found.build().train(case.training)
        images = found.inputs[0].tensor(case.batch, "cuda")
        optimizer = torch.optim.SGD(network.parameters(), momentum=0.9) if case.training else None
        for _ in range(2):  # the first run creates the optimizer's state and loads the libraries
            run_once(network, images, optimizer)
        if optimizer is not None:
            optimizer.zero_grad()
        own = sum(_blocks(tensor) for tensor in _held(network, images, optimizer))
        kept = torch.cuda.memory_allocated() - own
        torch.cuda.reset_peak_memory_stats()
        run_once(network, images, optimizer)
        allocated = torch.cuda.max_memory_allocated() - kept
    except torch.OutOfMemoryError:
        return "out of memory"
    except RuntimeError as error:  # the other cases still run
        return str(error).strip().splitlines()[0]
    finally:
        network = images = optimizer = None  # type: ignore[assignment]
        torch.cuda.empty_cache()
    return Measured(allocated=allocated, tensors=case.predicted("cuda"))


def _held(network: Any, images: Any, optimizer: Any) -> Iterable[torch.Tensor]:
    yield from (*network.parameters(), *network.buffers(), images)
    if optimizer is not None:
        for state in optimizer.state.values():
            yield from (value for value in state.values() if hasattr(value, "untyped_storage"))


def _blocks(tensor: torch.Tensor) -> int:
    return -(-tensor.untyped_storage().nbytes() // 512) * 512


def main() -> int:
    """Write the report; return 1 if a prediction is too far off."""
    import torch

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--limit", type=float, help=f"seconds, in all  [default: {LIMIT_SECONDS} on a GPU]")
    parser.add_argument("-o", "--output", type=Path, default=REPORT)
    asked = parser.parse_args()
    machine = None
    if torch.cuda.is_available():
        device = torch.cuda.get_device_name()
        machine = f"On {device}, torch {torch.__version__}, cuDNN {torch.backends.cudnn.version()}."  # type: ignore[no-untyped-call]
    limit = asked.limit or (math.inf if machine is None else LIMIT_SECONDS)
    measure = None if machine is None else on_cuda
    lines = write(Page(asked.output, limit), all_cases(), measure, machine)
    return int(any(abs(line.off) > LIMIT for line in lines))


if __name__ == "__main__":
    sys.exit(main())
