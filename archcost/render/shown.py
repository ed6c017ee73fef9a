"""What is shown of a difference: which quantities, and which layers first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archcost.metrics import USUAL

if TYPE_CHECKING:
    from collections.abc import Sequence

    from archcost.records import Change, Checked, Difference

MOST = 15  # layers that a text or a table names
STRUCTURAL = ("depth", "receptive_field")  # they change with the structure, whatever it costs


def choose_metrics(checked: Checked) -> tuple[str, ...]:
    """Return the quantities of a table: those with a limit first exceeded ones, then the usual ones."""
    exceeded = [verdict.metric for verdict in checked.exceeded if not verdict.modules]
    known = () if checked.difference is None else checked.difference.network.totals
    names = (*exceeded, *(verdict.metric for verdict in checked.verdicts if not verdict.modules), *USUAL)
    return tuple(name for name in dict.fromkeys(names) if name in known)


def choose_own_metrics(checked: Checked) -> tuple[str, ...]:
    """Return the quantities of the totals: the usual ones, those with a limit, and others with a cause of their own.

    Bytes, peaks and the like follow where parameters, multiply-adds or activations changed; they have a cause of their
    own where none of these did, as when the dtype changed.
    """
    difference, first = checked.difference, choose_metrics(checked)
    if difference is None:
        return first
    others = tuple(name for name in difference.metrics if name not in first and difference.delta(name))
    if any(difference.delta(name) for name in USUAL if name in difference.metrics):
        others = tuple(name for name in others if name in STRUCTURAL)
    return (*first, *others)


def choose_following_metrics(checked: Checked) -> tuple[str, ...]:
    """Return the quantities that changed because others did."""
    difference, own = checked.difference, choose_own_metrics(checked)
    if difference is None or difference.before is None or difference.after is None:
        return ()
    return tuple(name for name in difference.metrics if name not in own and difference.delta(name))


def choose_layer_metrics(difference: Difference, metrics: Sequence[str]) -> tuple[str, ...]:
    """Return those quantities that some layer has more or less of."""
    return tuple(name for name in metrics if difference.contributions(name))


def sort_changes(difference: Difference, metrics: Sequence[str]) -> list[Change]:
    """Return the layers that are not the same, the largest difference first."""
    found = [change for change in difference.changes if change.status != "same"]
    return sorted(found, key=lambda change: [-abs(change.delta(name)) for name in metrics])
