"""Known answers for the clock, on the CPU: `python -m benchmarks.clock`.

k equal layers take equal times, and k times as long as one; a module that sleeps takes the time of its sleep. Every
figure is a ratio to its answer: 1 if the clock is right. The networks are timed in turn, round after round, so that a
machine that slows down slows all of them. On a busy machine the medians include the other work; the fastest samples of
all rounds, printed beside them, were disturbed least.
"""

from __future__ import annotations

import argparse
import statistics
import time
from typing import TYPE_CHECKING

import torch
from torch import nn

import archcost
from archcost.records import Sample, Series, TimingPlan

if TYPE_CHECKING:
    from collections.abc import Iterable

COUNTS = (1, 2, 4, 8)
WIDTH, BATCH = 256, 64  # some hundred microseconds per layer, less than a busy system's time slice
SLEEP_SECONDS = 0.005


class Sleeping(nn.Module):
    """Takes at least five milliseconds on any machine."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Sleep."""
        time.sleep(SLEEP_SECONDS)
        return x + 1


def measured(network: nn.Module, x: torch.Tensor, seconds: float) -> Sample:
    """Time a network on one thread."""
    plan = TimingPlan(threads=1, roof=False, max_ns=int(seconds * 1e9), max_warmup_ns=int(seconds * 1e9))
    sample = archcost.profile(network, x, time=plan).measured
    assert sample is not None  # noqa: S101 - it was asked for
    return sample


def leaves(sample: Sample) -> list[Series]:
    """Return the times of each leaf."""
    assert sample.layers is not None  # noqa: S101 - a chain has rows
    return [row.times for row in sample.layers.rows if row.role == "leaf"]


def fastest(samples: Iterable[Series]) -> int:
    """Return the fastest sample of all series."""
    return min(min(series.ns) for series in samples)


def main() -> None:
    """Measure, and print a table of ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=0.5, help="for each measurement")
    asked = parser.parse_args()
    x = torch.randn(BATCH, WIDTH)
    chains = {k: nn.Sequential(*(nn.Linear(WIDTH, WIDTH) for _ in range(k))) for k in COUNTS}
    rounds: list[dict[int, Sample]] = []
    slept: list[float] = []
    for _ in range(asked.rounds):
        rounds.append({k: measured(chain, x, asked.seconds) for k, chain in chains.items()})
        slept.append(leaves(measured(nn.Sequential(Sleeping()), torch.ones(1), asked.seconds))[0].median)
    print(f"torch {torch.__version__}, one thread, {asked.rounds} rounds in turn, {asked.seconds:g} s each\n")
    print(
        "| k equal layers | end to end / k times one: medians | fastest | slowest / fastest layer: medians | fastest "
        "| spread of an iteration |"
    )
    print("| --: | --: | --: | --: | --: | --: |")
    one = fastest(r[1].end_to_end for r in rounds)
    for k in COUNTS:
        linear = statistics.median(r[k].end_to_end.median / (k * r[1].end_to_end.median) for r in rounds)
        linear_fastest = fastest(r[k].end_to_end for r in rounds) / (k * one)
        medians = [[times.median for times in leaves(r[k])] for r in rounds]
        equal = statistics.median(max(each) / min(each) for each in medians)
        bests = [fastest(layer) for layer in zip(*(leaves(r[k]) for r in rounds), strict=True)]
        spread = statistics.median(r[k].end_to_end.spread for r in rounds)
        print(
            f"| {k} | {linear:.3f} | {linear_fastest:.3f} | {equal:.3f} | {max(bests) / min(bests):.3f} "
            f"| {100 * spread:.1f} % |"
        )
    ratio = statistics.median(slept) / (SLEEP_SECONDS * 1e9)
    print(f"\nA sleep of {1000 * SLEEP_SECONDS:g} ms is measured as {ratio:.3f} times that.")
    print(f"Conditions unmet: {sum(bool(s.unmet) for r in rounds for s in r.values())} of {len(rounds) * len(COUNTS)}.")


if __name__ == "__main__":
    main()
