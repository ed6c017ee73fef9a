"""Ways of counting that give a printed figure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from archcost.records.claims import Claim

Asked = Literal["operations", "parameters", "memory"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """One way of counting: the network, the counted quantity, and the value.

    `difference` is the value minus the printed one, `agreement` says how the value agrees with the printed digits, None
    if it does not. `deviations` counts the choices that differ from archcost's own; `command` shows the network.
    """

    spec: str
    network: str
    convention: str
    value: float
    difference: float
    agreement: Literal["match", "rounded", "cut"] | None
    deviations: int
    command: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """The ways of counting nearest to a printed figure, and the published claims that print it for the same network.

    `simplest` is the way within a tenth of the figure that gives the printed digits with the fewest deviations; None if
    no way does.
    """

    network: str
    asked: Asked
    printed: str
    ways: tuple[Way, ...]
    simplest: Way | None
    searched: int
    published: tuple[Claim, ...] = ()
