"""`python -m benchmarks.shapes [--train] [NET...]`: compare every shape rule with PyTorch, over all of timm.

NET may be a glob, as in `archcost compare`. A network that cannot be profiled is listed with its error. The exit code
is 1 if a rule was wrong or nothing was profiled.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from archcost.profiling.many import profile_many
from archcost.records import Failure
from archcost.sources.selection import select

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the failures and the number of comparisons; return 1 if a rule was wrong."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.shapes", description=__doc__)
    parser.add_argument("--train", action="store_true", help="whole training steps, of two images")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="processes")
    parser.add_argument("networks", nargs="*", metavar="NET", help="instead of all of timm")
    asked = parser.parse_args(arguments)
    os.environ["ARCHCOST_CHECK_SHAPES"] = "1"  # for the workers
    step: dict[str, Any] = {"train": "adamw", "batch": 2} if asked.train else {}
    specs = select(asked.networks or ("timm:*",))
    start = time.perf_counter()
    done = profile_many(specs, keep=attrgetter("operators"), jobs=asked.jobs, device="meta", **step)
    walked = []
    wrong = 0
    for result in done:
        if isinstance(result, Failure):
            wrong += result.error == "RuleError"
            print(f"{result.spec}: {result.error}: {result.reason}")
        else:
            walked.append(sum(kind.calls for kind in result.values()))
    print(
        f"{len(walked)} of {len(specs)} networks walked, {sum(walked):,} operators; a shape rule was wrong in {wrong}; "
        f"{time.perf_counter() - start:.0f} s"
    )
    return int(wrong > 0 or not walked)


if __name__ == "__main__":
    sys.exit(main())
