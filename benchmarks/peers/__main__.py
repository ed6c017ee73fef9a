"""`python -m benchmarks.peers`: measure, print the page, and write it."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from benchmarks.peers import accuracy, timing
from benchmarks.peers.counters import ARCHCOST, available
from benchmarks.peers.page import losses, machine, page

REPORT = Path(__file__).parents[2] / "reports" / "measured" / "performance.md"
NETWORKS = ("vgg16", "resnet50", "inception_v3", "nasnet_a_large")
INSIDE = (*NETWORKS, "densenet201")
PARTS = ("whole", "inside", "accuracy")


def main() -> int:
    """Measure; return 1 if a peer is faster than archcost."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.peers", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3, help="of each network, for the times")
    parser.add_argument("--limit", type=float, default=30, help="seconds for one count, its process started")
    parser.add_argument("--part", action="append", choices=PARTS, help="measure only this; may be repeated")
    parser.add_argument("--all", action="store_true", help="all of torchvision's networks, not one of each family")
    parser.add_argument("-o", "--output", type=Path, default=REPORT)
    asked = parser.parse_args()
    parts = asked.part or PARTS
    counters = (ARCHCOST, *available())
    before = os.getloadavg()[0]
    whole = [timing.whole_process(name, counters, asked.rounds) for name in NETWORKS if "whole" in parts]
    inside = timing.in_process(INSIDE, counters, asked.rounds, asked.limit) if "inside" in parts else []
    after = os.getloadavg()[0]
    truths = accuracy.truths(() if asked.all else accuracy.ONE_OF_EACH_FAMILY)
    scores = accuracy.scores(counters, truths, asked.limit) if "accuracy" in parts else []
    text = page(counters, whole, inside, scores, machine(counters, asked.rounds, before, after))
    print(text)
    asked.output.write_text(text, encoding="utf-8")
    lost = losses({"whole process": whole, "in process": inside}, counters)
    print("\n".join(lost) or "archcost is the fastest everywhere")
    return int(bool(lost))


if __name__ == "__main__":
    sys.exit(main())
