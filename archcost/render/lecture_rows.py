"""A layer as a row of the lecture's table: its window, its output's size, its memory, parameters and operations."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import TYPE_CHECKING

from archcost import units

if TYPE_CHECKING:
    from archcost.records import Layer

SINGLE = (1, 1)


def name_layer(layer: Layer) -> str:
    """Return the lecture's name for a row's role and operators; for any other row, its class in capitals."""
    if layer.call is None:
        return f"NOT CALLED {layer.name}"
    if layer.role == "convolution":
        return "DECONV" if layer.transposed else "CONV"
    if layer.role == "pooling":
        everywhere = "GLOBAL " if not layer.kernel and set(layer.outputs[0][2:]) == {1} else ""
        return f"{everywhere}{'AVG' if is_average(layer) else ''}POOL"
    if is_linear(layer):
        return "FC"
    relu = layer.role == "activation" and _runs(layer, "relu")
    other = "RELU" if relu else {"cat": "CONCAT"}.get(layer.kind, layer.kind.upper())
    return "NORM" if layer.role == "normalisation" else other


def abbreviate_window(layer: Layer) -> str:
    """Return the part after a layer's name in VGG's table: "3-64" for 64 filters of 3x3, "2" for a pool."""
    window = units.extents(layer.kernel)
    return f"{window}-{units.number(layer.outputs[0][1])}" if layer.role == "convolution" else window


def spell_window(layer: Layer) -> str:
    """Return a window as on AlexNet's slide: "96 11x11 filters, stride 4, pad 0"."""
    kernel = units.shape(layer.kernel or ())
    if layer.role == "convolution":
        filters = layer.outputs[0][1]
        kernel = f"{units.number(filters)} {kernel} filter{'' if filters == 1 else 's'}"
    parts = [kernel, f"stride {units.extents(layer.stride)}"]
    if layer.padding is not None:
        parts.append(f"pad {units.extents(layer.padding)}")
    if layer.dilation is not None and set(layer.dilation) != {1}:
        parts.append(f"dilation {units.extents(layer.dilation)}")
    if (layer.groups or 1) > 1:
        parts.append(f"groups {units.number(layer.groups or 1)}")
    return ", ".join(parts)


def keeps_size(layer: Layer) -> bool:
    """Whether a layer occurs in VGG: a convolution that keeps the size, or a pool whose windows do not overlap."""
    if layer.kernel is None or layer.stride is None:
        return True
    if layer.role == "pooling":
        return layer.kernel == layer.stride and not any(layer.padding or ())
    return set(layer.stride) == {1} and (layer.groups or 1) == 1 and layer.inputs[0][2:] == layer.outputs[0][2:]


def spell_size(layer: Layer) -> str:
    """Return the formula of an output's height, and of its width if it differs: "(227 - 11)/4 + 1 = 55".

    The text is empty if the size stays, or if the layer does not follow the formula.
    """
    stays = not layer.inputs or layer.inputs[0][2:] == layer.outputs[0][2:]
    return "" if stays else "; ".join(dict.fromkeys(spell_axes(layer)))


def spell_axes(layer: Layer) -> list[str]:
    """Return the formula of each axis of an output; empty if the layer follows another formula."""
    if not (layer.kernel and layer.stride and layer.padding and layer.dilation and layer.inputs) or layer.transposed:
        return []
    sizes = layer.inputs[0][2:], layer.kernel, layer.stride, layer.padding, layer.dilation, layer.outputs[0][2:]
    axes = [spell_axis(*axis, rounds_up=layer.role == "pooling") for axis in zip(*sizes, strict=True)]
    return [] if "" in axes else axes


def spell_axis(
    size: int, kernel: int, stride: int, padding: int, dilation: int, out: int, *, rounds_up: bool = False
) -> str:
    """Return the formula of an output's size along an axis; empty if the layer does not follow it."""
    reach = dilation * (kernel - 1) + 1
    exact = Fraction(size + 2 * padding - reach, stride) + 1
    if out != math.floor(exact) and not (rounds_up and out == math.ceil(exact)):
        return ""
    padded = f"{size} + 2*{padding}" if padding else str(size)
    whole = "" if exact == out else f"{float(exact):.4g}, {'up' if out > exact else 'down'} to "
    return f"({padded} - {reach})/{stride} + 1 = {whole}{out}"


