"""Error rates as their primary sources print them: the paper of a network, or of an entry of the ImageNet challenge.

archcost measures no accuracy. A claim about one is compared with the figure in the paper that introduced it.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from archcost.errors import ArgumentError, closest

if TYPE_CHECKING:
    from collections.abc import Mapping

RATES = ("top1_error", "top5_error")
OWN = "paper"  # in the column `weights` of accuracy.csv: the network of the paper itself


@dataclass(frozen=True, slots=True, kw_only=True)
class Errors:
    """The error rates of a network or of an ensemble, as fractions of the images, and the place that prints them."""

    name: str
    rates: Mapping[str, Fraction]
    source: str

    def rate(self, quantity: str) -> Fraction:
        """Return a quantity of `RATES`.

        Raises:
            ArgumentError: the source does not print it.
        """
        if quantity not in self.rates:
            raise ArgumentError(f"{self.source} prints no {quantity} of {self.name}; it prints {', '.join(self.rates)}")
        return self.rates[quantity]


def find_paper_errors(network: str, protocol: str) -> Errors:
    """Return the errors of a network of the zoo under a protocol, from the network's own paper.

    Raises:
        ArgumentError: no paper's figure is known for them, or several are.
    """
    rows = [row for row in _read("accuracy.csv") if row["weights"] == OWN and network in row["networks"].split()]
    found = [row for row in rows if row["protocol"] == protocol]
    if len(found) != 1:
        known = ", ".join(dict.fromkeys(row["protocol"] for row in rows)) or "none"
        raise ArgumentError(
            f"{len(found)} figures of {network} under {protocol!r} are from its paper; its protocols are {known}"
        )
    return _build_errors(network, found[0])


def find_ensemble_errors(name: str) -> Errors:
    """Return the errors of an entry of the challenge, or of a later ensemble.

    Raises:
        ArgumentError: no entry has this name.
    """
    rows = {row["network"]: row for row in _read("challenge.csv")}
    if name not in rows:
        raise ArgumentError(f"there is no ensemble {name!r}; {closest(name, rows, ', '.join(rows))}")
    return _build_errors(name, rows[name])


@cache
def _read(file: str) -> tuple[dict[str, str], ...]:
    text = files("archcost").joinpath(f"data/{file}").read_text(encoding="utf-8")
    return tuple(csv.DictReader(text.splitlines()))


def _build_errors(name: str, row: Mapping[str, str]) -> Errors:
    rates = {rate: Fraction(row[rate]) / 100 for rate in RATES if row.get(rate)}
    return Errors(name=name, rates=rates, source=row["source"].partition(";")[0])
