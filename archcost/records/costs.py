"""The exact costs of a network: one `Layer` for each row, and their `Totals`. Meanings: `archcost.metrics`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeAlias

from archcost.errors import ReportError
from archcost.metrics import SUMS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Extents: TypeAlias = tuple[int | Literal["all"] | None, ...]
Role: TypeAlias = Literal[
    "recurrent", "attention", "convolution", "linear", "embedding", "normalisation", "pooling", "activation", "other",
    "elementwise", "movement",
]  # fmt: skip


class Layer(NamedTuple):
    """One row: a call of a leaf module, or an operator that a module with children called directly.

    `call` counts the calls of the same name; None for a module that was never called. `reads` are the numbers of the
    rows whose results are its inputs, in order. `role` is the kind of layer, derived from its operators; None in a
    report that lacks it. `kernel`, `stride`, `padding`, `dilation`, `groups` and `transposed` describe its convolution
    or pool. `receptive_field` has one entry per spatial axis: "all" if it covers the whole input, None if it is
    unknown.

    Declare a new quantity as `int | None = None`, here and in `Totals`, because older reports lack it.
    """

    name: str
    call: int | None
    kind: str
    module: str
    inputs: tuple[tuple[int, ...], ...]
    outputs: tuple[tuple[int, ...], ...]
    reads: tuple[int, ...] = ()
    operators: tuple[str, ...] = ()
    role: Role | None = None
    kernel: tuple[int, ...] | None = None
    stride: tuple[int, ...] | None = None
    padding: tuple[int, ...] | None = None
    dilation: tuple[int, ...] | None = None
    groups: int | None = None
    transposed: bool | None = None
    params: int = 0
    trainable_params: int = 0
    param_bytes: int = 0
    weights: int = 0
    buffers: int = 0
    macs: int = 0
    backward_macs: int | None = None
    other_ops: int = 0
    output_elements: int = 0
    output_bytes: int = 0
    activation_elements: int = 0
    activation_bytes: int = 0
    macts: int = 0
    read_bytes: int = 0
    written_bytes: int = 0
    saved_bytes: int | None = None
    depth: int = 0
    receptive_field: Extents | None = None
    jump: tuple[float | None, ...] | None = None

    @property
    def is_input(self) -> bool:
        """Whether the row is an input of the network: it ran nothing and is not a call of a module."""
        return self.name != self.module and not self.operators


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """Sums over the rows, and quantities of the whole network."""

    params: int
    trainable_params: int
    param_bytes: int
    weights: int
    buffers: int
    macs: int
    backward_macs: int | None
    other_ops: int
    activation_elements: int
    activation_bytes: int
    macts: int
    read_bytes: int
    written_bytes: int
    saved_bytes: int | None
    gradient_bytes: int | None = None
    optimizer_state_bytes: int | None = None
    peak_inference_bytes: int | None
    peak_training_bytes: int | None
    peak_allocated_bytes: int | None = None
    depth: int
    receptive_field: Extents | None
    layers: int


# activations: tensors of the forward pass and its inputs; scratch: temporary tensors after the forward pass
LIVE = ("parameters", "gradients", "optimizer state", "activations", "scratch")


def add_up(rows: Sequence[Layer]) -> dict[str, Any]:
    """Return the sums over rows, by quantity; None for a quantity that some row lacks."""
    if not rows:
        return {name: Layer._field_defaults[name] for name in SUMS}
    columns = dict(zip(Layer._fields, zip(*rows, strict=True), strict=True))
    return {name: _sum_known(columns[name]) for name in SUMS}


def _sum_known(column: Sequence[int | None]) -> int | None:
    try:
        return sum(column)  # type: ignore[arg-type] # quicker than a search for None
    except TypeError:
        return None


def check_sums(totals: Mapping[str, int | None], sums: Mapping[str, int | None], where: str) -> None:
    """Refuse totals that differ from the sums over the rows.

    Raises:
        ReportError: a total differs; names the first such quantity.
    """
    for name, found in sums.items():
        said = totals.get(name)
        if said != found:
            texts = ["unknown" if value is None else f"{value:,}" for value in (said, found)]
            parts = "the layers add" if where.endswith("totals") else "its parts add"
            raise ReportError(f"{where:.200}.{name} is {texts[0]}, and {parts} up to {texts[1]}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Peak:
    """The first moment of peak memory.

    `phase` is "forward", "loss", "backward" or "step", `operator` the running operator. `row` is the number of the
    layer whose forward or backward pass was running, `layer` its name; None and "" outside of all layers. `live` are
    the live bytes by kind; they add up to `nbytes`.
    """

    nbytes: int
    phase: str
    operator: str
    row: int | None
    layer: str
    live: dict[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Instant:
    """One operator of the walk and the exact bytes alive while it runs; `row` and `layer` as in `Peak`.

    `parts` are the bytes by kind, in the order of `LIVE`; they add up to `live_bytes`. None in a report that lacks
    them.
    """

    operator: int
    op: str
    phase: str
    row: int | None
    layer: str
    live_bytes: int
    parts: tuple[int, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Saved:
    """A tensor that autograd saves in the forward pass, with the bytes of its whole storage.

    `operator`, in row number `row` with the name `layer`, saved it first, and the operators in `also` saved it again;
    `line` is the source line that ran then, such as "models/net.py:41". `maker` is the operator that made it, at the
    line `made_at`; "input" for an input.
    """

    row: int
    layer: str
    operator: str
    also: tuple[str, ...]
    line: str
    maker: str
    made_at: str
    shape: tuple[int, ...]
    dtype: str
    nbytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorCosts:
    """All calls of one operator: their number and their costs; `why` is the reason for a free operator."""

    calls: int
    macs: int
    other_ops: int
    covered: bool
    why: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Costs:
    """Everything exact about one walk."""

    layers: tuple[Layer, ...]
    totals: Totals
    modules: dict[str, str]
    operators: dict[str, OperatorCosts]
    uncovered: dict[str, int]
    uncalled: tuple[str, ...]
    lists: tuple[str, ...] | None = None
    warnings: tuple[str, ...] = ()
    peak: Peak | None = None
    timeline: tuple[Instant, ...] = ()
    saved: tuple[Saved, ...] | None = None


def measure_field(extents: Extents | None, size: int) -> int | None:
    """Return the pixels that an output sees along the axis on which it sees most; None if an axis is unknown.

    An output that sees the whole input sees its `size`. A field that is known in pixels counts padding, and may be
    larger than the input.

    Example:
        >>> measure_field(("all", "all"), 224), measure_field((404, 404), 224), measure_field((None, 5), 224)
        (224, 404, None)
    """
    known = [size if each == "all" else each for each in extents or ()]
    return None if None in known else max((each for each in known if each is not None), default=None)
