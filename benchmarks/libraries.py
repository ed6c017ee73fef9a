"""`python -m benchmarks.libraries [NAME...]`: count and compare networks of other libraries; write a report.

Each network is walked with the defaults of a user (on the meta device if possible) and on the CPU. Both walks are
compared with each other, with torch's FlopCounterMode and with `numel`; some networks really train for one step. The
exit code is 1 if an unexplained difference remains. It needs `pip install .[libraries]`; nothing is downloaded.
"""

from __future__ import annotations

import os
import sys
import time
import warnings
from collections import Counter
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import FlopCounterMode

import archcost
from archcost.records import Training
from archcost.walk.arguments import tensors_within
from archcost.walk.tensors import find_tensors
from archcost.walk.training import TrainingStep
from benchmarks.live import Storages, count_saved_bytes
from benchmarks.networks import LINES, Line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from archcost.records.costs import Totals

REPORT = Path(__file__).parent.parent / "reports" / "measured" / "libraries.md"
# why both walks of a network may differ although both are right
REASONS = {
    "HardNet": "it asks for the device itself, and on the CPU alone brings its channels innermost",
    "UNet, 3d": "on the CPU torch makes the result of a transposed convolution of volumes no smaller than its input",
    "raft_small": "it makes coordinates on the CPU and copies them to its network's device",
    "Int8DynamicActivationInt8WeightConfig": "on the CPU torchao shifts activations to unsigned integers and back",
}
CLOSE = 0.01  # allowed error of a predicted peak
HEAD = """\
# Networks of other libraries

Written by `python -m benchmarks.libraries`: small networks, called as their documentation calls them, with masks as a
tokenizer makes them. "Beside torch" is arithmetic for operators that torch's counter takes for nothing. "CPU differs
in" names the totals that are not the same in a walk on the CPU. Trained networks took one real step with SGD on the
CPU: bytes that autograd kept, and the peak of all storages, beside what a walk on the meta device says.

"""


def _attention(args: tuple[Any, ...]) -> int:
    query, key, value = args[:3]
    return int(query.shape[:-1].numel() * key.shape[-2] * (query.shape[-1] + value.shape[-1]))


def _grouped(args: tuple[Any, ...]) -> int:
    rows, columns = args[:2]
    return int(rows.shape[-2] * rows.shape[-1] * columns.shape[-1])


def _lstm(args: tuple[Any, ...]) -> int:
    sequence, inner, outer = args[:3]
    return int(sequence.shape[:-1].numel() * (inner.numel() + outer.numel()))


