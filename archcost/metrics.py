"""The table of quantities: what each number in a report means, and its unit.

All of them are exact: they follow from the network alone and compare with `==`. What is measured stands apart.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

from archcost.errors import ArgumentError, closest

if TYPE_CHECKING:
    from collections.abc import Mapping

# Raised whenever a definition below, or a rule behind it, changes what a network counts: figures made under different
# numbers are not compared.
CONVENTIONS = "1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """One quantity. `unit` "" is a count, "B" bytes, "px" input places; `scope` says whether rows or totals have it."""

    name: str
    label: str
    unit: Literal["", "B", "px"]
    scope: Literal["both", "layer", "total"]
    definition: str
    better: Literal["lower", "higher"] | None = "lower"
    sums: bool = True


def _metric(name: str, label: str, definition: str, **rest: object) -> Metric:
    return Metric(**{"name": name, "label": label, "definition": definition, "unit": "", "scope": "both", **rest})  # type: ignore[arg-type]


_ALL = (
    _metric("params", "Params", "elements of every parameter tensor, each tensor once, frozen ones included"),
    _metric("trainable_params", "Trainable", "those with requires_grad"),
    _metric("param_bytes", "Param memory", "bytes that the parameters are stored in", unit="B"),
    _metric("weights", "Weights", "parameters without biases and without scales and shifts, such as a normalisation's"),
    _metric("buffers", "Buffers", "elements of registered buffers, such as BatchNorm statistics"),
    _metric("macs", "MACs", "multiply-adds of convolutions, linear layers, matrix products and attention"),
    _metric("backward_macs", "Backward MACs", "multiply-adds of the backward pass"),
    _metric("other_ops", "Other ops", "scalar operations of everything else"),
    _metric("output_elements", "Outputs", "elements of the tensors that a row hands on", scope="layer", sums=False),
    _metric(
        "output_bytes", "Output bytes", "bytes of the tensors that a row hands on", unit="B", scope="layer", sums=False
    ),
    _metric(
        "activation_elements",
        "Activations",
        "elements of the inputs and of every fresh storage that a later operator reads or the network returns",
    ),
    _metric("activation_bytes", "Memory", "bytes of the same storages", unit="B"),
    _metric("macts", "MActs", "output elements of convolutions and linear layers only"),
    _metric("read_bytes", "Read", "bytes that the operators have to read at least once", unit="B"),
    _metric("written_bytes", "Written", "bytes that the operators have to write at least once", unit="B"),
    _metric("saved_bytes", "Saved", "bytes that autograd keeps from the forward pass for the backward one", unit="B"),
    _metric("gradient_bytes", "Gradients", "bytes of the parameters' gradients", unit="B", scope="total", sums=False),
    _metric(
        "optimizer_state_bytes",
        "Optimizer state",
        "bytes that the optimizer keeps from step to step",
        unit="B",
        scope="total",
        sums=False,
    ),
    _metric(
        "peak_inference_bytes",
        "Peak, inference",
        "largest sum of live storages in a forward pass",
        unit="B",
        scope="total",
        sums=False,
    ),
    _metric(
        "peak_training_bytes",
        "Peak, training",
        "the same over forward, backward and one step",
        unit="B",
        scope="total",
        sums=False,
    ),
    _metric(
        "peak_allocated_bytes",
        "Peak, allocated",
        "the peak with every storage rounded up to 512 bytes, as torch's CUDA allocator does",
        unit="B",
        scope="total",
        sums=False,
    ),
    _metric("depth", "Depth", "most weighted layers on any path from the input to here", sums=False),
    _metric(
        "receptive_field",
        "RF",
        "input places that one output element sees, per axis",
        unit="px",
        better=None,
        sums=False,
    ),
    _metric(
        "jump",
        "Jump",
        "distance in input places between neighbouring output elements",
        unit="px",
        scope="layer",
        better=None,
        sums=False,
    ),
    _metric(
        "intensity", "MACs/B", "multiply-adds for each byte read or written", scope="layer", better="higher", sums=False
    ),
)
METRICS: Mapping[str, Metric] = MappingProxyType({metric.name: metric for metric in _ALL})


def metric(name: str) -> Metric:
    """Return the quantity of a name.

    Raises:
        ArgumentError: with the names that are closest.
    """
    try:
        return METRICS[name]
    except KeyError:
        hint = closest(name, METRICS, f"there are {', '.join(METRICS)}")
        raise ArgumentError(f"there is no quantity {name!r}; {hint}") from None
