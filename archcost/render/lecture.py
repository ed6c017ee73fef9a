"""The tables of the CS231n lecture: VGG-16's for a chain of layers, the inception modules' for one that branches.

Height comes before width and channels, "params" leaves biases out, and a row that takes no memory and has no weights
(an in-place ReLU, dropout in inference, flatten) is left out, as in the lecture.
"""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING

from archcost import units
from archcost.errors import ArgumentError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from archcost.records import Layer, Report

SINGLE = (1, 1)


def write_listing(report: Report) -> tuple[str, ...]:
    """Return the lecture's lines.

    A chain of layers gets the table of memory and parameters, a network that branches the list of its operations.

    Raises:
        ArgumentError: a batch of more than one image.
    """
    _refuse_batches(report)
    branch = _find_branch(report)
    if branch is not None:
        return tuple(_yield_operations(report, branch))
    return (*_yield_rows(report), "", *_yield_totals(report))


def _yield_rows(report: Report) -> Iterator[str]:
    pixels: tuple[int, ...] = ()  # of the last row that was printed: what a flatten before an FC row flattened
    for layer in report.layers:
        if not layer.activation_elements and not layer.weights and not layer.is_input:
            continue
        sizes = _order_sizes(layer)
        weights = _spell_weights(layer, pixels)
        shape = f"[{units.shape(sizes)}]  " if sizes else ""
        yield f"{_name_layer(layer)}: {shape}memory: {_spell_memory(layer, sizes)}  params: {weights}"
        pixels = sizes


def _yield_totals(report: Report) -> Iterator[str]:
    elements, stored = report.totals.activation_elements, report.totals.activation_bytes
    each = f" * {units.number(stored // elements)} bytes" if elements and stored % elements == 0 else " values"
    yield (
        f"TOTAL memory: {units.rounded(elements, 3)} values = {units.rounded(stored, 2, 'B')} / image "
        "(only forward; about twice that for backward)"
    )
    yield f"              {units.exact(elements)}{each} = {units.exact(stored)} bytes = {units.short(stored, 'B')}"
    yield f"TOTAL params: {units.rounded(report.totals.weights, 3)} (not counting biases)"
    yield f"              {units.exact(report.totals.weights)}; with biases {units.exact(report.totals.params)}"


def _name_layer(layer: Layer) -> str:
    """Name a row as the lecture does, by its role and operators; any other by its class, in capitals."""
    if layer.call is None:
        return f"NOT CALLED {layer.name}"
    window = units.extents(layer.kernel)
    if layer.role == "normalisation":
        return "NORM"
    if layer.role == "convolution":
        return f"{'DECONV' if layer.transposed else 'CONV'}{window}-{units.number(layer.outputs[0][1])}"
    if layer.role == "pooling":
        everywhere = "GLOBAL " if not window and set(layer.outputs[0][2:]) == {1} else ""
        return f"{everywhere}{'AVG' if _runs(layer, 'avg') or _runs(layer, 'mean') else ''}POOL{window}"
    if layer.role == "activation" and _runs(layer, "relu"):
        return "RELU"
    return "FC" if _is_linear(layer) else layer.kind.upper()


def _spell_memory(layer: Layer, sizes: tuple[int, ...]) -> str:
    taken = units.slide(layer.activation_elements)
    if layer.activation_elements != math.prod(sizes) or layer.activation_elements == max(sizes, default=0):
        return taken
    return f"{'*'.join(map(units.number, sizes))}={taken}"


def _spell_weights(layer: Layer, pixels: tuple[int, ...]) -> str:
    if not layer.weights:
        return "0 (shared)" if layer.call else "0"
    formula, product = _spell_product(layer, pixels)
    return f"{formula} = {units.exact(product)}" if product == layer.weights else units.exact(layer.weights)


