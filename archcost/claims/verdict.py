"""From a printed figure and measured ones to a verdict. Pure: no network, no file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from archcost.claims.printed import find_agreement

if TYPE_CHECKING:
    from collections.abc import Mapping
    from fractions import Fraction

    from archcost.claims.printed import Printed
    from archcost.records import Judgement

# The values of a claim's `convention`: its source's way of counting, as far as it says.
STEPS_OF_1024 = "steps of 1024"
STATED = ("count", "multiply-adds", "2 x multiply-adds", STEPS_OF_1024, "unstated")
# The values of `under`, with the quantity that each substitutes; {} is the network or a part of it.
CONVENTIONS: Mapping[str, Mapping[str, str]] = {
    STEPS_OF_1024: {},
    "2 x multiply-adds": {"macs": "2 * {}.macs"},
    "convolutions alone": {
        "macs": "{}.convolutions.macs",
        "params": "{}.convolutions.params",
        "weights": "{}.convolutions.weights",
    },
    "all operations": {"macs": "{0}.macs + {0}.other_ops"},
    "one more operation for each output": {"macs": "{0}.macs + {0}.macts"},
    "weights alone": {"params": "{}.weights"},
    "parameters and buffers": {"params": "{0}.params + {0}.buffers"},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """The numbers of one claim; None for a number that the claim does not give.

    `measured` is the claimed quantity, `under` the same under another convention, `explained` the result of the
    arithmetic that should give the printed figure, and `nearest` the result of the closest known reading.
    """

    printed: Printed
    measured: Fraction | None
    comparable: bool = True
    under: Fraction | None = None
    steps_of_1024: bool = False
    explained: Fraction | None = None
    nearest: Fraction | None = None


def judge(evidence: Evidence) -> Judgement:
    """Return the verdict on a claim, regardless of the recorded one.

    "match": the measured figure has the printed digits, rounded as well as cut; "rounding": one of the two alone.
    "convention": it has not, but has them under the other convention that the claim names.
    "differs": neither; and the claim's arithmetic gives the printed figure, or its nearest reading still does not.
    "not comparable": the claim says that it cannot be measured, and why.
    "unexplained": none of these. The arithmetic does not give the printed figure, or a reading called "nearest" does.
    """
    printed = evidence.printed
    if not evidence.comparable:
        return "not comparable"
    if evidence.measured is None:
        return "unexplained"
    agreed = find_agreement(printed, evidence.measured)
    if agreed is not None:
        return "match" if agreed == "match" else "rounding"
    reread = find_agreement(printed.in_steps_of_1024(), evidence.measured) if evidence.steps_of_1024 else None
    if reread or (evidence.under is not None and find_agreement(printed, evidence.under)):
        return "convention"
    explained = evidence.explained is not None and find_agreement(printed, evidence.explained) is not None
    nearest = evidence.nearest is not None and find_agreement(printed, evidence.nearest) is None
    return "differs" if explained or nearest else "unexplained"
