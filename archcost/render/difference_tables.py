"""A difference in tables: totals before and after, and the changed layers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archcost import units
from archcost.metrics import METRICS
from archcost.page.names import make_printable
from archcost.page.page import Cell, Column, Line, Table
from archcost.render.columns import spell_outputs
from archcost.render.difference import name_layer, say_event, spell_difference
from archcost.render.shown import MOST, choose_following_metrics, choose_layer_metrics, choose_own_metrics, sort_changes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from archcost.records import Checked, Difference, Verdict


def build_totals_table(checked: Checked, *, following: bool = False) -> Table | None:
    """Return the table of totals before and after: of quantities with a cause of their own, or of derived ones."""
    difference = checked.difference
    if difference is None:
        return None
    limits: dict[str, list[Verdict]] = {}
    for verdict in checked.verdicts:
        if not verdict.modules:
            limits.setdefault(verdict.metric, []).append(verdict)
    names = choose_following_metrics(checked) if following else choose_own_metrics(checked)
    if not names:
        return None
    limits = {name: limits[name] for name in names if name in limits}
    return Table(
        heading="Total",
        columns=(
            Column(name="before", heading="Before"),
            Column(name="after", heading="After"),
            Column(name="difference", heading="Difference"),
            Column(name="percent", heading="%"),
            *([Column(name="limit", heading="Limit", numeric=False)] if limits else []),
        ),
        lines=tuple(
            Line(
                name=name,
                label=METRICS[name].label,
                cells=(
                    *(_build_cell(value, METRICS[name].unit) for value in difference.totals(name)),
                    _build_signed_cell(difference.delta(name), METRICS[name].unit)
                    if difference.knows(name) and not checked.base_failure
                    else Cell(),
                    Cell(text="" if checked.base_failure else spell_difference(difference, name).removesuffix(" %")),
                    *([Cell(text="; ".join(map(spell_limit, limits.get(name, ()))))] if limits else []),
                ),
            )
            for name in names
        ),
    )


def build_layers_table(difference: Difference, metrics: Sequence[str]) -> Table:
    """Return the table of the changed layers, the largest difference first."""
    columns = choose_layer_metrics(difference, metrics)
    changes = sort_changes(difference, columns)
    lines = [
        Line(
            name=change.row.name,
            label=name_layer(change),
            kind=make_printable(change.row.kind),
            call=change.row.call,
            cells=(
                Cell(text=say_event(change)),
                Cell(text=spell_outputs(change.row)),
                *(_build_signed_cell(change.delta(name), METRICS[name].unit) for name in columns),
            ),
        )
        for change in changes[:MOST]
    ]
    return Table(
        heading="Layer",
        columns=(
            Column(name="happened", heading="What", numeric=False),
            Column(name="outputs", heading="Output", numeric=False),
            *(Column(name=name, heading=METRICS[name].label) for name in columns),
        ),
        lines=tuple(lines),
    )


def spell_limit(verdict: Verdict) -> str:
    """Return the text of a limit and its verdict."""
    if verdict.outcome == "passed":
        return verdict.limit
    word = (
        "accepted"
        if verdict.outcome == "accepted"
        else "EXCEEDED"
        if verdict.level == "error"
        else "exceeded (warning)"
    )
    return f"{verdict.limit}: {word}"


def _build_cell(value: int | None, unit: str) -> Cell:
    return Cell() if value is None else Cell(text=units.short(value, unit), raw=value)


def _build_signed_cell(value: int, unit: str) -> Cell:
    return Cell(text=units.signed(value, unit) if value else "0", raw=value)
