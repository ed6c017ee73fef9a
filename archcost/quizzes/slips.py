"""Find the slip: printed figures about a network that differ from its walk."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archcost import units
from archcost.claims import check, read_published
from archcost.records import Question
from archcost.zoo import REGISTRY

if TYPE_CHECKING:
    from collections.abc import Iterator
    from random import Random

    from archcost.records import Finding

WORDS = {"macs": "the multiply-adds", "params": "the parameters", "weights": "the weights"}
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
    found = "" if finding.measured is None else units.figure(finding.measured)
    quantity = WORDS.get(claim.quantity, claim.quantity)
    return Question(
        kind="slip",
        layer="",
        text=f'Find the slip. "{claim.source.title}" ({claim.at}) prints {claim.printed} for {quantity} of '
        f"{claim.network}. What does the network give, and where may the figure come from?",
        hint=f"Its source counts {claim.convention}." if claim.convention in COUNTED else "Count it yourself.",
        answer=found or "not what is printed",
        arithmetic=finding.explanation or claim.reading,
    )
