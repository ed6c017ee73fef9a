"""judge(difference, budgets): say which limits a network keeps."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from archcost import units
from archcost.errors import ConfigError, IncomparableError
from archcost.metrics import METRICS
from archcost.records import Allowance, Verdict
from archcost.regression.budgets import DEFAULT

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from archcost.records import Budget, Difference, Row, Snapshot


def judge(difference: Difference, budgets: Sequence[Budget]) -> tuple[Verdict, ...]:
    """Judge a network by every limit. Without a baseline, only maxima apply.

    Raises:
        ConfigError: a budget limits a quantity that was not counted, or layers that the network does not have.
        IncomparableError: a budget limits the receptive field of a network without one, or the baseline lacks the
            quantity.
    """
    return tuple(verdict for budget in budgets for verdict in _verdicts(difference, budget))


def _verdicts(difference: Difference, budget: Budget) -> Iterator[Verdict]:
    before, after = _amounts(difference, budget)
    if not budget.needs_baseline or before is not None:
        yield _verdict(budget, before, after)
    elif difference.before is not None and budget not in DEFAULT:  # a default may be newer than the baseline
        raise IncomparableError(f"no baseline: it has no {budget.metric} of {difference.network.spec!r}; count it anew")


def _amounts(difference: Difference, budget: Budget) -> tuple[int | None, int]:
    """Return the quantity that a budget limits, before and after; None before if the baseline lacks it.

    Raises:
        ConfigError: the quantity was not counted, or no layer matches the pattern.
        IncomparableError: the network has no receptive field.
    """
    if budget.modules:
        return _of_modules(difference, budget)
    before, after = difference.totals(budget.metric)
    if after is not None:
        return before, after
    if budget.metric == "receptive_field":
        raise IncomparableError(
            f"{budget.where}: {difference.network.spec} has no receptive field of a bounded size to judge"
        )
    raise ConfigError(f"{budget.where}: {difference.network.spec} {_lack(difference.network, budget.metric)}")


def _lack(network: Snapshot, metric: str) -> str:
    """Say why a network lacks a quantity."""
    if network.trained:
        return f"was walked with a training step, or by an archcost that did not count {metric}"
    return (
        f"was walked without what {metric} needs; it needs a training step: "
        'train = "sgd" among the settings of the network'
    )


def _of_modules(difference: Difference, budget: Budget) -> tuple[int | None, int]:
    sides = [
        None if side is None else [row for row in side.rows if _fits(row.name, budget.modules)]
        for side in (difference.before, difference.after)
    ]
    if not any(sides):
        raise ConfigError(f"{budget.where}: no layer of {difference.network.spec} fits {budget.modules!r}")
    before, after = (None if rows is None else _sum(rows, budget.metric) for rows in sides)
    if after is None:
        raise ConfigError(f"{budget.where}: {difference.network.spec} was walked without what {budget.metric} needs")
    return before, after


def _fits(path: str, pattern: str) -> bool:
    """Whether a layer's path, or the path of a module around it, matches a pattern."""
    return fnmatchcase(path, pattern) or fnmatchcase(path, f"{pattern}.*")


def _sum(rows: Sequence[Row], metric: str) -> int | None:
    """Return the sum over layers; None if one layer lacks the quantity."""
    values = [row.values.get(metric) for row in rows]
    return None if None in values else sum(value for value in values if value is not None)


def _verdict(budget: Budget, before: int | None, after: int) -> Verdict:
    if isinstance(budget.limit, Allowance):
        base = before or 0
        change = after - base if budget.kind == "max_increase" else base - after
        kept, sign = budget.limit.allows(change, base), "+" if budget.kind == "max_increase" else "-"
        text, most = f"at most {sign}{budget.limit.text}", None
    else:
        kept, most = after <= budget.limit, budget.limit
        text = f"at most {_beside(budget.limit, after, METRICS[budget.metric].unit)}"
    return Verdict(
        metric=budget.metric,
        kind=budget.kind,
        limit=text,
        before=before,
        after=after,
        outcome="passed" if kept else "exceeded",
        level=budget.level,
        where=budget.where,
        modules=budget.modules,
        most=most,
    )


def _beside(limit: int, value: int, unit: str) -> str:
    """Format a limit, with all digits if its neighbour would round to the same text."""
    short = units.short(limit, unit)
    return short if value <= limit or units.short(value, unit) != short else f"{units.exact(limit)} {unit}".rstrip()
