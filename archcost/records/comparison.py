"""Several networks side by side: the cost and the accuracy of each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from archcost.display import Displayed, draw_result
from archcost.records.costs import Totals
from archcost.records.failure import FailureKind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.figure import Figure

PROTOCOLS = (
    "single-crop",
    "10-crop",
    "dense",
    "dense-multi-scale",
    "multi-crop",
    "multi-crop-dense",
    "ensemble",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Accuracy:
    """One published accuracy: error rates in per cent of the images, and the conditions of the measurement.

    `networks` are the names of the networks it applies to; `protocol` is one of `PROTOCOLS`, `split` "validation" or
    "test". `side` is the height and width of the input, None for any. `weights` names the trained weights ("paper",
    "torchvision IMAGENET1K_V1"), `source` the publication.
    """

    networks: tuple[str, ...]
    dataset: str
    top1_error: float | None
    top5_error: float | None
    protocol: str
    split: str
    side: int | None
    weights: str
    source: str
    note: str = ""

    @property
    def top1(self) -> float | None:
        """Top-1 accuracy: the percentage of images whose first guess is right."""
        return None if self.top1_error is None else round(100 - self.top1_error, 6)

    @property
    def top5(self) -> float | None:
        """Top-5 accuracy: the percentage of images with the right class among the first five guesses."""
        return None if self.top5_error is None else round(100 - self.top5_error, 6)


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasuredTime:
    """The measured time of one forward pass of a batch, read from a table.

    `low` and `high` are the 10th and the 90th percentile of `n` samples, None if the table lacks them. `place` is the
    device with its driver, `setting` the other choices: "float32, contiguous, eager". `watts` is the device's power
    meanwhile and `peak_bytes` the most memory that it allocated, None where they were not measured. `unmet` lists the
    conditions of a trustworthy measurement that were not met. `line` is the line in the table.
    """

    network: str
    batch: int
    seconds: float
    low: float | None = None
    high: float | None = None
    n: int | None = None
    place: str = ""
    setting: str = ""
    watts: float | None = None
    peak_bytes: float | None = None
    unmet: tuple[str, ...] = ()
    line: int = 0

    @property
    def doubtful(self) -> bool:
        """Whether a condition was unmet; a single sample cannot show how reliable it is."""
        return bool(self.unmet) or self.n == 1


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparisonRow:
    """One network. `accuracy` is None if no figure for the protocol and the input size is known.

    `seconds` is the measured time of one forward pass of the batch, None if it was not measured; `time` has the
    conditions, if they are known. `pareto` marks a row that no other row beats in both multiply-adds and top-1
    accuracy.

    `published` says that the costs are shipped with archcost rather than counted now. Such a row has the `pretraining`
    of its weights, and the images per second (`per_second`) if somebody published them for the requested device;
    `real1` is its top-1 accuracy by the ReaL labels, in percent.

    `year` is the year in which the paper of its architecture was first published, None if it is unknown.
    """

    spec: str
    name: str
    family: str
    input: tuple[int, ...]
    totals: Totals
    accuracy: Accuracy | None = None
    seconds: float | None = None
    pareto: bool = False
    pretraining: str = ""
    per_second: float | None = None
    real1: float | None = None
    published: bool = False
    time: MeasuredTime | None = None
    year: int | None = None

    @property
    def params(self) -> int:
        """Its parameters."""
        return self.totals.params

    @property
    def macs(self) -> int:
        """Its multiply-adds."""
        return self.totals.macs

    @property
    def density(self) -> float | None:
        """Top-1 accuracy in per cent per million parameters: the information density of Canziani et al."""
        top1 = None if self.accuracy is None else self.accuracy.top1
        return None if top1 is None or not self.params else top1 / (self.params / 10**6)


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """A network without a row or without a place in a chart, and the reason; `failed` says how its run failed."""

    spec: str
    reason: str
    failed: bool = False
    kind: FailureKind = "exception"


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison(Displayed):
    """A sorted comparison of networks, with the one protocol of all accuracies.

    `collected` is the date on which the published ones were collected; `own` are the user's figures, shown or not.
    `failures` are the networks that could not be profiled, `notes` sentences about the rows.
    """

    rows: tuple[ComparisonRow, ...]
    protocol: str
    collected: str
    batch: int = 1
    own: tuple[Accuracy, ...] = ()
    failures: tuple[Missing, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def origin(self) -> str:
        """Return the protocol of the accuracies, the collection date, and the sources of the user's figures.

        Example:
            >>> Comparison(rows=(), protocol="single-crop", collected="2026-11-21").origin
            'single-crop, published, collected 2026-11-21'
        """
        shown = [(row, row.accuracy) for row in self.rows if row.accuracy]
        shipped = [figure.source for row, figure in shown if row.published]
        own = [figure.source for _, figure in shown if figure in self.own]
        rest = not shown or any(figure not in self.own and not row.published for row, figure in shown)
        texts = [f"from {source}" for source in dict.fromkeys([*shipped, *own])]
        if rest:
            texts = ["published", f"collected {self.collected}", *(f"and {text}" for text in texts)]
        return ", ".join((self.protocol, *texts))

    def plot(self, kind: str = "accuracy-flops", **options: Any) -> Figure:
        """Draw a chart of this comparison and return it as a matplotlib figure.

        Args:
            kind: "accuracy-flops", "accuracy-params" or "density"; with measured times "accuracy-time", "flops-time".
            options: how it looks, as for `archcost.plot`: theme, size, font, title, subtitle, highlight, labels.

        Raises:
            ArgumentError: a chart that cannot be drawn of a comparison, or fewer than two networks to draw.
        """
        return draw_result(self, kind, options)


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """A quantity of one network against the batch size: points of (batch size, bytes), (batch size, seconds), or watts.

    `spec` is the network's name on the command line. `times` has the measurement at each point, if there is one.
    """

    name: str
    points: tuple[tuple[int, float], ...]
    spec: str = ""
    times: tuple[MeasuredTime, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Winner:
    """One entry in the classification task of the ImageNet challenge: top-5 error in per cent of the test images.

    `depth` counts the layers with weights, `place` is 1 for the winner. `protocol` describes the entry, such as an
    ensemble.
    """

    year: int
    network: str
    top5_error: float
    depth: int
    place: int
    protocol: str
    source: str


def frontier(points: Sequence[tuple[float, float]]) -> tuple[int, ...]:
    """Return the indices of the points on the Pareto frontier, by rising cost; all of several equal points.

    A point is a pair (cost, merit). Another point beats it if it is no worse in both and better in one.

    Example:
        >>> frontier([(1, 50), (2, 40), (2, 60), (3, 60)])
        (0, 2)
    """
    best: list[int] = []
    for i in sorted(range(len(points)), key=lambda i: (points[i][0], -points[i][1])):
        if not best or points[i][1] > points[best[-1]][1] or points[i] == points[best[-1]]:
            best.append(i)
    return tuple(best)
