"""Published networks with archcost's counts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from archcost.records.costs import measure_field

if TYPE_CHECKING:
    from collections.abc import Mapping

    from archcost.records.costs import Totals

DATED = "Year: when the paper of the architecture was first published; the weights may be newer."


@dataclass(frozen=True, slots=True, kw_only=True)
class ThroughputConditions:
    """The conditions of a device's throughputs; `cuda` is "" on a CPU."""

    title: str
    precision: str
    layout: str
    compiled: bool
    torch: str
    cuda: str = ""

    @property
    def text(self) -> str:
        """Return them in one line: "NVIDIA GeForce RTX 4090, amp float16, NCHW, eager, torch 2.9.1, CUDA 12.8"."""
        return f"{self.title}, {self.setting}"

    @property
    def setting(self) -> str:
        """Return them without the device."""
        how = "compiled" if self.compiled else "eager"
        cuda = f", CUDA {self.cuda}" if self.cuda else ""
        return f"{self.precision}, {self.layout}, {how}, torch {self.torch}{cuda}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """Images per second on one device, with the batch size of the measurement."""

    per_second: float
    batch: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """The paper or announcement that introduced some architectures: patterns of their names.

    `year` is the year of its first publication, `source` its place: "arXiv:1512.03385", or an address.
    """

    year: int
    title: str
    source: str
    architectures: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """One network with one set of weights at one input size.

    `library` is "timm" or "torchvision". `model` is "ARCHITECTURE.TAG", the name for `timm.create_model`. `top1` and
    `top5` are percentages of ImageNet's validation images, with one central crop of `crop` of the image; `real1` and
    `real5` use the ReaL labels. `pretraining` names the training data before ImageNet-1k, and "in1k" weights
    saw only ImageNet-1k. `totals` are archcost's costs of one image; `samples` are throughputs by device. `paper`
    introduced the architecture, and may be older than the weights.
    """

    model: str
    architecture: str
    tag: str
    family: str
    size: int
    crop: float
    pretraining: str
    top1: float
    top5: float
    real1: float | None
    real5: float | None
    totals: Totals
    samples: Mapping[str, Sample]
    library: str = "timm"
    paper: Paper | None = None

    @property
    def year(self) -> int | None:
        """Return the year of the architecture's paper."""
        return self.paper.year if self.paper else None

    @property
    def field(self) -> int | None:
        """Return the receptive field in pixels along an axis; the input's size if it is the whole input."""
        return measure_field(self.totals.receptive_field, self.size)

    @property
    def sees_everything(self) -> bool:
        """Whether its output sees the whole input."""
        return bool(self.totals.receptive_field) and set(self.totals.receptive_field or ()) == {"all"}

    @property
    def spec(self) -> str:
        """Return the network's spec in archcost."""
        return f"{self.library}:{self.model}@{self.size}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """The network to replace: its accuracy, the accuracy's origin, and the costs that may not rise."""

    spec: str
    top1: float
    source: str
    costs: Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Alternative:
    """A published network, and its costs by the same names as the candidate's."""

    network: Published
    costs: Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Alternatives:
    """Alternatives to a network: the nearest `rows` of the number `found`."""

    candidate: Candidate
    pretraining: str
    rows: tuple[Alternative, ...]
    found: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Some published networks: how many, and figures of them by name; one that cannot be known is None."""

    name: str
    networks: int
    figures: Mapping[str, float | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """Figures of groups of published networks; `device` is the device of their times, "" for several or none."""

    subject: Literal["time", "accuracy"]
    by: str
    device: str
    groups: tuple[Group, ...]
    notes: tuple[str, ...]
