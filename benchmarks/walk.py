"""`python -m benchmarks.walk`: the time that tracking the lifetimes of storages adds to a forward walk.

Each network is profiled in turn with and without tracking; the figure is the median of the ratios within a turn.
Without tracking, every storage is kept alive (which takes no memory on the meta device), because a recorder that
identifies storages by address and does not see them die must keep them; and no peak is computed.
"""

from __future__ import annotations

import gc
import statistics
import sys
import time
from contextlib import ExitStack, contextmanager
from types import SimpleNamespace
from typing import TYPE_CHECKING
from unittest import mock

import archcost
from archcost.account import memory
from archcost.records import Peak
from archcost.walk import storages

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

NETWORKS = ("vgg16", "resnet50", "densenet121", "mobilenet_v3_large", "nasnet_a_mobile")
ROUNDS = 15
LIMIT = 1.1
NOTHING = Peak(nbytes=0, phase="forward", operator="", row=None, layer="", live={})


def hold(storage: object, *_: object) -> Callable[[], object]:
    """Return a substitute for a weak reference, which keeps the storage alive and never reports its death."""
    return lambda: storage


@contextmanager
def without_lifetimes() -> Iterator[None]:
    """Profile without tracking the death of storages, and without computing a peak."""
    with ExitStack() as stack:
        stack.enter_context(mock.patch.object(storages, "weakref", SimpleNamespace(ref=hold)))
        for name, nothing in (
            ("peak", NOTHING),
            ("sum_saved_bytes", {}),
            ("Live", SimpleNamespace(rounded=[0])),
            ("cast_parameters", set()),
        ):
            stack.enter_context(mock.patch.object(memory, name, return_value=nothing))
        yield


def compare(with_it: Callable[[], object], without: Callable[[], object], rounds: int) -> tuple[float, float, float]:
    """Return the medians of both in processor seconds, and of their ratios, after one warm-up of each."""
    with_it()
    without()
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(rounds):
        for action, taken in zip((with_it, without), times, strict=True):
            gc.collect()  # garbage of the previous turn
            start = time.process_time()  # other work on the machine does not count
            action()
            taken.append(time.process_time() - start)
    ratios = [first / second for first, second in zip(*times, strict=True)]
    return statistics.median(times[0]), statistics.median(times[1]), statistics.median(ratios)


def main(networks: tuple[str, ...] = NETWORKS, rounds: int = ROUNDS) -> int:
    """Print a line for each network; return 1 if the ratio is above the limit."""
    worst = 0.0
    print(f"{'network':<20}{'with':>10}{'without':>10}{'ratio':>8}")
    for name in networks:

        def plain(name: str = name) -> object:
            return archcost.profile(name, device="meta")

        def bare(name: str = name) -> object:
            with without_lifetimes():
                return archcost.profile(name, device="meta")

        first, second, ratio = compare(plain, bare, rounds)
        worst = max(worst, ratio)
        print(f"{name:<20}{1000 * first:>7.1f} ms{1000 * second:>7.1f} ms{ratio:>8.3f}", flush=True)
    print(f"the largest ratio is {worst:.3f}; at most {LIMIT} is asked for")
    return int(worst > LIMIT)


if __name__ == "__main__":
    sys.exit(main())
