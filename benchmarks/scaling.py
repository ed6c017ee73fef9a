"""`python -m benchmarks.scaling`: whether the time per operator grows with the depth.

Networks that differ only in depth, already built on the meta device, are profiled in turn and timed in processor time;
the figure is the ratio between the largest and the smallest median per operator.
"""

from __future__ import annotations

import gc
import statistics
import sys
import time
from functools import partial
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

import archcost
from archcost import sources
from benchmarks.decoder import llama_7b
from benchmarks.peers.timing import interleaved

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

ROUNDS = 9
LIMIT = 1.3
IMAGE, TOKENS = torch.empty(1, 3, 32, 32, device="meta"), torch.empty(1, 4096, dtype=torch.int64, device="meta")


def zoo(name: str) -> tuple[nn.Module, torch.Tensor]:
    """Return a network of the zoo for images of 32 x 32."""
    return sources.resolve(name).build(), IMAGE


def decoder(layers: int) -> tuple[nn.Module, torch.Tensor]:
    """Return LLaMA 7B with another number of layers."""
    return llama_7b(layers=layers), TOKENS


FAMILIES: dict[str, dict[str, Callable[[], Any]]] = {
    "ResNet": {f"ResNet-{depth}": partial(zoo, f"cifar_resnet{depth}") for depth in (20, 110, 1202)},
    "decoder": {f"{layers} blocks": partial(decoder, layers) for layers in (8, 32, 80)},
}


def operators(report: archcost.Report) -> int:
    """Return the number of operators that a network calls."""
    return sum(kind.calls for kind in report.operators.values())


def ratio(family: Mapping[str, Callable[[], Any]], rounds: int) -> float:
    """Print a line for each network of a family; return the ratio between the slowest and the quickest median."""

    def timed(network: nn.Module, given: torch.Tensor, calls: int) -> float:
        gc.collect()  # garbage of the previous turn
        start = time.process_time()  # other work on the machine does not count
        archcost.profile(network, given, device="meta")
        return (time.process_time() - start) / calls

    actions = {}
    for name, build in family.items():
        with torch.device("meta"):
            network, given = build()
        calls = operators(archcost.profile(network, given, device="meta"))
        actions[name] = lambda network=network, given=given, calls=calls: timed(network, given, calls)
        print(f"{name:<14}{calls:>8,} operators", flush=True)
    times = interleaved(actions, rounds)
    medians = {name: statistics.median(taken) for name, taken in times.items()}
    for name, taken in medians.items():
        print(f"{name:<14}{1e6 * taken:>8.0f} us for each")
    return max(medians.values()) / min(medians.values())


def main(families: Mapping[str, Mapping[str, Callable[[], Any]]] = FAMILIES, rounds: int = ROUNDS) -> int:
    """Print the ratio of each family; return 1 if one is above the limit."""
    ratios = {name: ratio(family, rounds) for name, family in families.items()}
    print("; ".join(f"{name}: within {found:.2f}" for name, found in ratios.items()), f"({LIMIT} is asked for)")
    return int(max(ratios.values()) > LIMIT)


if __name__ == "__main__":
    sys.exit(main())
