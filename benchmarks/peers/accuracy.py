"""Accuracy: counts of torchvision's classification networks against the figures published with torchvision's weights.

The published multiply-adds were counted by FlopCounterMode and are rounded to three decimals of 10^9; parameters are
those of the built network. A figure is right if it rounds to the published one. A figure within 1 % most likely
includes a bias, a normalisation or an activation.
"""

from __future__ import annotations

import csv
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.peers.processes import Counting

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from benchmarks.peers.counters import Counter

TABLE = Path(__file__).parents[2] / "tests" / "peers" / "torchvision_ops.csv"
ONE_OF_EACH_FAMILY = (
    *("alexnet", "convnext_tiny", "densenet121", "efficientnet_b0", "efficientnet_v2_s", "googlenet", "inception_v3"),
    *("maxvit_t", "mnasnet1_0", "mobilenet_v2", "mobilenet_v3_small", "regnet_x_400mf", "regnet_y_400mf", "resnet18"),
    *("resnext50_32x4d", "shufflenet_v2_x0_5", "squeezenet1_0", "swin_t", "swin_v2_t", "vgg11_bn", "vit_b_32"),
)
NEAR = 0.01
JOBS = 2


@dataclass(frozen=True, slots=True)
class Truth:
    """A network and its published figures."""

    network: str
    gmacs: str
    params: int


@dataclass(frozen=True, slots=True)
class Score:
    """The numbers of networks on which a counter is right, near, wrong, or without a figure."""

    counter: str
    networks: int
    right: int
    near: int
    wrong: tuple[str, ...]
    failed: Mapping[str, str]
    params: int | None
    """Networks whose parameters are right; None where it counts none."""


def truths(names: Sequence[str] = ()) -> list[Truth]:
    """Return torchvision's classification networks: the named ones, or all."""
    rows = csv.DictReader(TABLE.read_text(encoding="utf-8").splitlines())
    return [
        Truth(f"torchvision:{row['model']}", f"{float(row['gmacs']):.3f}", int(row["params"]))
        for row in rows
        if not names or row["model"] in names
    ]


def score(counter: str, answers: Sequence[tuple[Truth, Mapping[str, Any]]]) -> Score:
    """Compare a counter's answers with the published figures."""
    failed = {truth.network: found["error"] for truth, found in answers if "error" in found}
    counted = [(truth, found) for truth, found in answers if "error" not in found]
    right = {truth.network for truth, found in counted if f"{found['macs'] / 1e9:.3f}" == truth.gmacs}
    others = [(truth, found) for truth, found in counted if truth.network not in right]
    wrong = [truth.network for truth, found in others if not _near(found["macs"] / 1e9, float(truth.gmacs))]
    params = [found["params"] == truth.params for truth, found in counted if found["params"] is not None]
    return Score(
        counter=counter,
        networks=len(answers),
        right=len(right),
        near=len(others) - len(wrong),
        wrong=tuple(wrong),
        failed=failed,
        params=sum(params) if params else None,
    )


def _near(counted: float, published: float) -> bool:
    return abs(counted - published) <= NEAR * published


def scores(counters: Sequence[Counter], networks: Sequence[Truth], limit: float) -> list[Score]:
    """Ask every counter about every network, two counters at a time, since nothing is timed here."""

    def ask(counter: Counter) -> Score:
        with Counting(counter, limit) as asked:
            return score(counter.name, [(truth, asked.ask(truth.network)) for truth in networks])

    with ThreadPoolExecutor(JOBS) as pool:
        return list(pool.map(ask, counters))
