"""The table of quantities: the meaning and the unit of each number in a report.

All of them are exact: they follow from the network alone and compare with `==`. Measured times are separate.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

from archcost.errors import ArgumentError, closest

if TYPE_CHECKING:
    from collections.abc import Mapping

# Raise this number when a definition below, or a rule behind it, changes a network's figures: figures with different
# numbers are not compared.
CONVENTIONS = "1"


Table = Literal["layer", "module", "compare"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """One quantity: its meaning and its place in tables. This is the only place that defines them.

    `unit` is "" for a count, "B" for bytes, "px" for input places. `scope` says whether rows, the network or both have
    it, `sums` that the rows' values add up to the network's, `operators` that each operator has it as well. `better` is
    the direction of an improvement.

    `layer_rank`, `module_rank` and `compare_rank` make it a default column of those tables: in a narrow terminal, the
    highest rank gives way first, and 0 never does. With None, the column shows only on request. `place` orders the
    columns from the left. `usual` marks quantities that may not grow if a project sets no budget; a difference shows
    the lowest first.
    """

    name: str
    label: str
    unit: Literal["", "B", "px"]
    scope: Literal["both", "layer", "total"]
    definition: str
    better: Literal["lower", "higher"] | None = "lower"
    sums: bool = True
    operators: bool = False
    place: int = 100
    layer_rank: int | None = None
    module_rank: int | None = None
    compare_rank: int | None = None
    usual: int | None = None


def _metric(name: str, label: str, definition: str, **rest: object) -> Metric:
    return Metric(**{"name": name, "label": label, "definition": definition, "unit": "", "scope": "both", **rest})  # type: ignore[arg-type]


_ALL = (
    _metric("params", "Params", "elements of every parameter tensor, each tensor once, frozen ones included",
            place=1, layer_rank=0, module_rank=0, compare_rank=0, usual=2),
    _metric("trainable_params", "Trainable", "those with requires_grad"),
    _metric("param_bytes", "Param memory", "bytes that the parameters are stored in", unit="B"),
    _metric("weights", "Weights",
            "parameters without biases and without scales and shifts, such as a normalisation's",
            place=2, module_rank=4),
    _metric("buffers", "Buffers", "elements of registered buffers, such as BatchNorm statistics",
            place=3, module_rank=5),
    _metric("macs", "MACs", "multiply-adds of convolutions, linear layers, matrix products and attention",
            operators=True, place=6, layer_rank=0, module_rank=0, compare_rank=0, usual=1),
    _metric("backward_macs", "Backward MACs", "multiply-adds of the backward pass",
            place=7, layer_rank=2, module_rank=2),
    _metric("other_ops", "Other ops", "scalar operations of everything else",
            operators=True, place=14, layer_rank=4, module_rank=3),
    _metric("output_elements", "Outputs", "elements of the tensors that a row hands on", scope="layer", sums=False),
    _metric("output_bytes", "Output bytes", "bytes of the tensors that a row hands on",
            unit="B", scope="layer", sums=False),
    _metric("activation_elements", "Activations",
            "elements of the inputs and of every fresh storage that a later operator reads or the network returns",
            place=8, compare_rank=3),
    _metric("activation_bytes", "Memory", "bytes of the same storages",
            unit="B", place=4, layer_rank=0, module_rank=0, usual=3),
    _metric("macts", "MActs", "output elements of convolutions and linear layers only",
            place=9, module_rank=6, compare_rank=4),
    _metric("read_bytes", "Read", "bytes that the operators have to read at least once",
            unit="B", place=15, layer_rank=6, module_rank=7),
    _metric("written_bytes", "Written", "bytes that the operators have to write at least once",
            unit="B", place=16, layer_rank=7, module_rank=8),
    _metric("saved_bytes", "Saved", "bytes that autograd keeps from the forward pass for the backward one",
            unit="B", place=5, layer_rank=1, module_rank=1),
    _metric("gradient_bytes", "Gradients", "bytes of the parameters' gradients",
            unit="B", scope="total", sums=False),
    _metric("optimizer_state_bytes", "Optimizer state", "bytes that the optimizer keeps from step to step",
            unit="B", scope="total", sums=False),
    _metric("peak_inference_bytes", "Peak, inference", "largest sum of live storages in a forward pass",
            unit="B", scope="total", sums=False, place=10, compare_rank=1),
    _metric("peak_training_bytes", "Peak, training", "the same over forward, backward and one step",
            unit="B", scope="total", sums=False),
    _metric("peak_allocated_bytes", "Peak, allocated",
            "the peak with every storage rounded up to 512 bytes, as torch's CUDA allocator does",
            unit="B", scope="total", sums=False),
    _metric("depth", "Depth", "most weighted layers on any path from the input to here",
            sums=False, place=13, layer_rank=2, compare_rank=2),
    _metric("receptive_field", "RF", "input places that one output element sees, per axis",
            unit="px", better=None, sums=False, place=11, layer_rank=1),
    _metric("jump", "Jump", "distance in input places between neighbouring output elements",
            unit="px", scope="layer", better=None, sums=False, place=12, layer_rank=5),
    _metric("intensity", "MACs/B", "multiply-adds for each byte read or written",
            scope="layer", better="higher", sums=False),
)  # fmt: skip
METRICS: Mapping[str, Metric] = MappingProxyType({metric.name: metric for metric in _ALL})
SUMS = tuple(name for name, each in METRICS.items() if each.sums)  # the rows' values add up to the network's
OPERATORS = tuple(name for name, each in METRICS.items() if each.operators)
_USUAL = {name: each.usual for name, each in METRICS.items() if each.usual is not None}
USUAL = tuple(sorted(_USUAL, key=_USUAL.__getitem__))  # these may not grow if no budget is set


def ranks(table: Table) -> dict[str, int]:
    """Return the default quantities of a table, from the left, with their ranks."""
    placed = sorted(METRICS.values(), key=lambda each: each.place)
    found = ((each.name, getattr(each, f"{table}_rank")) for each in placed)
    return {name: rank for name, rank in found if rank is not None}


def metric(name: str) -> Metric:
    """Return the quantity with a name.

    Raises:
        ArgumentError: the name is unknown; names the closest ones.
    """
    try:
        return METRICS[name]
    except KeyError:
        hint = closest(name, METRICS, f"there are {', '.join(METRICS)}")
        raise ArgumentError(f"there is no quantity {name!r}; {hint}") from None
