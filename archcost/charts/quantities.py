"""The quantities of ball charts: their labels, units and values."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from archcost.records import ComparisonRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantity:
    """A quantity of an axis or a ball: how to read it from a row, its unit, and round sizes for the legend.

    More of it is better if it is `rising`.
    """

    label: str
    read: Callable[[ComparisonRow], float | None]
    unit: float = 1
    steps: tuple[float, ...] = ()
    rising: bool = False

    @property
    def name(self) -> str:
        """The label without its unit."""
        return self.label.partition(" (")[0]


def _read_rate(row: ComparisonRow) -> float | None:
    """Return images a second, published or measured; None if the batch of the time is unknown."""
    if row.per_second is not None:
        return row.per_second
    return row.time.batch / row.time.seconds if row.time is not None else None


QUANTITIES: Mapping[str, Quantity] = MappingProxyType(
    {
        "top1": Quantity(label="top-1 accuracy (%)", read=lambda row: row.accuracy.top1 if row.accuracy else None),
        "macs": Quantity(label="multiply-adds (G)", read=lambda row: row.macs, unit=1e9, steps=(1, 5, 15, 40)),
        "params": Quantity(label="parameters (M)", read=lambda row: row.params, unit=1e6, steps=(5, 25, 60, 140)),
        "seconds": Quantity(label="time of a forward pass (ms)", read=lambda row: row.seconds, unit=1e-3),
        "rate": Quantity(label="images a second", read=_read_rate, rising=True),
        "image": Quantity(
            label="time of an image (ms)", read=lambda row: 1 / row.per_second if row.per_second else None, unit=1e-3
        ),
    }
)
OPERATIONS = Quantity(label="operations (G), two for each multiply-add", read=lambda row: 2 * row.macs, unit=1e9)
