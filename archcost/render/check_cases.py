"""A check as test cases: one suite per network, one case per limit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archcost.page.cases import Case, Suite
from archcost.page.names import cut_first_line, make_printable
from archcost.render.difference import say_judged_change, spell_attribution
from archcost.render.speed import spell_speed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from archcost.records import Check, Checked, Difference, Speed, Verdict

EXCEEDED = "BudgetExceeded"
LEVELS = {"error": "", "warn": "warning"}  # the case keeps its name when its limit changes


def yield_suites(check: Check) -> Iterator[Suite]:
    """Yield a suite for each network; warnings do not fail."""
    for checked in check.networks:
        yield Suite(checked.name, tuple(_yield_cases(checked)))


def _yield_cases(checked: Checked) -> Iterator[Case]:
    difference = checked.difference
    if difference is None:
        yield Case("walk", "error", cut_first_line(checked.failure), checked.failure)
        return
    yield from (_build_case(difference, verdict) for verdict in checked.verdicts)
    if checked.speed is not None:
        yield _build_time_case(checked, checked.speed)
    elif not checked.verdicts:
        yield Case(f"compared: {checked.outcome}")


def _build_case(difference: Difference, verdict: Verdict) -> Case:
    name = " ".join(filter(None, (verdict.modules, verdict.metric, verdict.kind, LEVELS[verdict.level])))
    text = f"{say_judged_change(verdict)}, {verdict.limit} ({make_printable(verdict.where)})"
    if verdict.outcome == "exceeded" and verdict.level == "error":
        return Case(name, "failure", text, spell_attribution(difference, verdict.metric), EXCEEDED)
    if verdict.outcome != "passed":
        return Case(name, "note", f"{verdict.outcome}: {text}")
    return Case(name)


def _build_time_case(checked: Checked, speed: Speed) -> Case:
    name = "time max_increase"
    if checked.slower and checked.speed_level == "error":
        return Case(name, "failure", spell_speed(speed), type=EXCEEDED)
    return Case(name, "note", spell_speed(speed))
