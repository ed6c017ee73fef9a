"""A check as pages: all networks in one table, then each one that changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archcost import units
from archcost.metrics import METRICS
from archcost.page.names import plain, printable
from archcost.page.page import Cell, Column, Line, Page, Remark, Table
from archcost.render.causes import find_groups
from archcost.render.difference import (
    MOST,
    change_in,
    explain,
    facts,
    growth,
    headline,
    layer_metrics,
    layers_table,
    limit_text,
    shown_metrics,
    sorted_changes,
    totals_table,
    uncounted,
)
from archcost.render.groups import describe_groups
from archcost.render.headroom import build_headroom
from archcost.render.speed import CONVENTIONS, times_table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from archcost.records import Check, Checked, Difference


def yield_pages(check: Check) -> Iterator[Page]:
    """Yield the summary, where there is more than one network, and what is to be said of each that is not unchanged."""
    alone, title = len(check.networks) == 1, headline(check)
    if not alone:
        yield Page(title=title, facts=(f"against {check.baseline}",), table=_summary(check), remarks=_notes(check))
    for checked in check.worst_first:
        if alone or checked.outcome != "unchanged":
            heading = title if alone else f"{plain(checked.name)}: {checked.outcome}"
            yield from _network(checked, heading, check.baseline if alone else "", _notes(check) if alone else ())
    headroom = build_headroom(check)
    if headroom is not None:
        yield Page(title="Headroom, the nearest to its limit first", table=headroom)
    times = times_table(check)
    if times is not None:
        yield Page(title="Times, base and head in turn", table=times, conventions=CONVENTIONS)
    if check.accept:
        yield Page(title="To accept", facts=(check.accept,))


def _notes(check: Check) -> tuple[Remark, ...]:
    return tuple(Remark(kind="note", text=printable(note)) for note in check.notes)


def _network(checked: Checked, title: str, baseline: str, notes: tuple[Remark, ...]) -> Iterator[Page]:
    against = (f"against {baseline}",) if baseline else ()
    difference = checked.difference
    if difference is None:
        lines = tuple(printable(line) for line in checked.failure.splitlines())
        yield Page(title=title, facts=(*against, "could not be checked"), listing=lines, remarks=notes)
        return
    yield Page(
        title=title,
        facts=(*against, *facts(difference)),
        table=totals_table(checked),
        remarks=(*_remarks(checked, difference), *notes),
    )
    following = totals_table(checked, following=True)
    if following is not None:
        yield Page(title="What follows from that", table=following)
    if difference.before is not None and difference.after is not None and sorted_changes(difference, ()):
        yield _layers(difference, shown_metrics(checked))


def _layers(difference: Difference, metrics: tuple[str, ...]) -> Page:
    groups, _ = find_groups(difference.changes)
    causes = tuple(describe_groups(groups, layer_metrics(difference, metrics)))
    reasons = [explain(difference, name) for name in layer_metrics(difference, metrics)]
    left = len(sorted_changes(difference, ())) - MOST
    return Page(
        title=reasons[0] if reasons else "Layers that changed and cost the same",
        facts=(*reasons[1:], *causes, f"{units.exact(MOST)} layers shown, {units.exact(left)} more in --format json")
        if left > 0
        else (*reasons[1:], *causes),
        table=layers_table(difference, metrics),
    )


def _remarks(checked: Checked, difference: Difference) -> Iterator[Remark]:
    if checked.base_failure:
        yield Remark(kind="warning", text=printable(checked.base_failure))
    for line in checked.settings:
        yield Remark(kind="note", text=printable(line))
    for verdict in checked.verdicts:
        if verdict.modules and verdict.outcome != "passed":
            yield Remark(kind="warning", text=f"{change_in(verdict)}, {limit_text(verdict)}")
    for note in difference.notes:
        yield Remark(kind="warning", text=f"compared all the same, {printable(note)}")
    for text in uncounted(difference):
        yield Remark(kind="uncovered", text=text)


def _growth(checked: Checked, metric: str) -> Cell:
    raw = None if checked.difference is None else checked.difference.delta(metric)
    return Cell(text=growth(checked, metric), raw=raw)


def _summary(check: Check) -> Table:
    metrics = tuple(dict.fromkeys(name for checked in check.networks for name in shown_metrics(checked)))
    changed = [checked for checked in check.worst_first if checked.outcome != "unchanged"]
    unchanged = len(check.networks) - len(changed)
    lines = [
        Line(
            name=checked.name,
            label=plain(checked.name),
            cells=(Cell(text=checked.outcome), *(_growth(checked, name) for name in metrics)),
        )
        for checked in changed
    ]
    if unchanged:
        label = f"{units.exact(unchanged)} network{'' if unchanged == 1 else 's'}"
        lines.append(Line(name="", label=label, cells=(Cell(text="unchanged"), *(Cell() for _ in metrics))))
    return Table(
        heading="Network",
        columns=(
            Column(name="outcome", heading="Outcome", numeric=False),
            *(Column(name=name, heading=METRICS[name].label) for name in metrics),
        ),
        lines=tuple(lines),
    )
