"""What of two reports is compared, and what comes of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

from archcost.records.display import Displayed

Status = Literal["same", "changed", "reshaped", "renamed", "replaced", "new", "removed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One layer as a comparison sees it; `outputs` are its shapes, `values` the quantities that add up to the totals.

    `call` is None for a module that was never called.
    """

    name: str
    call: int | None
    kind: str
    outputs: tuple[tuple[int, ...], ...]
    values: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """What of one report is compared, and what a lock file keeps of it: exact figures, and what they depend on.

    `inputs` are texts ("1x3x224x224 float32"). `dtypes` are those of the parameters, None where they are not known.
    `conventions` is the number of what the figures mean. `totals` lack what was not counted, such as the saved bytes of
    a walk without a training step. `uncovered` counts the calls of operators without a rule. `followed` is the kind of
    device whose choices the figures follow, None where that is not known, or a real device ran a forward pass alone.
    """

    spec: str
    name: str
    mode: str
    inputs: tuple[str, ...]
    conventions: str
    totals: Mapping[str, int]
    rows: tuple[Row, ...]
    uncovered: Mapping[str, int]
    dtypes: tuple[str, ...] | None = None
    followed: str | None = None

    @property
    def trained(self) -> bool:
        """Whether a training step was walked."""
        return "saved_bytes" in self.totals


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One layer before and after; None where it did not exist."""

    before: Row | None
    after: Row | None

    @property
    def row(self) -> Row:
        """The layer as it is now, or as it was where it is gone."""
        found = self.after or self.before
        assert found is not None  # noqa: S101 - one of them exists
        return found

    @property
    def status(self) -> Status:
        """What happened to it, in one word."""
        before, after = self.before, self.after
        if before is None or after is None:
            return "new" if before is None else "removed"
        if before.kind != after.kind:
            return "replaced"
        if (before.name, before.call) != (after.name, after.call):
            return "renamed"
        if before.outputs != after.outputs:
            return "reshaped"
        shared = before.values.keys() & after.values.keys()
        return "same" if all(before.values[name] == after.values[name] for name in shared) else "changed"

    def delta(self, metric: str) -> int:
        """How much more of a quantity there is; a side that does not exist has none. Nothing where one is unknown."""
        return _delta(*(0 if row is None else row.values.get(metric) for row in (self.before, self.after)))

    def __neg__(self) -> Change:
        return Change(before=self.after, after=self.before)


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference(Displayed):
    """Two snapshots of a network, and their layers matched; None where there was, or is, no such network.

    `changes` holds every layer of both, also those that are the same, in the order of execution; `notes` say in which
    way the two do not compare, where that was allowed.
    """

    before: Snapshot | None
    after: Snapshot | None
    changes: tuple[Change, ...]
    notes: tuple[str, ...] = ()

    @property
    def network(self) -> Snapshot:
        """The network as it is now, or as it was where it is gone."""
        found = self.after or self.before
        assert found is not None  # noqa: S101 - one of them exists
        return found

    @property
    def metrics(self) -> tuple[str, ...]:
        """The quantities whose totals both sides know."""
        return tuple(name for name in self.network.totals if self.knows(name))

    def totals(self, metric: str) -> tuple[int | None, int | None]:
        """A quantity before and after; None where it is not known."""
        before, after = (None if side is None else side.totals.get(metric) for side in (self.before, self.after))
        return before, after

    def delta(self, metric: str) -> int:
        """How much more of a quantity there is; a side that does not exist has none. Nothing where one is unknown."""
        return _delta(*(0 if side is None else side.totals.get(metric) for side in (self.before, self.after)))

    def knows(self, metric: str) -> bool:
        """Whether every side that exists knows a quantity: an older report lacks what is newer."""
        return all(side is None or metric in side.totals for side in (self.before, self.after))

    @property
    def changed(self) -> bool:
        """Whether anything that is compared differs."""
        return (
            self.before is None
            or self.after is None
            or any(self.delta(name) for name in self.metrics)
            or any(change.status != "same" for change in self.changes)
            or self.before.uncovered != self.after.uncovered
        )

    def contributions(self, metric: str) -> tuple[Change, ...]:
        """The layers whose share of a quantity differs, the largest difference first."""
        found = [change for change in self.changes if change.delta(metric)]
        return tuple(sorted(found, key=lambda change: -abs(change.delta(metric))))

    def __neg__(self) -> Difference:
        return replace(self, before=self.after, after=self.before, changes=tuple(-change for change in self.changes))


def _delta(before: int | None, after: int | None) -> int:
    return 0 if before is None or after is None else after - before
