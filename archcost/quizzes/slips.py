"""Find the slip: printed figures about a network that differ from its walk."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archcost import units
from archcost.claims import check, read_published
from archcost.claims.expression import find_sources
from archcost.records import Question
from archcost.render.claims import WORDS
from archcost.zoo import REGISTRY

if TYPE_CHECKING:
    from collections.abc import Iterator
    from random import Random

    from archcost.records import Finding

COUNTED = ("multiply-adds", "FLOPs")  # conventions about what is counted


def yield_slip_questions(spec: str, random: Random, most: int) -> Iterator[Question]:
    """Yield up to a number of questions about printed figures that differ; each needs its networks measured."""
    if spec not in REGISTRY:
        return
    name = REGISTRY.find(spec).id
    claims = [
        claim
        for claim in read_published()
        if claim.verdict == "differs"
        and claim.explained_by
        and claim.network in REGISTRY
        and REGISTRY.find(claim.network).id == name
    ]
    random.shuffle(claims)
    yield from map(_ask, check(claims[:most]))


def _ask(finding: Finding) -> Question:
    claim = finding.claim
    found = "" if finding.measured is None else units.figure_like(claim.printed, finding.measured)
    quantity = WORDS.get(claim.quantity, claim.quantity)
    printed = claim.measured is not None and bool(find_sources(claim.measured))  # an error rate: copied, not counted
    hint = f"Its source counts {claim.convention}." if claim.convention in COUNTED else "Count it yourself."
    return Question(
        kind="slip",
        layer="",
        text=f'Find the slip. "{claim.source.title}" ({claim.at}) prints {claim.printed} for the {quantity} of '
        f"{claim.network}. What does {'its own paper print' if printed else 'the network give'}, and where may the "
        "figure come from?",
        hint="Look at the other entries of the challenge in that year." if printed else hint,
        answer=found or "not what is printed",
        arithmetic=finding.explanation or claim.reading,
    )
