"""Is the new version slower? Both are timed in turn, round by round, and judged by the ratio within each round.

Times differ by 7 % between machines and by 6 % from minute to minute on one machine, but by only 0.3 % within a minute.
So archcost compares with no stored time: it compares measurements that follow each other, alternates which version goes
first, and resamples rounds, not samples.
"""

from __future__ import annotations

import random
import statistics
from typing import TYPE_CHECKING, Literal

from archcost.errors import ArgumentError
from archcost.records import Round, Speed, SpeedState

if TYPE_CHECKING:
    from collections.abc import Sequence

ROUNDS = 8  # with fewer rounds, a nominal 95 % interval covers less than 95 %
SAMPLES = 3
FLOOR = 0.02  # a smaller change is not worth reporting, even if it is certain
RESAMPLES = 1000
OUTSIDE = RESAMPLES // 40  # on each side of a 95 % interval


def plan(rounds: int = ROUNDS) -> tuple[tuple[Literal["base", "head"], Literal["base", "head"]], ...]:
    """Return the order of each round: base, head, then head, base, so that a drift affects both alike.

    Raises:
        ArgumentError: the interval needs more rounds.

    Example:
        >>> plan()[:2]
        (('base', 'head'), ('head', 'base'))
    """
    if rounds < ROUNDS:
        raise ArgumentError(f"a comparison of times takes at least {ROUNDS} rounds, not {rounds}")
    return tuple(("base", "head") if i % 2 == 0 else ("head", "base") for i in range(rounds))


def judge_rounds(rounds: Sequence[Round], *, floor: float = FLOOR, seed: int = 0) -> Speed:
    """Judge head's time against base's.

    The ratio is the median over the rounds of (median of head) / (median of base). The median over all samples of a
    side is unstable when the clock changes in the middle of the job: in simulations it misses one +5 % change in ten,
    and this ratio misses none.

    Args:
        rounds: the measured rounds, at least `ROUNDS`.
        floor: the relative change above which a difference counts.
        seed: seed of the bootstrap, so that the same rounds give the same interval.

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
