"""A check as pages: a table of all networks, then a section for each changed one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archcost import units
from archcost.metrics import METRICS
from archcost.page.names import cut_first_line, make_printable, write_plain
from archcost.page.page import Cell, Column, Line, Page, Remark, Table
from archcost.render.causes import find_groups
from archcost.render.difference import (
    explain,
    list_facts,
    say_judged_change,
    spell_growth,
    spell_headline,
    yield_uncounted,
)
from archcost.render.difference_tables import build_layers_table, build_totals_table, spell_limit
from archcost.render.groups import describe_groups
from archcost.render.headroom import build_headroom
from archcost.render.shown import MOST, choose_layer_metrics, choose_metrics, sort_changes
from archcost.render.speed import CONVENTIONS, build_times_table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from archcost.records import Check, Checked, Difference


def yield_pages(check: Check) -> Iterator[Page]:
    """Yield the summary, if there are several networks, and the section of each network with a change or a problem."""
    alone, title = len(check.networks) == 1, spell_headline(check)
    if not alone:
        yield Page(
            title=title, facts=(f"against {check.baseline}",), table=_build_summary(check), remarks=_list_notes(check)
        )
    for checked in check.worst_first:
        if alone or checked.outcome != "unchanged":
            heading = title if alone else f"{write_plain(checked.name)}: {checked.outcome}"
            yield from _yield_network(
                checked, heading, check.baseline if alone else "", _list_notes(check) if alone else ()
            )
    headroom = build_headroom(check)
    if headroom is not None:
        yield Page(title="Headroom, the nearest to its limit first", table=headroom)
    times = build_times_table(check)
    if times is not None:
        yield Page(title="Times, base and head in turn", table=times, conventions=CONVENTIONS)
    if check.accept:
        yield Page(title="To accept", facts=(check.accept,))


def _list_notes(check: Check) -> tuple[Remark, ...]:
    return tuple(Remark(kind="note", text=make_printable(note)) for note in check.notes)


def _yield_network(checked: Checked, title: str, baseline: str, notes: tuple[Remark, ...]) -> Iterator[Page]:
    against = (f"against {baseline}",) if baseline else ()
    difference = checked.difference
    if difference is None:
        lines = tuple(make_printable(line) for line in checked.failure.splitlines())
        yield Page(title=title, facts=(*against, "could not be checked"), listing=lines, remarks=notes)
        return
    yield Page(
        title=title,
        facts=(*against, *list_facts(difference)),
        table=build_totals_table(checked),
        remarks=(*_yield_remarks(checked, difference), *notes),
    )
    following = build_totals_table(checked, following=True)
    if following is not None:
        yield Page(title="What follows from that", table=following)
    if difference.before is not None and difference.after is not None and sort_changes(difference, ()):
        yield _build_layers(difference, choose_metrics(checked))


def _build_layers(difference: Difference, metrics: tuple[str, ...]) -> Page:
    shown = choose_layer_metrics(difference, metrics)
    groups, _ = find_groups(difference.changes)  # the table shows the layers that changed alone
    causes = describe_groups(groups, shown)
    reasons = [explain(difference, name) for name in shown]
    left = len(sort_changes(difference, ())) - MOST
    more = [f"{units.exact(MOST)} layers shown, {units.exact(left)} more in --format json"] if left > 0 else []
    return Page(
        title=reasons[0] if reasons else "Layers that changed and cost the same",
        facts=(*causes, *reasons[1:], *more),
        table=build_layers_table(difference, metrics),
    )


def _yield_remarks(checked: Checked, difference: Difference) -> Iterator[Remark]:
    if checked.base_failure:
        yield Remark(kind="warning", text=make_printable(cut_first_line(checked.base_failure)))
    for line in checked.settings:
        yield Remark(kind="note", text=make_printable(line))
    for verdict in checked.verdicts:
        if verdict.modules and verdict.outcome != "passed":
            yield Remark(kind="warning", text=f"{say_judged_change(verdict)}, {spell_limit(verdict)}")
    for note in difference.notes:
        yield Remark(kind="warning", text=f"compared all the same, {make_printable(note)}")
    for text in yield_uncounted(difference):
        yield Remark(kind="uncovered", text=text)


def _build_growth(checked: Checked, metric: str) -> Cell:
    raw = None if checked.difference is None else checked.difference.delta(metric)
    return Cell(text=spell_growth(checked, metric), raw=raw)


def _build_summary(check: Check) -> Table:
    metrics = tuple(dict.fromkeys(name for checked in check.networks for name in choose_metrics(checked)))
    changed = [checked for checked in check.worst_first if checked.outcome != "unchanged"]
    unchanged = len(check.networks) - len(changed)
    lines = [
        Line(
            name=checked.name,
            label=write_plain(checked.name),
            cells=(Cell(text=checked.outcome), *(_build_growth(checked, name) for name in metrics)),
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
