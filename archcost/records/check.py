"""Budgets, and what a check of networks against them finds."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from archcost.records.display import Displayed

if TYPE_CHECKING:
    from fractions import Fraction

    from archcost.records.difference import Difference
    from archcost.records.speed import Speed

Level = Literal["error", "warn"]
LimitKind = Literal["max", "max_increase", "max_decrease"]
Outcome = Literal["failed", "exceeded", "warned", "uncompared", "new", "removed", "changed", "unchanged"]
WORST_FIRST: tuple[Outcome, ...] = (
    "failed",
    "exceeded",
    "warned",
    "uncompared",
    "new",
    "removed",
    "changed",
    "unchanged",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """By how much a quantity may change: an amount, or per cent of what it was. `text` is how it was written."""

    amount: Fraction
    percent: bool
    text: str

    def allows(self, change: int, before: int) -> bool:
        """Whether a quantity that was `before` may grow, or shrink, by `change`."""
        return 100 * change <= self.amount * before if self.percent else change <= self.amount


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """One limit of one quantity of a network: a maximum, or how much it may grow or shrink.

    `modules` is a pattern of layers' paths ("backbone.*") whose sum is judged; "" for the whole network. `where` says
    who set the limit.
    """

    metric: str
    kind: LimitKind
    limit: int | Allowance
    level: Level = "error"
    where: str = ""
    modules: str = ""

    @property
    def needs_baseline(self) -> bool:
        """Whether it can only be judged beside what the quantity was."""
        return self.kind != "max"

    @property
    def key(self) -> tuple[str, str, LimitKind, Level]:
        """What a limit replaces that another pattern set: the one of the same quantity, kind and level."""
        return self.modules, self.metric, self.kind, self.level


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """One limit of one quantity, judged. `limit` is a text such as "at most 4.2 G" or "at most +2%".

    `modules` is the pattern of layers that it is a limit of, "" for the whole network. `most` is the maximum as a
    number, None for a limit of growth. A change is "accepted" where the committed lock file holds it already.
    """

    metric: str
    kind: LimitKind
    limit: str
    before: int | None
    after: int
    outcome: Literal["passed", "exceeded", "accepted"]
    level: Level
    where: str
    modules: str = ""
    most: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A line of a file, named from the top of its repository."""

    file: str
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """One network, checked; `failure` says why it could not be.

    `settings` are lines about what was asked differently: "input 3x256x256 -> 3x320x320". `base_failure` says why the
    baseline could not be counted: the network is then judged by its maxima alone. `place` is where a review shows it.

    `speed` is what timing it beside its base found, where that was asked for; `speed_level` what it means to be slower.
    """

    name: str
    difference: Difference | None = None
    verdicts: tuple[Verdict, ...] = ()
    failure: str = ""
    settings: tuple[str, ...] = ()
    base_failure: str = ""
    place: Place | None = None
    speed: Speed | None = None
    speed_level: Level = "warn"

    @property
    def changed(self) -> bool:
        """Whether it, its time or what it is asked for is not as it was; one over a maximum may be as it was."""
        return self.difference is not None and (self.difference.changed or bool(self.settings) or self.slower)

    @property
    def exceeded(self) -> tuple[Verdict, ...]:
        """The limits that are exceeded, errors before warnings."""
        found = [verdict for verdict in self.verdicts if verdict.outcome == "exceeded"]
        return tuple(sorted(found, key=lambda verdict: verdict.level != "error"))

    @property
    def growth(self) -> float:
        """By how much, in proportion, the quantity changed that is exceeded most; infinite from nothing."""
        pairs = [(each.before, each.after) for each in self.exceeded if each.before is not None]
        return max((abs(after - before) / before if before else math.inf for before, after in pairs), default=0.0)

    @property
    def slower(self) -> bool:
        """Whether it takes longer than its base, beyond doubt and by more than it may."""
        return self.speed is not None and self.speed.state == "worse"

    @property
    def outcome(self) -> Outcome:
        """What became of it, in one word."""
        if self.failure or self.difference is None:
            return "failed"
        levels = {verdict.level for verdict in self.exceeded} | ({self.speed_level} if self.slower else set())
        if levels:
            return "exceeded" if "error" in levels else "warned"
        if self.base_failure:
            return "uncompared"
        if self.difference.before is None or self.difference.after is None:
            return "new" if self.difference.before is None else "removed"
        return "changed" if self.changed else "unchanged"


@dataclass(frozen=True, slots=True, kw_only=True)
class Check(Displayed):
    """All networks that were checked.

    `baseline` says what they were compared with, `accept` is the command that accepts what is exceeded. `notes` are
    sentences about the whole: that the lock file is out of date, for example. `project` is the folder of the settings
    within its repository, "" for the repository itself.
    """

    baseline: str
    networks: tuple[Checked, ...]
    accept: str = ""
    notes: tuple[str, ...] = ()
    project: str = ""

    @property
    def worst_first(self) -> tuple[Checked, ...]:
        """The networks, the worst first; of equal outcomes the largest growth of what is exceeded first."""
        return tuple(sorted(self.networks, key=lambda each: (WORST_FIRST.index(each.outcome), -each.growth)))

    @property
    def exit_code(self) -> int:
        """3 where a network could not be checked, 1 where one exceeds a budget, 0 otherwise, also with warnings."""
        outcomes = {each.outcome for each in self.networks}
        return 3 if "failed" in outcomes else 1 if "exceeded" in outcomes else 0
