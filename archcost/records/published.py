"""A network as somebody published it, with what archcost counts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from archcost.records.costs import Totals


@dataclass(frozen=True, slots=True, kw_only=True)
class ThroughputConditions:
    """How throughputs of a device were measured; `cuda` is "" on a processor."""

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
    """Images a second on one device, at the batch size at which they were measured."""

    per_second: float
    batch: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """One network with one set of weights at one input size.

    `library` is "timm" or "torchvision". `model` is "ARCHITECTURE.TAG", which `timm.create_model` takes as it is.
    `top1` and `top5` are per cent of the validation images of ImageNet, one central crop of `crop` of the image;
    `real1` and `real5` the same by the ReaL labels. `pretraining` names the data that the weights saw before
    ImageNet-1k, "in1k" where they saw nothing else. `totals` are the costs of one image, as archcost counts them;
    `samples` throughputs by device.
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

    @property
    def spec(self) -> str:
        """Return what archcost calls the network."""
        return f"{self.library}:{self.model}@{self.size}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A network that something else is sought for: its accuracy, where that is from, and what may not rise."""

    spec: str
    top1: float
    source: str
    costs: Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Alternative:
    """A published network, and its own costs by the names of the candidate's."""

    network: Published
    costs: Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Alternatives:
    """What could be used instead of a network: the nearest `rows` of all that were `found`."""

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
    """What groups of published networks have in common; `device` is where they were timed, "" for several or none."""

    subject: Literal["time", "accuracy"]
    by: str
    device: str
    groups: tuple[Group, ...]
    notes: tuple[str, ...]
