"""The headroom of each network below its maxima, the least first, whether or not anything changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archcost import units
from archcost.metrics import METRICS
from archcost.page.names import write_plain
from archcost.page.page import Cell, Column, Line, Table

if TYPE_CHECKING:
    from archcost.records import Check, Verdict

MOST = 12  # the most limits that a table shows


def build_headroom(check: Check) -> Table | None:
    """Return a table with one line per maximum and its used share; None if no network has a maximum."""
    limits = [
        (checked.name, verdict)
        for checked in check.networks
        for verdict in checked.verdicts
        if verdict.most is not None
    ]
    if not limits:
        return None
    limits.sort(key=lambda each: -_compute_share(each[1]))
    lines = [_build_line(name, verdict) for name, verdict in limits[:MOST]]
    left = len(limits) - len(lines)
    if left:
        lines.append(Line(name="", label=f"{units.exact(left)} more", cells=tuple(Cell() for _ in range(4))))
    return Table(
        heading="Network",
        columns=(
            Column(name="quantity", heading="Quantity", numeric=False),
            Column(name="value", heading="Value"),
            Column(name="limit", heading="At most"),
            Column(name="used", heading="Used %"),
        ),
        lines=tuple(lines),
    )


def _compute_share(verdict: Verdict) -> float:
    """Return the used share of a maximum; 1 if the maximum is 0."""
    return verdict.after / verdict.most if verdict.most else float(verdict.after > 0)


def _build_line(name: str, verdict: Verdict) -> Line:
    found = METRICS[verdict.metric]
    assert verdict.most is not None  # noqa: S101 - the caller chose those that have one
    of = f"{write_plain(verdict.modules)} " if verdict.modules else ""
    return Line(
        name=name,
        label=write_plain(name),
        cells=(
            Cell(text=f"{of}{found.label}", raw=verdict.metric),
            Cell(text=units.short(verdict.after, found.unit), raw=verdict.after),
            Cell(text=units.short(verdict.most, found.unit), raw=verdict.most),
            Cell(text=units.share(verdict.after, verdict.most) if verdict.most else "", raw=_compute_share(verdict)),
        ),
    )
