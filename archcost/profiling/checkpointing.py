"""Choose the modules to recompute so that a batch fits, by an estimate and by walks that correct it.

The estimate comes from a walk without checkpoints; each choice is then walked as torch would run it. If a walk needs
more memory than the limit, the next estimate gets less room; if it needs less, the next estimate gets more.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, TypeAlias

from archcost.account.account import count_work
from archcost.account.choose import choose_segments, list_choices
from archcost.account.memory import KEPT_ANYWAY
from archcost.account.segments import Lives, list_segments
from archcost.errors import WalkError
from archcost.profiling.formulas import find_registered_formulas
from archcost.records import Checkpoint

if TYPE_CHECKING:
    from collections.abc import Callable

    from archcost.records import Trace

    Walk: TypeAlias = Callable[[tuple[str, ...]], tuple[Trace, int]]

ROUNDS = 8  # the most estimates to try
FEW = 64  # up to this many choices, all are walked


class Chooser:
    """Chooses checkpoints for a batch that needs `needed` bytes without them, and must fit into `memory`."""

    def __init__(self, trace: Trace, needed: int, memory: int) -> None:
        self._work = _sum_work(trace)
        self._saved = _sum_saved(trace)
        self._lives = Lives(trace, count_work(trace, find_registered_formulas(trace.ops)))
        self._segments = list_segments(self._lives)
        self._needed, self._memory = needed, memory

    def choose(self, walk: Walk) -> Checkpoint:
        """Return the fitting choice with the least work, or, if no choice fits, the one that needs the least memory.

        `walk` walks a choice and returns the trace and the bytes it needs; the last call walks the returned choice.
        """
        nothing = Checkpoint(
            modules=(), saved_bytes=self._saved, all_saved_bytes=self._saved, extra_operations=0,
            operations=self._work, all_needed_bytes=self._needed,
        )  # fmt: skip
        if self._needed <= self._memory:
            return nothing
        tried: dict[tuple[str, ...], tuple[Checkpoint, int]] = {(): (nothing, self._needed)}
        least = self._find_least_room()
        top = max(self._lives.live)
        fits, fails = least, top  # rooms of the estimate: the largest known to fit, the smallest known to fail
        room = top - (self._needed - self._memory)
        for _ in range(ROUNDS):
            room = min(max(room, least), top)
            chosen = self._choose(room)
            if chosen not in tried:
                walked = self._walk(walk, chosen)
                if walked is None:
                    continue
                tried[chosen] = self._measure(chosen, *walked)
            slack = self._memory - tried[chosen][1]
            if slack >= 0:
                fits = max(fits, room)
            else:
                fails = min(fails, room)
            if fails - fits <= top // 1000:
                break
            room += slack
            if not fits < room < fails:
                room = (fits + fails) // 2
        self._try_every(walk, tried)
        modules = self._pick(tried)
        walk(modules)
        return tried[modules][0]

    def _walk(self, walk: Walk, chosen: tuple[str, ...]) -> tuple[Trace, int] | None:
        """Walk a choice; if recomputing fails, drop the modules that cause it and return None."""
        try:
            return walk(chosen)
        except WalkError:
            alone = {name for name in chosen if self._fails(walk, name)} or set(chosen)
            self._segments = [segment for segment in self._segments if segment.path not in alone]
            return None

    @staticmethod
    def _fails(walk: Walk, name: str) -> bool:
        try:
            walk((name,))
        except WalkError:
            return True
        return False

    def _try_every(self, walk: Walk, tried: dict[tuple[str, ...], tuple[Checkpoint, int]]) -> None:
        """If the choices are few, walk all with less work than the best so far, as the estimate may be off."""
        for segments in list_choices(self._segments, FEW):
            chosen = tuple(segment.path for segment in segments)
            fitting = [found.extra_operations for found, need in tried.values() if need <= self._memory]
            if sum(segment.work for segment in segments) >= min(fitting, default=math.inf):
                return
            walked = None if chosen in tried else self._walk(walk, chosen)
            if walked is not None:
                tried[chosen] = self._measure(chosen, *walked)

    def _pick(self, tried: dict[tuple[str, ...], tuple[Checkpoint, int]]) -> tuple[str, ...]:
        enough = [modules for modules, (_, need) in tried.items() if need <= self._memory]
        if enough:
            return min(enough, key=lambda modules: tried[modules][0].extra_operations)
        return min(tried, key=lambda modules: tried[modules][1])

    def _choose(self, room: int) -> tuple[str, ...]:
        return tuple(segment.path for segment in choose_segments(self._lives, self._segments, room) or ())

    def _find_least_room(self) -> int:
        """Return the least room for which the estimate finds a choice, to a thousandth of the estimated peak."""
        low, high = 0, max(self._lives.live)
        while high - low > max(self._lives.live) // 1000:
            middle = (low + high) // 2
            if choose_segments(self._lives, self._segments, middle) is None:
                low = middle
            else:
                high = middle
        return high

    def _measure(self, modules: tuple[str, ...], trace: Trace, need: int) -> tuple[Checkpoint, int]:
        found = Checkpoint(
            modules=modules, saved_bytes=_sum_saved(trace), all_saved_bytes=self._saved,
            extra_operations=_sum_work(trace) - self._work, operations=self._work, all_needed_bytes=self._needed,
        )  # fmt: skip
        return found, need


def _sum_work(trace: Trace) -> int:
    return sum(count_work(trace, find_registered_formulas(trace.ops)))


def _sum_saved(trace: Trace) -> int:
    storages = [trace.storages[spec.storage] for spec in trace.saved]
    return sum(storage.nbytes for storage in storages if storage.kind not in KEPT_ANYWAY)
