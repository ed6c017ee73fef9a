"""`python -m benchmarks.search`: price a million candidates of a space of mobile networks.

The space has six stages of inverted residuals like MobileNetV2 and MnasNet: one width for all stages, and a depth, a
kernel and an expansion for each. Within a budget of multiply-adds the search keeps the Pareto frontier of most
parameters and fewest bytes of activations.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

import archcost

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

PAGE = Path(__file__).parents[1] / "reports" / "measured" / "search.md"
STAGES = ((24, 2), (40, 2), (80, 2), (96, 1), (192, 2), (320, 1))  # channels, stride
WIDTHS, DEPTHS, KERNELS, EXPANSIONS = (0.75, 1.0, 1.25), (1, 2, 3, 4), (3, 5, 7), (3, 6)
IMAGE = (1, 3, 224, 224)
BUDGET = 300_000_000  # multiply-adds
QUANTITIES = ("params", "macs", "activation_bytes")
WHOLE = 10  # candidates that are also walked as whole networks
Block = tuple[Any, ...]
Costs = dict[str, Any]


class InvertedResidual(nn.Module):
    """Expand, filter each channel, project; add the input if the shapes agree."""

    def __init__(self, channels: int, out: int, kernel: int, expansion: int, stride: int) -> None:
        super().__init__()
        wide = channels * expansion
        self.shortcut = stride == 1 and channels == out
        self.body = nn.Sequential(
            *(nn.Conv2d(channels, wide, 1, bias=False), nn.BatchNorm2d(wide), nn.ReLU6(inplace=True)),
            *(nn.Conv2d(wide, wide, kernel, stride, kernel // 2, groups=wide, bias=False), nn.BatchNorm2d(wide)),
            *(nn.ReLU6(inplace=True), nn.Conv2d(wide, out, 1, bias=False), nn.BatchNorm2d(out)),
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Run it."""
        result: torch.Tensor = self.body(x)
        return x + result if self.shortcut else result


def build(block: Block) -> nn.Module:
    """Return the module of a block: ("stem",), ("head", channels) or the arguments of an inverted residual."""
    match block:
        case ("stem",):
            return nn.Sequential(nn.Conv2d(3, 16, 3, 2, 1, bias=False), nn.BatchNorm2d(16), nn.ReLU6(inplace=True))
        case ("head", channels):
            return nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, 1000))
    return InvertedResidual(*block)


def draw(chance: random.Random) -> list[Block]:
    """Draw a random candidate: its blocks."""
    width, channels = chance.choice(WIDTHS), 16
    blocks: list[Block] = [("stem",)]
    for base, stride in STAGES:
        out = int(base * width) // 8 * 8
        kernel, expansion = chance.choice(KERNELS), chance.choice(EXPANSIONS)
        for place in range(chance.choice(DEPTHS)):
            blocks.append((channels, out, kernel, expansion, stride if place == 0 else 1))
            channels = out
    return [*blocks, ("head", channels)]


def candidates(count: int) -> Iterator[list[Block]]:
    """Yield candidates, the same in every run."""
    chance = random.Random(0)  # noqa: S311 - no secret
    for _ in range(count):
        yield draw(chance)


def find_front(costs: Iterable[Costs], budget: float) -> list[Costs]:
    """Return the Pareto frontier of parameters and activations within a budget, the smallest first."""
    within = [each for each in costs if each["macs"] <= budget]
    within.sort(key=lambda each: (each["activation_bytes"], -each["params"]))
    front: list[Costs] = []
    for each in within:
        if not front or each["params"] > front[-1]["params"]:
            front.append(each)
    return front


def count_wrong(table: archcost.PriceTable, count: int) -> int:
    """Return the number of candidates whose whole cost differs from the sum of their blocks."""
    wrong = 0
    for blocks in candidates(count):
        with archcost.unfilled():
            whole = nn.Sequential(*map(build, blocks)).eval()
        report = archcost.profile(whole, torch.empty(IMAGE, device="meta"))
        image = report.layers[0]  # the input, which belongs to no block
        expected = {name: getattr(report.totals, name) - getattr(image, name) for name in QUANTITIES}
        wrong += expected != table.total(blocks, IMAGE)
    return wrong


def main() -> int:
    """Search, print the figures and write the page."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.search", description=__doc__)
    parser.add_argument("--candidates", type=int, default=1_000_000)
    parser.add_argument("-o", "--output", type=Path, default=PAGE)
    asked = parser.parse_args()
    table = archcost.PriceTable(build, QUANTITIES)
    start = time.process_time()
    for blocks in candidates(1000):
        table.total(blocks, IMAGE)
    priced = time.process_time() - start
    start = time.process_time()
    for _ in candidates(asked.candidates):
        pass
    drawing = time.process_time() - start
    start = time.process_time()
    totals = (table.total(blocks, IMAGE) for blocks in candidates(asked.candidates))
    costs = [each for each in totals if each["macs"] <= BUDGET]
    summing = time.process_time() - start - drawing
    start = time.process_time()
    front = find_front(costs, BUDGET)
    sorting = time.process_time() - start
    wrong = count_wrong(table, WHOLE)
    lines = [
        "| step | seconds of one core |",
        "|---|---:|",
        f"| the first 1,000 candidates, which price all {len(table)} blocks | {priced:.1f} |",
        f"| drawing {asked.candidates:,} candidates | {drawing:.1f} |",
        f"| adding their prices up ({asked.candidates / summing:,.0f} a second) | {summing:.1f} |",
        f"| the front within {BUDGET / 1e6:,.0f} M multiply-adds | {sorting:.1f} |",
        "",
        f"Of {WHOLE} candidates that were walked as a whole {wrong} cost something else than the sum of their blocks.",
        "",
        "| parameters | multiply-adds | activations |",
        "|---:|---:|---:|",
        *[
            f"| {each['params']:,} | {each['macs']:,} | {each['activation_bytes']:,} B |"
            for each in front[:: max(len(front) // 12, 1)]
        ],
    ]
    about = (
        "Written by `python -m benchmarks.search`: " + " ".join((__doc__ or "").split("\n\n")[1].split()) + " "
        f"Of {len(front)} on it a dozen are shown. The load of the machine was {os.getloadavg()[0]:.1f} on "
        f"{os.cpu_count()} cores."
    )
    text = "\n\n".join(("# A search by prices", about, "\n".join(lines))) + "\n"
    print(text)
    asked.output.write_text(text, encoding="utf-8")
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
