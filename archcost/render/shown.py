"""The shown part of a difference: its quantities, and the order of its layers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archcost.metrics import USUAL

if TYPE_CHECKING:
    from collections.abc import Sequence

    from archcost.records import Change, Checked, Difference

MOST = 15  # the most layers that a text or a table names
STRUCTURAL = ("depth", "receptive_field")  # they change with the structure, whatever the cost


def choose_metrics(checked: Checked) -> tuple[str, ...]:
    """Return the quantities of a table: those with exceeded limits, then others with limits, then the usual ones."""
    exceeded = [verdict.metric for verdict in checked.exceeded if not verdict.modules]
    known = () if checked.difference is None else checked.difference.network.totals
    names = (*exceeded, *(verdict.metric for verdict in checked.verdicts if not verdict.modules), *USUAL)
    return tuple(name for name in dict.fromkeys(names) if name in known)


def choose_own_metrics(checked: Checked) -> tuple[str, ...]:
    """Return the quantities of the totals: the usual ones, those with a limit, and others with a cause of their own.

    Bytes and peaks usually follow from parameters, multiply-adds or activations; they have a cause of their own if none
    of these changed, as when the dtype changed.
    """
    difference, first = checked.difference, choose_metrics(checked)
    if difference is None:
        return first
    others = tuple(name for name in difference.metrics if name not in first and difference.delta(name))
    if any(difference.delta(name) for name in USUAL if name in difference.metrics):
        others = tuple(name for name in others if name in STRUCTURAL)
    return (*first, *others)


def choose_following_metrics(checked: Checked) -> tuple[str, ...]:
    """Return the quantities that changed only because others did."""
    difference, own = checked.difference, choose_own_metrics(checked)
    if difference is None or difference.before is None or difference.after is None:
        return ()
    return tuple(name for name in difference.metrics if name not in own and difference.delta(name))


def choose_layer_metrics(difference: Difference, metrics: Sequence[str]) -> tuple[str, ...]:
    """Return the quantities that differ in at least one layer."""
    return tuple(name for name in metrics if difference.contributions(name))


def sort_changes(difference: Difference, metrics: Sequence[str]) -> list[Change]:
    """Return the changed layers, the largest difference first."""
    found = [change for change in difference.changes if change.status != "same"]
    return sorted(found, key=lambda change: [-abs(change.delta(name)) for name in metrics])
