"""The table of charts. A file is imported when its chart is drawn; matplotlib with it."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

from archcost.errors import ArgumentError, closest

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A kind of chart.

    `file` is that of render/plots whose `draw(canvas, data, **options)` draws it, with `fixed` among the options.
    `data` says from what: a `Comparison` (a timed one where seconds are an axis), `Report`s, `Curve`s or `Winner`s.
    """

    name: str
    text: str
    file: str
    data: Literal["comparison", "timed comparison", "reports", "timelines", "curves", "timed curves", "winners"]
    fixed: Mapping[str, str] = field(default_factory=dict)


_ALL = (
    Kind(
        name="accuracy-flops",
        text="top-1 accuracy against multiply-adds; area by parameters",
        file="balls",
        data="comparison",
        fixed={"x": "macs"},
    ),
    Kind(
        name="accuracy-params",
        text="top-1 accuracy against parameters; area by multiply-adds",
        file="balls",
        data="comparison",
        fixed={"x": "params"},
    ),
    Kind(
        name="accuracy-time",
        text="top-1 accuracy against measured time; area by parameters",
        file="balls",
        data="timed comparison",
        fixed={"x": "seconds"},
    ),
)
KINDS: Mapping[str, Kind] = MappingProxyType({kind.name: kind for kind in _ALL})


def kind_of(name: str) -> Kind:
    """Return the kind of chart of a name.

    Raises:
        ArgumentError: there is none.
    """
    if name not in KINDS:
        hint = closest(name, KINDS, f"there are {', '.join(KINDS)}")
        raise ArgumentError(f"there is no chart {name!r}; {hint}")
    return KINDS[name]
