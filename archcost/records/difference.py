"""Snapshots of reports, and the differences between them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

from archcost.display import Displayed

Status = Literal["same", "changed", "reshaped", "renamed", "replaced", "new", "removed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One layer in a comparison; `outputs` are its output shapes, `values` the quantities that add up to the totals.

    `call` is None for a module that was never called.
    """

    name: str
    call: int | None
    kind: str
    outputs: tuple[tuple[int, ...], ...]
    values: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """The parts of a report that are compared and that a lock file keeps: exact figures and their conditions.

    `inputs` are texts ("1x3x224x224 float32"). `dtypes` are the parameters' data types, None if unknown. `conventions`
    is the version of the counting conventions. `totals` lack quantities that were not counted, such as the saved bytes
    of a walk without a training step. `uncovered` counts the calls of operators without a rule. `followed` is the kind
    of device that the walk followed, None if it is unknown or if a real device ran only a forward pass.
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
        """Whether the walk covered a training step."""
        return "saved_bytes" in self.totals


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One layer before and after; None on the side where it does not exist."""

    before: Row | None
    after: Row | None

    @property
    def row(self) -> Row:
        """The layer now; the earlier one if it was removed."""
        found = self.after or self.before
        assert found is not None  # noqa: S101 - one of them exists
        return found

    @property
    def status(self) -> Status:
        """The kind of change, in one word."""
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
        """The growth of a quantity, with 0 for a missing side; 0 if a side does not know the quantity."""
        return _delta(*(0 if row is None else row.values.get(metric) for row in (self.before, self.after)))

    def __neg__(self) -> Change:
        return Change(before=self.after, after=self.before)


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference(Displayed):
    """Two snapshots of a network with their layers matched; None on the side where the network does not exist.

    `changes` holds every layer of both, unchanged ones included, in the order of execution; `notes` say why the two
    cannot be compared strictly, if `force` allowed it.
    """

    before: Snapshot | None
    after: Snapshot | None
    changes: tuple[Change, ...]
    notes: tuple[str, ...] = ()

    @property
    def network(self) -> Snapshot:
        """The network now; the earlier one if it was removed."""
        found = self.after or self.before
        assert found is not None  # noqa: S101 - one of them exists
        return found

    @property
    def metrics(self) -> tuple[str, ...]:
        """The quantities that both sides have as totals."""
        return tuple(name for name in self.network.totals if self.knows(name))

    def totals(self, metric: str) -> tuple[int | None, int | None]:
        """A quantity before and after; None if it is unknown."""
        before, after = (None if side is None else side.totals.get(metric) for side in (self.before, self.after))
        return before, after

    def delta(self, metric: str) -> int:
        """The growth of a quantity, with 0 for a missing side; 0 if a side does not know the quantity."""
        return _delta(*(0 if side is None else side.totals.get(metric) for side in (self.before, self.after)))

    def knows(self, metric: str) -> bool:
        """Whether every existing side has a quantity; an older report lacks newer quantities."""
        return all(side is None or metric in side.totals for side in (self.before, self.after))

    @property
    def changed(self) -> bool:
        """Whether anything differs."""
        return (
            self.before is None
            or self.after is None
            or any(self.delta(name) for name in self.metrics)
            or any(change.status != "same" for change in self.changes)
            or self.before.uncovered != self.after.uncovered
        )

    def contributions(self, metric: str) -> tuple[Change, ...]:
        """The layers in which a quantity differs, the largest difference first."""
        found = [change for change in self.changes if change.delta(metric)]
        return tuple(sorted(found, key=lambda change: -abs(change.delta(metric))))

    def __neg__(self) -> Difference:
        return replace(self, before=self.after, after=self.before, changes=tuple(-change for change in self.changes))


def _delta(before: int | None, after: int | None) -> int:
    return 0 if before is None or after is None else after - before
