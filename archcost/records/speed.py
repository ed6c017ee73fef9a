"""The speed of two versions of a network: samples that were taken in turn, and the verdict."""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from typing import Literal

SpeedState = Literal["better", "worse", "unchanged", "ambiguous"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """Samples of both versions in nanoseconds, taken one version right after the other."""

    base_ns: tuple[int, ...]
    head_ns: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Speed:
    """The time of head as a multiple of base's: `ratio`, with its 95 % interval from `low` to `high`.

    A change up to `floor` does not count. "worse" and "better" are changes beyond the floor whose interval excludes 1;
    "unchanged" is an interval within the floor; everything else is "ambiguous".
    """

    rounds: tuple[Round, ...]
    ratio: float
    low: float
    high: float
    floor: float
    state: SpeedState

    @property
    def base_ns(self) -> float:
        """Median of all samples of the base."""
        return statistics.median(ns for each in self.rounds for ns in each.base_ns)

    @property
    def head_ns(self) -> float:
        """Median of all samples of the head."""
        return statistics.median(ns for each in self.rounds for ns in each.head_ns)
