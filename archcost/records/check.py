"""Budgets, and the results of checking networks against them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from archcost.display import Displayed

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
    """The allowed change of a quantity: an amount, or a percentage of the earlier value. `text` is the user's text."""

    amount: Fraction
    percent: bool
    text: str

    def allows(self, change: int, before: int) -> bool:
        """Whether a quantity may grow or shrink by `change` from `before`."""
        return 100 * change <= self.amount * before if self.percent else change <= self.amount


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """One limit of one quantity: a maximum, or the most that it may grow or shrink.

    `modules` is a pattern of layer paths ("backbone.*"), whose sum is judged; "" for the whole network. `where` names
    the setting or option that holds the limit.
    """

    metric: str
    kind: LimitKind
    limit: int | Allowance
    level: Level = "error"
    where: str = ""
    modules: str = ""

    @property
    def needs_baseline(self) -> bool:
        """Whether judging the limit needs an earlier value."""
        return self.kind != "max"

    @property
    def key(self) -> tuple[str, str, LimitKind, Level]:
        """The identity of a limit: it replaces an inherited limit with the same key."""
        return self.modules, self.metric, self.kind, self.level


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The verdict on one limit. `limit` is a text such as "at most 4.2 G" or "at most +2%".

    `modules` is the pattern of the limited layers, "" for the whole network. `most` is the maximum as a number, None
    for a limit on growth. A change is "accepted" if the committed lock file holds it already.
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
    """A line of a file, whose path is relative to the top of its repository."""

    file: str
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """The check of one network; `failure` says why it could not be checked.

    `settings` are lines about changed settings: "input 3x256x256 -> 3x320x320". `base_failure` says why the baseline
    could not be counted; only maxima then apply. `place` is the line at which a review shows the network. `speed` is
    the result of timing it beside its base, if requested; `speed_level` is the level of a slowdown.
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
        """Whether its figures, its time or its settings changed; a network above a maximum may be unchanged."""
        return self.difference is not None and (self.difference.changed or bool(self.settings) or self.slower)

    @property
    def exceeded(self) -> tuple[Verdict, ...]:
        """The exceeded limits, errors before warnings."""
        found = [verdict for verdict in self.verdicts if verdict.outcome == "exceeded"]
        return tuple(sorted(found, key=lambda verdict: verdict.level != "error"))

    @property
    def growth(self) -> float:
        """The largest relative change among the exceeded quantities; infinite if the earlier value was 0."""
        pairs = [(each.before, each.after) for each in self.exceeded if each.before is not None]
        return max((abs(after - before) / before if before else math.inf for before, after in pairs), default=0.0)

    @property
    def slower(self) -> bool:
        """Whether it is significantly slower than its base, by more than its budget allows."""
        return self.speed is not None and self.speed.state == "worse"

    @property
    def outcome(self) -> Outcome:
        """The outcome in one word."""
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
    """The check of a project's networks.

    `baseline` describes the baseline, and `accept` is the command that accepts the changes. `notes` are sentences about
    the whole check: that the lock file is out of date, for example. `project` is the folder of the settings within its
    repository, "" for the repository itself.
    """

    baseline: str
    networks: tuple[Checked, ...]
    accept: str = ""
    notes: tuple[str, ...] = ()
    project: str = ""

    @property
    def worst_first(self) -> tuple[Checked, ...]:
        """The networks, the worst outcome first; networks with the same outcome by their largest growth."""
        return tuple(sorted(self.networks, key=lambda each: (WORST_FIRST.index(each.outcome), -each.growth)))

    @property
    def exit_code(self) -> int:
        """3 if a network could not be checked, 1 if one exceeds a budget, and 0 otherwise, even with warnings."""
        outcomes = {each.outcome for each in self.networks}
        return 3 if "failed" in outcomes else 1 if "exceeded" in outcomes else 0
