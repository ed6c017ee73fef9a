"""diff(before, after): what changed between two reports, layer by layer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archcost.errors import IncomparableError
from archcost.records import Difference, Report, Snapshot
from archcost.regression.match import match
from archcost.regression.snapshot import snapshot

if TYPE_CHECKING:
    from collections.abc import Iterator


def diff(
    before: Report | Snapshot | None,
    after: Report | Snapshot | None,
    *,
    force: bool = False,
    settings_may_differ: bool = False,
) -> Difference:
    """Compare two reports of one network, or of two.

    Args:
        before: a report, a snapshot from a lock file, or None for a new network.
        after: the same; None for a removed network.
        force: compare even if the inputs, the mode or the counting conventions differ; the `notes` of the difference
            then say so.
        settings_may_differ: compare even if the inputs, the mode or the training step differ; the caller reports these
            changes.

    Raises:
        IncomparableError: the two cannot be compared, and `force` is false.
    """
    old, new = (snapshot(side) if isinstance(side, Report) else side for side in (before, after))
    notes = () if old is None or new is None else tuple(_reasons(old, new, settings_may_differ=settings_may_differ))
    if notes and not force:
        name = new.spec if new is not None else ""
        raise IncomparableError(f"{name}: {'; '.join(notes)}. Count both alike, or compare all the same with --force")
    changes = match(() if old is None else old.rows, () if new is None else new.rows)
    return Difference(before=old, after=new, changes=changes, notes=notes)


def _reasons(before: Snapshot, after: Snapshot, *, settings_may_differ: bool) -> Iterator[str]:
    """Yield the reasons why two snapshots cannot be compared."""
    if before.uncovered != after.uncovered:
        yield f"other operators counted as nothing: {_operators(before)} before, {_operators(after)} after"
    if before.conventions != after.conventions:
        yield f"counted by other conventions: {before.conventions} before, {after.conventions} after"
    if settings_may_differ:
        return
    if before.inputs != after.inputs:
        yield f"other inputs: {', '.join(before.inputs)} before, {', '.join(after.inputs)} after"
    if before.mode != after.mode:
        yield f"another mode: {before.mode} before, {after.mode} after"
    trained = ["a training step" if each.trained else "none" for each in (before, after)]
    if trained[0] != trained[1]:
        yield f"walked differently: {trained[0]} before, {trained[1]} after"
    elif before.followed != after.followed and None not in {before.followed, after.followed}:
        yield f"other choices followed: like {before.followed} before, like {after.followed} after"


def _operators(side: Snapshot) -> str:
    return ", ".join(f"{name} ({calls}x)" for name, calls in side.uncovered.items()) or "none"
