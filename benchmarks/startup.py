"""`python -m benchmarks.startup`: time `--help` and completion, as multiples of `python -c pass`.

The commands run in turn, round after round, in processor time; the figures are medians of the ratios within a turn.
"""

from __future__ import annotations

import functools
import statistics
import sys
from typing import TYPE_CHECKING

from benchmarks.peers.timing import BASE, interleaved
from benchmarks.process import finished

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

LINES = ("archcost ", "archcost pro", "archcost profile --tr", "archcost profile vg", "archcost compare vgg16 res")
HELP = (("--help",), ("profile", "--help"), ("list",))
ROUNDS = 15
LIMIT = 4.0


def completing(line: str) -> dict[str, str]:
    """Return the environment by which bash requests the completion of a line's last word."""
    return {"_ARCHCOST_COMPLETE": "bash_complete", "COMP_WORDS": line, "COMP_CWORD": str(line.count(" "))}


def _seconds(*words: str, environment: Mapping[str, str] | None = None) -> float:
    return finished("-m", "archcost", *words, environment=environment).seconds


def main(rounds: int = ROUNDS) -> int:
    """Print a line for each command; return 1 if one is above the limit."""
    actions: dict[str, Callable[[], float]] = {BASE: lambda: finished("-c", "pass").seconds}
    for words in HELP:
        actions[" ".join(("archcost", *words))] = functools.partial(_seconds, *words)
    for line in LINES:
        actions[f"{line}<TAB>"] = functools.partial(_seconds, environment=completing(line))
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
