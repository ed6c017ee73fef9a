"""Published figures, their sources, and the results of measuring them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

if TYPE_CHECKING:
    from fractions import Fraction

Judgement = Literal["match", "rounding", "convention", "differs", "not comparable", "unexplained"]
VERDICTS: tuple[str, ...] = get_args(Judgement)
RECORDED = VERDICTS[:-1]  # "unexplained" is a result, never recorded: the recorded explanation does not hold


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A publication with figures: the short name for `--source`, and the whole title."""

    name: str
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """One printed figure, and our reading of it.

    `printed` is the figure's text, `at` the table, figure or slide, and `convention` the source's way of counting, as
    far as it says. `measured` is an expression over networks (`archcost.claims.expression`). `verdict` is the expected
    result of comparing them. For "convention", `under` names the other convention that gives the figure; for "differs",
    `explained_by` is an expression that gives it, or `nearest` the closest known one; for "not comparable", `reading`
    says why. `significant` is the number of significant digits, if the text does not show it. `entry` is the number
    within the `file`.
    """

    network: str
    quantity: str
    printed: str
    source: Source
    at: str
    convention: str
    measured: str | None
    verdict: Judgement
    under: str | None = None
    explained_by: str | None = None
    nearest: str | None = None
    reading: str = ""
    protocol: str = ""
    significant: int | None = None
    file: str = ""
    entry: int = 0

    @property
    def place(self) -> str:
        """Return the file and the entry's number, for a message."""
        return f"{self.file}, claim {self.entry} ({self.network}: {self.quantity})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """The result of a claim: the measured figure, the verdict, and the arithmetic in words."""

    claim: Claim
    measured: Fraction | None
    verdict: Judgement
    explanation: str

    @property
    def expected(self) -> bool:
        """Whether the verdict equals the recorded one."""
        return self.verdict == self.claim.verdict
