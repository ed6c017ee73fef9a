"""Choose the modules to recompute so that training fits into memory with the least work: an exact knapsack."""

from __future__ import annotations

from collections import defaultdict
from itertools import islice, pairwise
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from archcost.account.segments import Lives, Segment

STATES = 400  # the most choices that are kept in parallel: each hides more than the one before, for more work


class _State(NamedTuple):
    """A choice among the modules so far; `chosen` is a linked list: the last module, and those chosen before it."""

    hidden: int
    work: int
    chosen: tuple[Segment, tuple[object, ...]] | tuple[()]


def choose_segments(lives: Lives, segments: Iterable[Segment], room: int) -> list[Segment] | None:
    """Return the segments whose recomputation keeps memory within `room` for the least work; None if nothing fits.

    The search runs in the order of execution. Bytes hidden before an operator stay hidden while the forward pass is at
    the operator, and when the backward pass returns to it. So at each operator only the Pareto-optimal choices (in
    bytes and work) are kept.
    """
    segments = list(segments)
    enough = (
        max([*lives.peaks, *(segment.peak for segment in segments)], default=0) - room
    )  # nothing requires hiding more
    starting: defaultdict[int, list[Segment]] = defaultdict(list)
    for segment in segments:
        starting[segment.start].append(segment)
    places = sorted({0, lives.forward, *(place for each in segments for place in (each.start, each.end))})
    following = dict(pairwise(places))
    states: defaultdict[int, list[_State]] = defaultdict(list)
    states[0] = [_State(0, 0, ())]
    for place in places[:-1]:
        here, end = _keep_best(states.pop(place, [])), following[place]
        peak = max(lives.peaks[place:end])
        states[end] += [state for state in here if peak - state.hidden <= room]
        for segment in starting[place]:
            states[segment.end] += [
                _State(min(state.hidden + segment.hidden, enough), state.work + segment.work, (segment, state.chosen))
                for state in here
                if segment.peak - state.hidden <= room
            ]
    best = min(states[lives.forward], key=lambda state: state.work, default=None)
    if best is None or lives.step > room:
        return None
    return _unroll(best.chosen)


def list_choices(segments: Iterable[Segment], most: int) -> list[tuple[Segment, ...]]:
    """Return every choice of disjoint segments, the least work first; [] if there are more than `most`.

    Example:
        >>> list_choices([], 10)
        [()]
    """
    found = list(islice(_yield_choices(sorted(segments, key=lambda each: each.start), 0), most + 1))
    return [] if len(found) > most else sorted(found, key=lambda chosen: sum(each.work for each in chosen))


def _yield_choices(segments: Sequence[Segment], end: int) -> Iterator[tuple[Segment, ...]]:
    yield ()
    for i, segment in enumerate(segments):
        if segment.start >= end:
            for rest in _yield_choices(segments[i + 1 :], segment.end):
                yield (segment, *rest)


def _keep_best(states: list[_State]) -> list[_State]:
    """Return the Pareto-optimal states; if there are more than STATES, an evenly spaced sample."""
    if len(states) == 1:
        return states
    best: list[_State] = []
    for state in sorted(states, key=lambda state: (state.work, -state.hidden)):
        if not best or state.hidden > best[-1].hidden:
            best.append(state)
    if len(best) <= STATES:
        return best
    return [best[round(i * (len(best) - 1) / (STATES - 1))] for i in range(STATES)]


def _unroll(chosen: tuple[object, ...]) -> list[Segment]:
    found = []
    while chosen:
        segment, chosen = chosen  # type: ignore[assignment] # a pair, or nothing
        found.append(segment)
    return found[::-1]  # type: ignore[return-value]