def spell_memory(layer: Layer) -> str:
    """Return a row's memory as a product; a note has the temporary values of a normalisation."""
    sizes = order_sizes(layer)
    taken, volume = layer.activation_elements, math.prod(sizes)
    note = ""
    if count_passing(layer):
        note = f" (and {units.slide(count_passing(layer))} for a moment)"
        taken = volume
    same = bool(layer.inputs) and set(layer.inputs) == {layer.outputs[0]}  # so are its temporary values
    copies = taken // volume if volume and taken % volume == 0 and (same or taken == volume) else 0
    factors = (*((copies,) if copies > 1 else ()), *(size for size in sizes if size > 1))
    if not copies or len(factors) < 2:  # noqa: PLR2004 - a product
        return units.slide(taken) + note
    return f"{_join_factors(factors if copies > 1 else sizes)}={units.slide(taken)}{note}"


def count_passing(layer: Layer) -> int:
    """Return the number of temporary values of a normalisation."""
    volume = math.prod(order_sizes(layer))
    return max(layer.activation_elements - volume, 0) if layer.role == "normalisation" and volume else 0


def spell_weights(layer: Layer, pixels: tuple[int, ...], *, shared: bool = False) -> str:
    """Return weights as a product; `pixels` are the sizes before the flatten in front of an FC row.

    A row without weights of its own may use those of an earlier, `shared` call.
    """
    if not layer.weights:
        return "0 (shared)" if shared else "0"
    formula, product = _spell_product(layer, pixels)
    return f"{formula} = {units.exact(product)}" if product == layer.weights else units.exact(layer.weights)


def _spell_product(layer: Layer, pixels: tuple[int, ...]) -> tuple[str, int]:
    """Return the weights of a convolution or linear layer as a product of its shapes."""
    if not layer.inputs or not layer.outputs or len(layer.inputs[0]) < 2 or len(layer.outputs[0]) < 2:  # noqa: PLR2004
        return "", 0
    if layer.kernel is not None:
        into, out = layer.inputs[0][1], layer.outputs[0][1]
        window = (*layer.kernel, into // (layer.groups or 1))
        return f"({_join_factors(window)})*{units.number(out)}", math.prod(window) * out
    into, out = layer.inputs[0][-1], layer.outputs[0][-1]
    flattened = pixels if math.prod(pixels) == into and pixels[:-1] not in {SINGLE, ()} else (into,)
    return _join_factors((*flattened, out)), into * out


def spell_operations(layer: Layer) -> str:
    """Return multiply-adds as a product, the output's sizes before the window's: "28x28x128x1x1x256 = 25,690,112"."""
    macs = units.exact(layer.macs)
    if not layer.inputs or not layer.outputs:
        return macs
    if layer.kernel is not None and len(layer.inputs[0]) > 1:
        factors = (*order_sizes(layer), *layer.kernel, layer.inputs[0][1] // (layer.groups or 1))
    else:
        factors = (*layer.outputs[0][1:], layer.inputs[0][-1])
    return f"{units.shape(factors)} = {macs}" if math.prod(factors) == layer.macs else macs


def order_sizes(layer: Layer) -> tuple[int, ...]:
    """Return C,H,W as H,W,C; a vector becomes one pixel with many channels, as in the lecture."""
    sizes = layer.outputs[0][1:] if layer.outputs else ()
    if len(sizes) == 1:
        return (1, 1, *sizes)
    return sizes if is_linear(layer) else (*sizes[1:], *sizes[:1])


def is_linear(layer: Layer) -> bool:
    """Whether a row is a linear layer: one input, and weights. A product of data with data has no weights."""
    return layer.role == "linear" and layer.macts > 0 and (_runs(layer, "mm") or _runs(layer, ".linear"))


def is_average(layer: Layer) -> bool:
    """Whether a pool takes averages."""
    return _runs(layer, "avg") or _runs(layer, "mean")


def _runs(layer: Layer, part: str) -> bool:
    return any(part in operator for operator in layer.operators)


def _join_factors(sizes: tuple[int, ...]) -> str:
    return "*".join(map(units.number, sizes))
