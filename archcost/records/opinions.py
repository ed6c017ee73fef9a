"""Results of several counters. Everything is in multiply-adds.

An operator has the name that the forward called (`linear`, `scaled_dot_product_attention`), because fvcore sees a
network that way; its steps are the operators of torch's dispatcher (`aten.addmm`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from archcost.records import NetworkInfo

FVCORE, TORCH = "fvcore", "torch"
OPAQUE = ("prim::PythonOp", "prim::CallFunction")  # fvcore's name for code that it cannot trace
Shapes = tuple[tuple[int, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One operator of the dispatcher.

    `covered` says whether archcost has a rule for it, `known` whether torch's counter has a formula; `torch` is half of
    that counter's FLOPs, None if it did not run.
    """

    operator: str
    macs: int
    other_ops: int
    covered: bool
    complex: bool
    known: bool
    torch: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One operator that the forward called: the shapes of its tensors, and its steps."""

    operator: str
    inputs: Shapes
    outputs: Shapes
    steps: tuple[Step, ...]

    @property
    def macs(self) -> int:
        """Multiply-adds by archcost's rules."""
        return sum(step.macs for step in self.steps)

    @property
    def other_ops(self) -> int:
        """Other operations by archcost's rules."""
        return sum(step.other_ops for step in self.steps)


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """The result of one counter: counts by operator, calls that it cannot count, or the reason of its failure."""

    by_operator: Mapping[str, int]
    skipped: Mapping[str, int]
    failure: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CountDifference:
    """A counter's figure less archcost's for one operator; without a reason, the difference is unexplained."""

    operator: str
    macs: int
    reason: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Opinion:
    """One counter's answer. The differences add up to `total` less archcost's; `total` is None if it failed.

    `skipped` are the operators that it cannot count, with their numbers of calls.
    """

    counter: str
    version: str
    total: int | None
    skipped: Mapping[str, int]
    differences: tuple[CountDifference, ...] = ()
    failure: str | None = None

    @property
    def difference(self) -> int:
        """Total less archcost's."""
        return sum(each.macs for each in self.differences)

    @property
    def unexplained(self) -> int:
        """The part of the difference that no known property of the counter explains."""
        return sum(each.macs for each in self.differences if each.reason is None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Operator:
    """One line of the table; `theirs` by counter, without the failed ones."""

    name: str
    calls: int
    macs: int
    theirs: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class RowDifference:
    """A quantity of a row, or of the whole network, that differs between a walk on a device and a walk on meta."""

    row: str
    quantity: str
    meta: int | str | None
    there: int | str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Walks:
    """The walk on a device against a walk on meta; `failure` says why the walk on meta failed."""

    device: str
    rows: int
    differences: tuple[RowDifference, ...]
    failure: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Opinions:
    """Several counters' results for one network. The operators add up to `macs`, which `archcost profile` shows.

    `walks` compares the walks on the named device and on meta, if a device was named.
    """

    network: NetworkInfo
    device: str
    macs: int
    operators: tuple[Operator, ...]
    opinions: tuple[Opinion, ...]
    uncovered: Mapping[str, int]
    notes: tuple[str, ...] = ()
    walks: Walks | None = None
