"""What the counters said: plain data. Everything is in multiply-adds.

An operator is named as the forward called it (`linear`, `scaled_dot_product_attention`), because fvcore sees a network
that way; the operators that torch's dispatcher made of it (`aten.addmm`) are its steps.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from archcost.records import NetworkInfo

FVCORE, TORCH = "fvcore", "torch"
OPAQUE = ("prim::PythonOp", "prim::CallFunction")  # what fvcore sees of code that it cannot look into
Shapes = tuple[tuple[int, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One operator of the dispatcher.

    `covered` says whether archcost has a rule for it, `known` whether torch's counter has a formula; `torch` is that
    counter's FLOPs halved, None where it did not run.
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
    """One operator that the forward called: the shapes of its tensors, and the steps that it took."""

    operator: str
    inputs: Shapes
    outputs: Shapes
    steps: tuple[Step, ...]

    @property
    def macs(self) -> int:
        """What archcost counts."""
        return sum(step.macs for step in self.steps)

    @property
    def other_ops(self) -> int:
        """What archcost counts apart from multiply-adds."""
        return sum(step.other_ops for step in self.steps)


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """What one counter found: by operator, how often it met an operator that it cannot count, or why it failed."""

    by_operator: Mapping[str, int]
    skipped: Mapping[str, int]
    failure: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CountDifference:
    """What a counter has more than archcost (less: negative) for one operator; without a reason it is unexplained."""

    operator: str
    macs: int
    reason: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Opinion:
    """One counter's answer. The differences add up to `total` less archcost's; `total` is None where it failed.

    `skipped` are the operators that it met and cannot count, with the number of calls.
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
    """One line of the table; `theirs` by counter, without those that failed."""

    name: str
    calls: int
    macs: int
    theirs: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class RowDifference:
    """A quantity of a row, or of the whole network, that a walk on a device counts otherwise than one on meta."""

    row: str
    quantity: str
    meta: int | str | None
    there: int | str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Walks:
    """The walk on a device, of so many rows, against one on meta; `failure` says why the walk on meta failed."""

    device: str
    rows: int
    differences: tuple[RowDifference, ...]
    failure: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Opinions:
    """One network, several counters. `macs` is what `archcost profile` says; the operators add up to it.

    `walks` compares the device's walk with meta's where a device was named.
    """

    network: NetworkInfo
    device: str
    macs: int
    operators: tuple[Operator, ...]
    opinions: tuple[Opinion, ...]
    uncovered: Mapping[str, int]
    notes: tuple[str, ...] = ()
    walks: Walks | None = None
