"""A check as Markdown for one comment, which CI edits again and again: the worst first, unchanged networks folded."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from archcost import units
from archcost.metrics import METRICS
from archcost.page.names import cut_first_line, write_code
from archcost.render.columns import spell_outputs
from archcost.render.difference import (
    explain,
    list_facts,
    say_event,
    say_judged_change,
    spell_call,
    spell_growth,
    spell_headline,
    yield_uncounted,
)
from archcost.render.difference_tables import build_totals_table, spell_limit
from archcost.render.groups import describe_causes
from archcost.render.headroom import build_headroom
from archcost.render.shown import MOST, choose_layer_metrics, choose_metrics, sort_changes
from archcost.render.speed import CONVENTIONS, build_times_table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from archcost.page.page import Table
    from archcost.records import Check, Checked, Difference

LONGEST = 60_000  # characters; GitHub refuses comments of more than 65,536
MOST_NETWORKS, MOST_NAMES, MOST_CAUSES = 50, 200, 12
SIGNS = {"exceeded": " ❌", "warned": " ⚠️", "failed": " ❌", "uncompared": " ⚠️"}


def write_comment(check: Check) -> str:
    """Return a check as Markdown of less than 60,000 characters; a line says how much was left out."""
    ends = list(_yield_end(check))
    text = _Text(LONGEST - 200 - sum(len(line) + 1 for line in ends))
    text.add(_build_marker(check), f"### archcost: {spell_headline(check, write_code)}")
    for line in _yield_table(check):
        text.add(line)
    for block in _yield_blocks(check):
        text.add("", *block)
    headroom = build_headroom(check)
    if headroom is not None:
        text.add(
            "", "**Headroom**, the nearest to its limit first:", "", *_yield_rows(headroom, _write_code_or_nothing)
        )
    times = build_times_table(check)
    if times is not None:
        text.add("", *_yield_rows(times, write_code), "", CONVENTIONS)
    left = f"**Truncated:** {units.exact(text.left)} parts did not fit; the whole result is in `--format json`."
    return "\n".join([*text.lines, *(["", left] if text.left else []), *ends]) + "\n"


def _build_marker(check: Check) -> str:
    """Return the hidden marker by which CI finds the comment again; each project of a repository has its own."""
    project = "".join(mark if (mark.isascii() and mark.isalnum()) or mark in "._/-" else "_" for mark in check.project)
    return f"<!-- archcost:check {project} -->" if project else "<!-- archcost:check -->"


@dataclass
class _Text:
    """Lines within the size limit; further lines are only counted."""

    room: int
    lines: list[str] = field(default_factory=list)
    left: int = 0

    def add(self, *lines: str) -> None:
        size = sum(len(line) + 1 for line in lines)
        if self.left or size > self.room:
            self.left += 1
            return
        self.room -= size
        self.lines += lines


def _write_code_or_nothing(name: str) -> str:
    return write_code(name) if name else ""


def _yield_table(check: Check) -> Iterator[str]:
    """Yield one row for each network with a change or a problem."""
    changed = [checked for checked in check.worst_first if checked.difference and checked.outcome != "unchanged"]
    if not changed:
        return
    metrics = tuple(dict.fromkeys(name for checked in changed for name in choose_metrics(checked)))
    yield ""
    yield _write_row(["Network", "", *(METRICS[name].label for name in metrics)])
    yield _write_row([":--", ":--", *("--:" for _ in metrics)])
    for checked in changed[:MOST_NETWORKS]:
        cells = (_spell_growth(checked, name) for name in metrics)
        yield _write_row([write_code(checked.name), checked.outcome + SIGNS.get(checked.outcome, ""), *cells])
    if len(changed) > MOST_NETWORKS:
        yield _write_row([f"… {units.exact(len(changed) - MOST_NETWORKS)} more", *("" for _ in metrics), ""])


def _spell_growth(checked: Checked, metric: str) -> str:
    """Return a quantity before and after, in bold if it exceeds a limit."""
    assert checked.difference is not None  # noqa: S101 - only those are shown
    before, after = checked.difference.totals(metric)
    text = spell_growth(checked, metric)
    if before is not None and after is not None and before != after:
        text = f"{units.short(before, METRICS[metric].unit)} → {text}"
    return f"**{text}**" if any(verdict.metric == metric for verdict in checked.exceeded) else text


def _yield_blocks(check: Check) -> Iterator[Sequence[str]]:
    """Yield the section of each network, the worst first, then the names of the unchanged ones."""
    for checked in check.worst_first:
        if checked.difference is None:
            yield [f"{write_code(checked.name)} could not be checked ❌: {write_code(cut_first_line(checked.failure))}"]
        elif checked.outcome != "unchanged":
            yield from _yield_details(checked, checked.difference)
    unchanged = [write_code(checked.name) for checked in check.networks if checked.outcome == "unchanged"]
    if unchanged:
        count = f"{units.exact(len(unchanged))} network{'' if len(unchanged) == 1 else 's'} unchanged"
        shown = unchanged[:MOST_NAMES]
        more = [f"… and {units.exact(len(unchanged) - len(shown))} more"] if len(unchanged) > len(shown) else []
        yield _fold_lines(count, [", ".join([*shown, *more])])


def _yield_details(checked: Checked, difference: Difference) -> Iterator[Sequence[str]]:
    name = write_code(checked.name)
    if checked.base_failure:
        yield [f"**Note:** {name}: {write_code(cut_first_line(checked.base_failure))}"]
    for line in checked.settings:
        yield [f"{name} {write_code(line)}"]
    for verdict in checked.verdicts:
        if verdict.outcome != "passed":
            what = say_judged_change(verdict, write_code) if verdict.modules else METRICS[verdict.metric].label
            yield [f"{name} {what}: {spell_limit(verdict)} ({write_code(verdict.where)})"]
    for text in (*difference.notes, *yield_uncounted(difference)):
        yield [f"**Note:** {name}: {write_code(text)}"]
    if difference.before is None or difference.after is None or not sort_changes(difference, ()):
        return
    metrics = choose_layer_metrics(difference, choose_metrics(checked))
    reasons = [explain(difference, metric) for metric in metrics] or ["layers that changed and cost the same"]
    causes = _list_causes(difference, metrics)
    if causes:
        yield [f"{name} changed:", "", *causes]
    lines = [
        *_yield_layers(difference, metrics),
        *_yield_totals(checked),
        *_yield_totals(checked, following=True),
        "; ".join([*reasons[1:], write_code("; ".join(list_facts(difference)))]),
    ]
    yield _fold_lines(f"{name}: {reasons[0]}", lines)


def _list_causes(difference: Difference, metrics: Sequence[str]) -> list[str]:
    """Return a list item for each cause, and the number of causes beyond the limit."""
    causes = [f"- {cause}" for cause in describe_causes(difference, metrics, write_code)]
    left = len(causes) - MOST_CAUSES
    return [*causes[:MOST_CAUSES], *([f"- … and {units.exact(left)} more"] if left > 0 else [])]


def _yield_totals(checked: Checked, *, following: bool = False) -> Iterator[str]:
    table = build_totals_table(checked, following=following)
    if table is not None:
        yield from _yield_rows(table)
        yield ""


def _yield_rows(table: Table, named: Callable[[str], str] = str) -> Iterator[str]:
    """Yield the lines of a table; `named` formats the names."""
    yield _write_row([table.heading, *(column.heading for column in table.columns)])
    yield _write_row([":--", *("--:" if column.numeric else ":--" for column in table.columns)])
    for line in table.lines:
        yield _write_row([named(line.label), *(cell.text for cell in line.cells)])


def _yield_layers(difference: Difference, metrics: Sequence[str]) -> Iterator[str]:
    changes = sort_changes(difference, metrics)
    yield _write_row(["Layer", "Kind", "What", "Output", *(METRICS[name].label for name in metrics)])
    yield _write_row([":--", ":--", ":--", ":--", *("--:" for _ in metrics)])
    for change in changes[:MOST]:
        deltas = (units.signed(change.delta(name), METRICS[name].unit) for name in metrics)
        row = change.row
        yield _write_row(
            [
                write_code(row.name) + spell_call(row.call),
                write_code(row.kind),
                say_event(change, write_code),
                spell_outputs(row),
                *deltas,
            ]
        )
    yield ""
    if len(changes) > MOST:
        yield f"… {units.exact(len(changes) - MOST)} more"
        yield ""


def _yield_end(check: Check) -> Iterator[str]:
    """Yield the end of every comment: notes, how to accept the changes, and what the figures mean."""
    for note in check.notes:
        yield from ("", f"**Note:** {write_code(note, whole=True)}")
    if check.accept:
        yield from ("", f"To accept: {write_code(check.accept, whole=True)}")
    yield from ("", f"Against {write_code(check.baseline)}. MACs are multiply-adds, FLOPs = 2 x MACs.")


def _fold_lines(summary: str, lines: Iterable[str]) -> list[str]:
    return [f"<details><summary>{summary}</summary>", "", *lines, "", "</details>"]


def _write_row(texts: Sequence[str]) -> str:
    return f"| {' | '.join(texts)} |"