def _spell_product(layer: Layer, pixels: tuple[int, ...]) -> tuple[str, int]:
    """Write a row's weights as a product of its shapes, as far as it is a convolution or a linear layer."""
    if not layer.inputs or not layer.outputs or len(layer.inputs[0]) < 2 or len(layer.outputs[0]) < 2:  # noqa: PLR2004
        return "", 0
    if layer.kernel is not None:
        into, out = layer.inputs[0][1], layer.outputs[0][1]
        window = (*layer.kernel, into // (layer.groups or 1))
        return f"({_join_factors(window)})*{units.number(out)}", math.prod(window) * out
    into, out = layer.inputs[0][-1], layer.outputs[0][-1]
    flattened = pixels if math.prod(pixels) == into and pixels[:-1] not in {SINGLE, ()} else (into,)
    return _join_factors((*flattened, out)), into * out


def _order_sizes(layer: Layer) -> tuple[int, ...]:
    """Turn C,H,W into H,W,C; a vector is one pixel of many channels, as in the lecture."""
    sizes = layer.outputs[0][1:] if layer.outputs else ()
    if len(sizes) == 1:
        return (1, 1, *sizes)
    return sizes if _is_linear(layer) else (*sizes[1:], *sizes[:1])


def _is_linear(layer: Layer) -> bool:
    """Whether a row is a linear layer: a product of data with data has no weights, a bilinear layer two inputs."""
    return layer.role == "linear" and layer.macts > 0 and (_runs(layer, "mm") or _runs(layer, ".linear"))


def _runs(layer: Layer, part: str) -> bool:
    return any(part in operator for operator in layer.operators)


def _join_factors(sizes: tuple[int, ...]) -> str:
    return "*".join(map(units.number, sizes))


def _refuse_batches(report: Report) -> None:
    for info in report.network.inputs:
        if len(info.shape) > 1 and info.shape[0] != 1:
            raise ArgumentError(
                f"the lecture's table is for one image, not for a batch of {units.number(info.shape[0])}; "
                "leave --batch out, or use --view layers"
            )


def _find_branch(report: Report) -> str | None:
    """Say where a network first stops being one chain of layers."""
    readers = Counter(source for layer in report.layers for source in layer.reads)
    for i, layer in enumerate(report.layers):
        if readers[i] > 1:
            return f"{layer.name} ({layer.kind}) is read by {units.number(readers[i])} rows"
        if len(layer.reads) > 1:
            sources = " and ".join(report.layers[source].name for source in layer.reads)
            return f"{layer.name} ({layer.kind}) reads {sources}"
    return None


def _yield_operations(report: Report, branch: str) -> Iterator[str]:
    """Write each weighted layer's multiply-adds as a product, as on the lecture's slides of the inception modules."""
    lines = [_spell_operation(layer) for layer in report.layers if layer.macs]
    widths = [max((len(line[i]) for line in lines), default=0) for i in range(3)]
    yield f"It branches ({branch}), so these are its operations, one line for each layer that multiplies:"
    yield ""
    for name, product, macs in lines:
        yield f"{name:<{widths[0]}}  {product:<{widths[1]}}  {macs:>{widths[2]}}"
    yield ""
    yield f"Total: {units.rounded(report.totals.macs, 3)} ops ({units.exact(report.totals.macs)} multiply-adds)"
    outputs = report.layers[-1].outputs
    if outputs:
        sizes = _order_sizes(report.layers[-1])
        yield f"Output: {units.shape(sizes)} = {units.exact(math.prod(sizes))} values"


def _spell_operation(layer: Layer) -> tuple[str, str, str]:
    macs = units.exact(layer.macs)
    if not layer.inputs or not layer.outputs:
        return f"[{layer.kind}]", "", macs
    if layer.kernel is not None and len(layer.inputs[0]) > 1:
        height_width_channels = _order_sizes(layer)
        factors = (*height_width_channels, *layer.kernel, layer.inputs[0][1] // (layer.groups or 1))
        name = f"[{units.shape(layer.kernel)} conv, {units.number(layer.outputs[0][1])}]"
    else:
        factors = (*layer.outputs[0][1:], layer.inputs[0][-1])
        name = f"[FC, {units.number(layer.outputs[0][-1])}]" if _is_linear(layer) else f"[{layer.kind}]"
    return name, f"{units.shape(factors)} =" if math.prod(factors) == layer.macs else "", macs
