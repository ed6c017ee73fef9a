"""Measure the networks of claims, each network once, and judge the claims."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from archcost import units
from archcost.claims.expression import evaluate, find_networks, find_sources
from archcost.claims.ledger import find_measured_expression, find_under_expression, list_expressions
from archcost.claims.measured import MeasuredPart
from archcost.claims.printed import find_agreement, parse_printed
from archcost.claims.verdict import STEPS_OF_1024, Evidence, judge
from archcost.errors import ArgumentError, ClaimError, LedgerError
from archcost.profiling.many import profile_many
from archcost.profiling.run import USUAL
from archcost.records import Failure, Finding
from archcost.zoo import REGISTRY

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from archcost.claims.printed import Printed
    from archcost.records import Claim, Sweeping

MEBI = Fraction(1024, 1000)


def check(
    claims: Sequence[Claim],
    *,
    jobs: int | None = None,
    progress: Callable[[str], None] | None = None,
    sweeping: Sweeping = USUAL,
) -> tuple[Finding, ...]:
    """Measure and judge every claim.

    Args:
        claims: claims from the ledger.
        jobs: processes that measure, as for `profile_many`.
        progress: called with each network when it is measured.
        sweeping: limits, a journal, and an engine for the networks.

    Raises:
        ClaimError: a network cannot be measured.
        LedgerError: an expression names a row or module that its network lacks.
    """
    specs = list_networks(claims)
    results = profile_many(specs, keep=MeasuredPart.of, jobs=jobs, progress=progress, sweeping=sweeping)
    failed = next((result for result in results if isinstance(result, Failure)), None)
    if failed is not None:
        raise ClaimError(f"{failed.spec} could not be measured: {failed.reason}")
    measured = dict(zip(specs, results, strict=True))
    return tuple(_build_finding(claim, measured) for claim in claims)


def list_networks(claims: Sequence[Claim]) -> tuple[str, ...]:
    """Return the distinct networks that some claims need."""
    names = (name for claim in claims for text in list_expressions(claim) for name in find_networks(text))
    return tuple(dict.fromkeys(map(_find_canonical, names)))


def _build_finding(claim: Claim, parts: Mapping[str, MeasuredPart]) -> Finding:
    def value(text: str | None) -> Fraction | None:
        return None if text is None else evaluate(text, lambda name: parts[_find_canonical(name)])

    try:
        measured, under = value(find_measured_expression(claim)), value(find_under_expression(claim))
        explained, nearest = value(claim.explained_by), value(claim.nearest)
    except ArgumentError as error:
        raise LedgerError(f"{claim.place}: {error}") from error
    printed = parse_printed(claim.printed, claim.significant)
    if claim.convention == STEPS_OF_1024:
        printed = printed.in_steps_of_1024()
    evidence = Evidence(
        printed=printed,
        measured=measured,
        comparable=claim.verdict != "not comparable",
        under=under,
        steps_of_1024=claim.under == STEPS_OF_1024,
        explained=explained,
        nearest=nearest,
    )
    verdict = judge(evidence)
    arithmetic = _spell_arithmetic(claim, evidence)
    sources = dict.fromkeys(source for expression in list_expressions(claim) for source in find_sources(expression))
    cited = f"From {'; '.join(sources)}." if sources else ""
    text = " ".join(part for part in (arithmetic, claim.reading, cited) if part)
    return Finding(claim=claim, measured=measured, verdict=verdict, explanation=text)


def _find_canonical(name: str) -> str:
    """Return the one name under which a network of the zoo is measured."""
    return REGISTRY.find(name).id if name in REGISTRY else name


def _spell_arithmetic(claim: Claim, evidence: Evidence) -> str:
    """Return the arithmetic that gives the printed figure or comes nearest to it."""
    if not evidence.comparable:
        return ""
    if evidence.steps_of_1024 and evidence.measured is not None:
        steps = MEBI**evidence.printed.thousands
        return f"In steps of 1024: {units.figure(evidence.measured / steps)}."
    if evidence.under is not None:
        return f"Right as {claim.under}: {units.figure_like(claim.printed, evidence.under)}."
    if evidence.explained is not None:
        return f"{claim.explained_by} = {units.figure_like(claim.printed, evidence.explained)}."
    if evidence.nearest is not None:
        return f"Not explained; nearest: {claim.nearest} = {units.figure_like(claim.printed, evidence.nearest)}."
    return _explain_digits(evidence.printed, evidence.measured)


def _explain_digits(printed: Printed, measured: Fraction | None) -> str:
    """Explain how the printed digits follow from the measured ones."""
    agreed = None if measured is None else find_agreement(printed, measured)
    return {"rounded": "Rounded.", "cut": "Cut, not rounded."}.get(agreed or "", "")
