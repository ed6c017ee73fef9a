"""Several networks side by side: what each costs and how accurate it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from archcost.records.costs import Totals
from archcost.records.display import Displayed, draw_result
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
    """One published figure of one network: errors in per cent of the images, and under what they were measured.

    `networks` are the names that it holds for; `protocol` is one of `PROTOCOLS`, `split` "validation" or "test".
    `side` is the height and width of the input, None for any. `weights` says which training it belongs to ("paper",
    "torchvision IMAGENET1K_V1"), `source` where it is printed.
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
        """The share of images, in per cent, whose first guess is right."""
        return None if self.top1_error is None else round(100 - self.top1_error, 6)

    @property
    def top5(self) -> float | None:
        """The share of images, in per cent, of whose first five guesses one is right."""
        return None if self.top5_error is None else round(100 - self.top5_error, 6)


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasuredTime:
    """The measured time of one forward pass of a batch, as a table has it.

    `low` and `high` are the 10th and the 90th percentile of `n` samples, None where the table does not say. `place` is
    the device with its driver, `setting` what else was chosen: "float32, contiguous, eager". `unmet` are the conditions
    of a trustworthy measurement that this one lacks. `line` is its line in the table.
    """

    network: str
    batch: int
    seconds: float
    low: float | None = None
    high: float | None = None
    n: int | None = None
    place: str = ""
    setting: str = ""
    unmet: tuple[str, ...] = ()
    line: int = 0

    @property
    def doubtful(self) -> bool:
        """Whether a condition was unmet; a single sample says nothing about how well it is known."""
        return bool(self.unmet) or self.n == 1


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparisonRow:
    """One network. `accuracy` is None where no figure of the protocol, and of this input, is known.

    `seconds` is the measured time of one forward pass of the batch, None where it was not measured; `time` has the
    conditions, where they are known. `pareto` says that no other row has at most its multiply-adds and at least its
    top-1 accuracy, and more of one of them.

    `published` says that its figures were shipped rather than counted now. Such a row has the `pretraining` of its
    weights, and images a second (`per_second`) where somebody published them for the device that was asked for.
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
    published: bool = False
    time: MeasuredTime | None = None

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
        """Top-1 accuracy in per cent for each million parameters, the comparison paper's information density."""
        top1 = None if self.accuracy is None else self.accuracy.top1
        return None if top1 is None or not self.params else top1 / (self.params / 10**6)


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """A network that has no row, or no place in a chart, and why; `failed` where it could not be run, and how."""

    spec: str
    reason: str
    failed: bool = False
    kind: FailureKind = "exception"


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison(Displayed):
    """Networks side by side, sorted, with the protocol that all accuracies have.

    `collected` is the date of the published ones, `own` are figures that the user gave, whether they are shown or not.
    `failures` are the networks that could not be profiled, `notes` sentences on what the rows are.
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
        """Return the protocol of the accuracies and where they are from: collected ones, and a user's by their source.

        Example:
            >>> Comparison(rows=(), protocol="single-crop", collected="2026-11-21").origin
            'single-crop, published, collected 2026-11-21'
        """
        shown = [row.accuracy for row in self.rows if row.accuracy]
        own = list(dict.fromkeys(figure.source for figure in shown if figure in self.own))
        published = (
            []
            if shown and all(figure in self.own for figure in shown)
            else ["published", f"collected {self.collected}"]
        )
        return ", ".join(
            (self.protocol, *published, *(f"and from {source}" if published else f"from {source}" for source in own))
        )

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
    """A quantity of one network against the batch size: points of images and bytes, or images and seconds.

    `spec` is what the network is called on the command line. `times` has what was measured at each point, where it was.
    """

    name: str
    points: tuple[tuple[int, float], ...]
    spec: str = ""
    times: tuple[MeasuredTime, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Winner:
    """One entry in the classification task of the ImageNet challenge: top-5 error in per cent of the test images.

    `depth` counts the layers with weights, `place` is 1 for the winner. `protocol` says what was entered.
    """

    year: int
    network: str
    top5_error: float
    depth: int
    place: int
    protocol: str
    source: str


def frontier(points: Sequence[tuple[float, float]]) -> tuple[int, ...]:
    """Return the numbers of the points that no other point beats, by cost; of equal points, all.

    A point is a cost and a merit. It is beaten by one of at most its cost and at least its merit that is better in one.

    Example:
        >>> frontier([(1, 50), (2, 40), (2, 60), (3, 60)])
        (0, 2)
    """
    best: list[int] = []
    for i in sorted(range(len(points)), key=lambda i: (points[i][0], -points[i][1])):
        if not best or points[i][1] > points[best[-1]][1] or points[i] == points[best[-1]]:
            best.append(i)
    return tuple(best)
