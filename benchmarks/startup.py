"""`python -m benchmarks.startup`: what `--help` and completion take, as multiples of `python -c pass`.

In turn, round after round, in the processor's time; the figures are medians of the ratios within a turn.
"""

from __future__ import annotations

import statistics
import sys

from benchmarks.peers.timing import BASE, interleaved
from benchmarks.process import finished

LINES = ("archcost ", "archcost pro", "archcost profile --tr", "archcost profile vg", "archcost compare vgg16 res")
HELP = (("--help",), ("profile", "--help"), ("list",))
ROUNDS = 15
LIMIT = 4.0


def completing(line: str) -> dict[str, str]:
    """Return what bash tells a program that is to complete the last word of a line."""
    return {"_ARCHCOST_COMPLETE": "bash_complete", "COMP_WORDS": line, "COMP_CWORD": str(line.count(" "))}


def main(rounds: int = ROUNDS) -> int:
    """Print a line for each; return 1 where one is above the limit."""
    actions = {BASE: lambda: finished("-c", "pass").seconds}
    for words in HELP:
        actions[" ".join(("archcost", *words))] = lambda words=words: finished("-m", "archcost", *words).seconds
    for line in LINES:
        given = completing(line)
        actions[f"{line}<TAB>"] = lambda given=given: finished("-m", "archcost", environment=given).seconds
    times = interleaved(actions, rounds)
    base = times.pop(BASE)
    print(f"python -c pass takes {1000 * statistics.median(base):.0f} ms")
    worst = 0.0
    for name, taken in times.items():
        ratio = statistics.median(one / least for one, least in zip(taken, base, strict=True))
        worst = max(worst, ratio)
        print(f"{name:<32}{ratio:>6.2f}")
    print(f"the largest is {worst:.2f}; at most {LIMIT:g} is asked for")
    return int(worst > LIMIT)


if __name__ == "__main__":
    sys.exit(main())
