"""Which ways of counting give a figure that somebody printed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from archcost.records.claims import Claim

Asked = Literal["operations", "parameters", "memory"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """One way of counting: of which network, what of it, and what that gives.

    `difference` is the value minus the printed one, `agreement` how the value has the printed digits, None where it has
    not. `deviations` counts the choices that are not the program's own; `command` shows the network.
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
    """The ways that come nearest to a printed figure, and the published claims that print it of the same network.

    `simplest` is the way that has the printed digits with the fewest choices that are not the program's own, less than
    a tenth away; None where there is not any.
    """

    network: str
    asked: Asked
    printed: str
    ways: tuple[Way, ...]
    simplest: Way | None
    searched: int
    published: tuple[Claim, ...] = ()
