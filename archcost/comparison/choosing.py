"""Choose the rows of a comparison: by a condition, by a frontier, or the first few."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from archcost.comparison.published import ANY, OWN, check_pretraining, find_device, is_published
from archcost.comparison.where import parse_condition
from archcost.errors import ArgumentError, closest
from archcost.metrics import METRICS
from archcost.records import frontier, measure_field

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from archcost.records import ComparisonRow

QUANTITIES = tuple(name for name, metric in METRICS.items() if metric.scope != "layer" and name != "receptive_field")
MERITS = ("top1", "top5", "real1", "density", "per_second")  # the more the better
NUMBERS = (*QUANTITIES, "receptive_field", *MERITS, "seconds", "size", "year")
WORDS = ("name", "family", "pretraining", "weights")


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """A choice of rows: a condition (`archcost.comparison.where`), two quantities of a frontier, a number of rows.

    `device` is a device with published throughputs, `pretraining` the pretraining data of the weights: "in1k" for
    ImageNet-1k alone, "any", "in22k", ... With any of these, published networks do not run; `published` says so without
    a choice.
    """

    where: str | None = None
    pareto: str | None = None
    limit: int | None = None
    device: str | None = None
    pretraining: str | None = None
    published: bool = False

    def __bool__(self) -> bool:
        return self.published or any(each is not None for each in self.spell().values())

    def spell(self) -> dict[str, object]:
        """Return the options by their command-line names; None for each absent one."""
        return {
            "where": self.where,
            "pareto": self.pareto,
            "limit": self.limit,
            "pretraining": self.pretraining,
            "device-name": self.device,
        }

    def check(self) -> None:
        """Check before the work that the choice can be applied.

        Raises:
            ArgumentError: it cannot.
        """
        self.choose(())
        if self.device is not None:
            find_device(self.device)
        if self.pretraining is not None:
            check_pretraining(self.pretraining)

    def choose(self, rows: Sequence[ComparisonRow]) -> tuple[ComparisonRow, ...]:
        """Return the rows that meet the condition and lie on the frontier, in their order; `limit` is not applied.

        Raises:
            ArgumentError: the condition or the frontier cannot be read.
        """
        chosen = [row for row in rows if self.pretraining in {None, ANY, row.pretraining or OWN}]
        if self.where is not None:
            meets = parse_condition(self.where, NUMBERS, WORDS)
            chosen = [row for row in chosen if meets(partial(read_figure, row))]
        if self.pareto is not None:
            chosen = _keep_frontier(chosen, *_parse_pair(self.pareto))
        return tuple(chosen)


def choose_shipped(choice: Choice, names: Iterable[str]) -> Choice:
    """Return a chart's choice: with a choice, or a pattern of published networks, these do not run.

    Pretrainings are mixed only on request.
    """
    if not choice and not any(is_published(name) and "*" in name for name in names):
        return choice
    return replace(choice, published=True, pretraining=choice.pretraining or OWN)


def read_figure(row: ComparisonRow, name: str) -> float | str | None:
    """Return a figure of a row by a name of NUMBERS or WORDS; None if it is unknown."""
    if name in QUANTITIES:
        value: float | None = getattr(row.totals, name)
        return value
    if name in {"size", "receptive_field"}:
        size = row.input[-1] if row.input else None
        return size if name == "size" or size is None else measure_field(row.totals.receptive_field, size)
    if name in {"top1", "top5", "weights"}:
        return getattr(row.accuracy, name) if row.accuracy else None
    found: float | str | None = getattr(row, name)
    return found


def _parse_pair(text: str) -> tuple[str, str]:
    names = [name.strip() for name in text.split(",")]
    for name in names:
        if name not in NUMBERS:
            hint = closest(name, NUMBERS, f"there are {', '.join(NUMBERS)}")
            raise ArgumentError(f"--pareto {text}: there is no {name!r}; {hint}")
    if len(names) != 2:  # noqa: PLR2004 - a frontier lies in a plane
        raise ArgumentError(f"--pareto {text}: name two quantities, such as macs,top1")
    return names[0], names[1]


def _keep_frontier(rows: list[ComparisonRow], first: str, second: str) -> list[ComparisonRow]:
    """Return the rows that no other beats in both; a row with an unknown figure is left out."""
    known = [row for row in rows if None not in {read_figure(row, first), read_figure(row, second)}]

    def rate(row: ComparisonRow, name: str) -> float:
        value = float(read_figure(row, name) or 0)
        return value if name in MERITS else -value

    on = set(frontier([(-rate(row, first), rate(row, second)) for row in known]))
    return [row for i, row in enumerate(known) if i in on]
