"""Request and Chart: the options of a chart, and its data."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from archcost.comparison.compare import EVERYTHING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from archcost.comparison.choosing import Choice
    from archcost.records import Accuracy, MeasuredTime, Missing
    from archcost.sources import InputSpec

NO_TIME = (
    "this chart needs measured times: give --times FILE, a CSV with network, batch and seconds, as "
    "`archcost time NET --batch 1,2,4 -o times.csv` writes it"
)
NOT_MEASURED = (
    "this chart needs measured {}: give --times FILE, a CSV with network, batch, seconds and {}, as "
    "`archcost time NET --device cuda --batch 1,2,4 -o times.csv` writes it on a GPU"
)
BATCHES = (1, 2, 4, 8, 16, 32, 64)


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """The options of a chart besides its kind.

    `specs` holds names; charts that only need a walk also take networks. `accuracies` holds the user's own figures,
    which take precedence over published ones; `dataset` is the data set of the accuracies, None for the most common one
    among the networks; `times` holds measured times of a forward pass. `choice` selects networks, and decides whether
    published ones run. Charts of memory take `batches`, `train` (an optimizer) and `like`, the device to follow. Charts
    without accuracies take `inputs`, None for each network's default; `device` is the device that times rows. `jobs` is
    the number of processes, None for a suitable one; `progress` is called with each finished spec.
    """

    specs: tuple[Any, ...] = ()
    protocol: str = "single-crop"
    dataset: str | None = None
    accuracies: tuple[Accuracy, ...] = ()
    times: tuple[MeasuredTime, ...] = ()
    choice: Choice = EVERYTHING
    batches: tuple[int, ...] = BATCHES
    batch: int = 1
    train: str | None = None
    like: str | None = None
    inputs: tuple[InputSpec, ...] | None = None
    device: str = "auto"
    jobs: int | None = None
    progress: Callable[[str], None] | None = None

    @property
    def mode(self) -> str:
        """The mode of the networks, for a headline."""
        return f"training with {self.train}" if self.train else "inference"


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """The data and options for `archcost.charts.draw`, and the networks that were left out."""

    data: Any
    options: Mapping[str, Any] = field(default_factory=dict)
    left_out: tuple[Missing, ...] = ()
