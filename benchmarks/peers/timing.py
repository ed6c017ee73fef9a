"""Times of all counters in turn, round after round, so that a machine that slows down slows all of them."""

from __future__ import annotations

import functools
import statistics
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchmarks.peers.counters import BARE, Counter
from benchmarks.peers.processes import IMPORT_TORCH, Counting, command, seconds

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

BASE = "base"


@dataclass(frozen=True, slots=True)
class Times:
    """The seconds of every counter for one network, one figure per round; the base is one of them.

    A counter that fails on the network has no times.
    """

    network: str
    seconds: Mapping[str, tuple[float, ...]]

    @property
    def base(self) -> float:
        """The base's median."""
        return statistics.median(self.seconds[BASE])

    def ratio(self, name: str) -> float | None:
        """Return the median of the ratios to the base of the same round; None if there are no times."""
        taken = self.seconds[name]
        if not taken:
            return None
        return statistics.median(one / base for one, base in zip(taken, self.seconds[BASE], strict=True))


def interleaved(actions: Mapping[str, Callable[[], float | None]], rounds: int) -> dict[str, tuple[float, ...]]:
    """Time all actions in turn (A B C A B C ...); an action that returns None is dropped and has no times."""
    taken: dict[str, list[float]] = {name: [] for name in actions}
    failed: set[str] = set()
    for _ in range(rounds):
        for name, action in actions.items():
            if name in failed:
                continue
            if (found := action()) is None:
                failed.add(name)
            else:
                taken[name].append(found)
    return {name: () if name in failed else tuple(times) for name, times in taken.items()}


def whole_process(network: str, counters: Iterable[Counter], rounds: int) -> Times:
    """Time fresh interpreters, from start to end; the base is an interpreter that imports torch."""
    actions = {BASE: functools.partial(seconds, IMPORT_TORCH)}
    actions |= {each.name: functools.partial(seconds, command(each, network)) for each in counters}
    return Times(network, interleaved(actions, rounds))


def in_process(networks: Sequence[str], counters: Iterable[Counter], rounds: int, limit: float) -> list[Times]:
    """Time counts of built networks; the base is a forward pass on meta. One extra round warms up."""
    with ExitStack() as stack:
        asked = {BASE: stack.enter_context(Counting(BARE, limit))}
        asked |= {each.name: stack.enter_context(Counting(each, limit)) for each in counters}
        found = []
        for network in networks:
            actions = {name: functools.partial(_count, each, network) for name, each in asked.items()}
            times = interleaved(actions, rounds + 1)
            found.append(Times(network, {name: taken[1:] for name, taken in times.items()}))
    return found


def _count(counting: Counting, network: str) -> float | None:
    taken: float | None = counting.ask(network).get("seconds")
    return taken