# multiply-adds of operators without a formula in torch's counter, from the operands alone
ARITHMETIC: dict[str, Callable[[tuple[Any, ...]], int]] = {
    "aten::_scaled_dot_product_flash_attention_for_cpu": _attention,
    "aten::_grouped_mm": _grouped,
    "aten::mkldnn_rnn_layer": _lstm,
    "aten::_euclidean_dist": lambda args: (
        int(args[0].numel() // args[0].shape[-1] * args[1].shape[-2]) * (args[0].shape[-1] + 2)
    ),  # one product of rows, extended by their squares
    "aten::mv": lambda args: int(args[0].numel()),
    "aten::dot": lambda args: int(args[0].numel()),
    "aten::_int_mm": lambda args: int(args[0].numel() * args[1].shape[-1]),
}


class Beside(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Sums the multiply-adds that torch's counter leaves out, by operator."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.found: Counter[str] = Counter()

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Run one operator, and count it if torch does not."""
        name = func._schema.name  # noqa: SLF001 - as torch's own counter reads it
        if name in ARITHMETIC:
            self.found[name.partition("::")[2].strip("_")] += ARITHMETIC[name](args)
        return func(*args, **(kwargs or {}))


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The results of one line, or its error."""

    line: Line
    error: str = ""
    where: str = ""
    why: str = ""
    params: int = 0
    numel: int = 0
    macs: int = 0
    torch_macs: int = 0
    beside: dict[str, int] | None = None
    uncovered: tuple[str, ...] = ()
    differs: tuple[str, ...] = ()
    saved: tuple[int, int] | None = None
    peaks: tuple[int, int] | None = None

    @property
    def problems(self) -> tuple[str, ...]:
        """The names of the failed checks."""
        wrong = {
            self.error: bool(self.error),
            "parameters": self.params != self.numel,
            "multiply-adds": self.macs != self.torch_macs + sum((self.beside or {}).values()),
            f"uncovered {', '.join(self.uncovered)}": bool(self.uncovered),
            "no reason": bool(self.differs) and self.line.name not in REASONS,
            "saved bytes": self.saved is not None and self.saved[0] != self.saved[1],
            "peak": self.peaks is not None and abs(self.peaks[0] / self.peaks[1] - 1) > CLOSE,
        }
        return tuple(name for name, is_so in wrong.items() if is_so)


def examine(line: Line) -> Found:
    """Walk, count and train one network."""
    try:
        call = line.call()
        report = archcost.profile(call.network, call.args, call.kwargs, like="cpu")
        on_cpu = archcost.profile(call.network, call.args, call.kwargs, device="cpu")
        saved, peaks = train(line) if line.trained else (None, None)
        torch_macs, beside = count_with_torch(line)
    except Exception as error:  # noqa: BLE001 - a library may raise anything, and the others are still to come
        return Found(line=line, error=f"{type(error).__name__}: {str(error).strip().partition(chr(10))[0]}")
    where = report.environment["device"]
    return Found(
        line=line,
        where=where,
        why=report.warnings[0].partition(": ")[2] if where == "cpu" else "",
        params=report.totals.params,
        numel=sum(parameter.numel() for parameter in call.network.parameters()),
        macs=report.totals.macs,
        torch_macs=torch_macs,
        beside=beside,
        uncovered=tuple(report.uncovered),
        differs=name_differences(report.totals, on_cpu.totals),
        saved=saved,
        peaks=peaks,
    )


def count_with_torch(line: Line) -> tuple[int, dict[str, int]]:
    """Return the multiply-adds of torch's counter in a run on the CPU, and of the operators that it leaves out."""
    call = line.call()
    call.network.requires_grad_(False)  # noqa: FBT003 - torch's own; the counter trips over graphs that are not there
    fast = torch.backends.mha.get_fastpath_enabled()  # torch's counter does not see into the fast path
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        with torch.no_grad(), FlopCounterMode(display=False) as counter, Beside() as beside:
            call.network(*call.args, **(call.kwargs or {}))
    finally:
        torch.backends.mha.set_fastpath_enabled(fast)
    return counter.get_total_flops() // 2, dict(beside.found)


def name_differences(first: Totals, second: Totals) -> tuple[str, ...]:
    """Return the totals that differ, each with the difference."""
    values = [(field.name, getattr(first, field.name), getattr(second, field.name)) for field in fields(first)]
    return tuple(f"{name} ({b - a:+,})" for name, a, b in values if a != b)


def train(line: Line) -> tuple[tuple[int, int], tuple[int, int]]:
    """Return the saved bytes and the peak of a training step, both predicted on the meta device and measured."""
    call = line.call()
    told = archcost.profile(call.network, call.args, call.kwargs, train="sgd", loss="sum", like="cpu").totals
    call = line.call()
    network, kwargs = call.network.train(), dict(call.kwargs or {})
    own = (*network.parameters(), *network.buffers())
    saved = count_saved_bytes(lambda: network(*call.args, **kwargs), own)
    step = TrainingStep(Training(optimizer="sgd", loss="sum"), network.parameters())
    with Storages(*own, *tensors_within((call.args, kwargs))) as live:
        outputs = network(*call.args, **kwargs)  # held until the end, as in a training loop
        step.take(find_tensors(outputs))
        step.compute_loss()
        step.run_backward()
        step.run_optimizer()
    del outputs
    return (told.saved_bytes or 0, saved), (told.peak_training_bytes or 0, live.peak)


def write_table(found: Iterable[Found]) -> str:
    """Return the lines of a Markdown table."""
    rows = [
        "| library | network | what | walked on | parameters | multiply-adds | torch's counter | beside torch "
        "| CPU differs in | bytes kept, told / real | peak, told / real |",
        "| :-- | :-- | :-- | :-- | --: | --: | --: | :-- | :-- | --: | --: |",
    ]
    for each in found:
        if each.error:
            rows.append(f"| {each.line.library} | {each.line.name} | {each.line.kind} | {each.error} | | | | | | | |")
            continue
        beside = ", ".join(f"{name} {count:,}" for name, count in (each.beside or {}).items() if count)
        where = each.where + (f": {each.why}" if each.why else "")
        reason = f": {REASONS[each.line.name]}" if each.line.name in REASONS else ""
        differs = ", ".join(each.differs) + (reason if each.differs else "")
        told = [" / ".join(f"{value:,}" for value in pair) if pair else "" for pair in (each.saved, each.peaks)]
        cells = (each.line.library, each.line.name, each.line.kind, where, f"{each.params:,}", f"{each.macs:,}",
                 f"{each.torch_macs:,}", beside, differs, *told)  # fmt: skip
        rows.append(f"| {' | '.join(cells)} |")
    return "\n".join(rows) + "\n"


def summarise(found: list[Found]) -> str:
    """Return a sentence that sums up the results."""
    trained = [each for each in found if each.peaks]
    return (
        f"{len(found)} networks of {len({each.line.library for each in found})} libraries; "
        f"{sum(bool(each.error) for each in found)} failed, {sum(each.where == 'cpu' for each in found)} were walked "
        f"on the CPU, {sum(bool(each.uncovered) for each in found)} have uncovered operators, "
        f"{sum('parameters' in each.problems for each in found)} other parameters than `numel`, "
        f"{sum('multiply-adds' in each.problems for each in found)} other multiply-adds; "
        f"{sum(bool(each.differs) for each in found)} differ between both walks. {len(trained)} were trained: "
        f"{sum('saved bytes' in each.problems for each in trained)} with other saved bytes, "
        f"{sum('peak' in each.problems for each in trained)} with a peak off by more than one per cent. "
        f"torch {torch.__version__}.\n"
    )


def main(names: list[str] | None = None) -> int:
    """Examine the networks, print the failures, and write the report if all networks were requested."""
    warnings.simplefilter("ignore")  # warnings of the libraries
    os.environ["HF_HUB_OFFLINE"] = "1"
    found = []
    for line in LINES:
        if names and not any(name in line.name for name in names):
            continue
        start = time.perf_counter()
        each = examine(line)
        found.append(each)
        told = "; ".join((*each.problems, *each.differs)) or "as it should be"
        print(f"{line.library} {line.name}: {each.where} {told} ({time.perf_counter() - start:.1f} s)", flush=True)
    print(summarise(found))
    if not names:
        REPORT.write_text(HEAD + summarise(found) + "\n" + write_table(found), encoding="utf-8")
    return int(any(each.problems for each in found))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
