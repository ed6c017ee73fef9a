"""Published figures: what is claimed, where, and what measuring it found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

if TYPE_CHECKING:
    from fractions import Fraction

Judgement = Literal["match", "rounding", "convention", "differs", "not comparable", "unexplained"]
VERDICTS: tuple[str, ...] = get_args(Judgement)
RECORDED = VERDICTS[:-1]  # "unexplained" is found, never recorded: an explanation that does not hold


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where figures are printed: the short name that `--source` takes, and the whole title."""

    name: str
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """One printed figure, and our reading of it.

    `printed` is the figure as it is printed, `at` the table, figure or slide, `convention` how it is counted as far as
    the source says. `measured` is an expression over networks (`archcost.claims.expression`).
    `verdict` is what comparing them has to give: "convention" says with `under` which other convention gives the
    figure, "differs" has in `explained_by` an expression that gives it, or in `nearest` the closest that is known, and
    "not comparable" says in `reading` why. `significant` is the number of digits that are meant, where that is not
    what it seems. `entry` is the number within the `file`.
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
        """Return the file and the entry, for a message."""
        return f"{self.file}, claim {self.entry} ({self.network}: {self.quantity})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What a claim came to: the measured figure, the verdict, and the arithmetic in words."""

    claim: Claim
    measured: Fraction | None
    verdict: Judgement
    explanation: str

    @property
    def expected(self) -> bool:
        """Whether the verdict is the recorded one."""
        return self.verdict == self.claim.verdict
