"""Is it slower? Two versions are timed in turn, round by round, and judged by their ratio within each round.

Between machines, and from one minute to the next on the same one, times differ by more than most changes do: 7 % and
6 % where 0.3 % is the noise within a minute. So nothing is compared with a stored time. Neighbours in time are compared
with each other, which of the two goes first alternates, and the rounds, not the samples, are what is resampled.
"""

from __future__ import annotations

import random
import statistics
from typing import TYPE_CHECKING, Literal

from archcost.errors import ArgumentError
from archcost.records import Round, Speed, SpeedState

if TYPE_CHECKING:
    from collections.abc import Sequence

ROUNDS = 8  # of fewer, an interval that is said to be of 95 % covers less
SAMPLES = 3
FLOOR = 0.02  # a smaller change is not worth a look, however certain it is
RESAMPLES = 1000
OUTSIDE = RESAMPLES // 40  # on each side of a 95 % interval


def plan(rounds: int = ROUNDS) -> tuple[tuple[Literal["base", "head"], Literal["base", "head"]], ...]:
    """Say which version goes first in each round: base, head, then head, base, so that a drift takes from both.

    Raises:
        ArgumentError: fewer rounds than an interval needs.

    Example:
        >>> plan()[:2]
        (('base', 'head'), ('head', 'base'))
    """
    if rounds < ROUNDS:
        raise ArgumentError(f"a comparison of times takes at least {ROUNDS} rounds, not {rounds}")
    return tuple(("base", "head") if i % 2 == 0 else ("head", "base") for i in range(rounds))


def judge_rounds(rounds: Sequence[Round], *, floor: float = FLOOR, seed: int = 0) -> Speed:
    """Judge how head's time stands to base's.

    The ratio is the median over the rounds of (median of head) / (median of base). A median of all samples of a side
    would be thrown about by a clock that changes in the middle of the job: there it misses one +5 % in ten, and this
    one none.

    Args:
        rounds: what was measured, at least `ROUNDS` of them.
        floor: the relative change that has to be exceeded to count.
        seed: of the bootstrap: the same rounds give the same interval.

    Raises:
        ArgumentError: too few rounds.
    """
    if len(rounds) < ROUNDS:
        raise ArgumentError(f"a comparison of times takes at least {ROUNDS} rounds, not {len(rounds)}")
    ratios = [statistics.median(each.head_ns) / statistics.median(each.base_ns) for each in rounds]
    draw = random.Random(seed)  # noqa: S311 - a bootstrap, not a secret
    resampled = sorted(statistics.median(draw.choices(ratios, k=len(ratios))) for _ in range(RESAMPLES))
    ratio, low, high = statistics.median(ratios), resampled[OUTSIDE], resampled[-1 - OUTSIDE]
    state = _state(ratio, low, high, 1 + floor)
    return Speed(rounds=tuple(rounds), ratio=ratio, low=low, high=high, floor=floor, state=state)


def _state(ratio: float, low: float, high: float, most: float) -> SpeedState:
    if low > 1 and ratio > most:
        return "worse"
    if high < 1 and ratio < 1 / most:
        return "better"
    return "unchanged" if low >= 1 / most and high <= most else "ambiguous"
