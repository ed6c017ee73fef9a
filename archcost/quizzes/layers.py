"""Questions about one layer: its output volume, parameters, multiply-adds, memory, and receptive field."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from archcost import units
from archcost.records import Question
from archcost.render import lecture_rows as row

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from archcost.records import Layer

MAP = 4  # N, C, H, W


def describe_layer(layer: Layer) -> str:
    """Return the description of a layer in a question: "conv1: 96 11x11 filters, stride 4, pad 0, on 227x227x3"."""
    given = _spell_volume(layer.inputs[0])
    if layer.kernel is None:
        into, out = layer.inputs[0][-1], layer.outputs[0][-1]
        vectors = math.prod(layer.outputs[0][1:-1])
        each = "" if vectors == 1 else f", for each of {units.number(vectors)} vectors"
        return f"{layer.name}: from {units.number(into)} values to {units.number(out)}{each}"
    kind = "" if layer.role == "convolution" else f"{'average' if row.is_average(layer) else 'max'} pool "
    return f"{layer.name}: {kind}{row.spell_window(layer)}, on {given}"


def yield_layer_questions(layers: Sequence[Layer], place: int) -> Iterator[Question]:
    """Yield questions about a row."""
    layer = layers[place]
    if layer.call or not layer.inputs or not layer.outputs or layer.transposed:
        return
    window = layer.kernel is not None and layer.role in {"convolution", "pooling"} and len(layer.outputs[0]) == MAP
    if not window and not row.is_linear(layer):
        return
    what = describe_layer(layer)
    if window:
        yield from _ask_volume(layer, what)
        yield from _ask_memory(layer, what)
        yield from _ask_field(layers, layer)
    yield from _ask_params(layer, what)
    yield from _ask_macs(layer, what)


def _ask_volume(layer: Layer, what: str) -> Iterator[Question]:
    axes = row.spell_axes(layer)
    if not axes:
        return
    channels = units.number(layer.outputs[0][1])
    why = "one map for each filter" if layer.role == "convolution" else "a pool keeps the number of maps"
    up = any(", up to " in axis for axis in axes)  # a reader cannot know
    yield Question(
        kind="volume",
        layer=layer.name,
        text=f"{what}{', which rounds sizes up' if up else ''}. Which volume comes out?",
        hint=f"Along an axis of n places: (n + 2 x pad - kernel)/stride + 1, rounded {'up' if up else 'down'}.",
        answer=_spell_volume(layer.outputs[0]),
        arithmetic=f"{'; '.join(dict.fromkeys(axes))}; {why}: {channels}",
    )


def _ask_params(layer: Layer, what: str) -> Iterator[Question]:
    biases = layer.params - layer.weights
    weights = row.spell_weights(layer, ())
    if not layer.params:
        yield Question(
            kind="parameters",
            layer=layer.name,
            text=f"{what}. How many parameters does it have?",
            hint="What does it learn?",
            answer="0",
            arithmetic="a pool has no weights",
        )
    elif " = " in weights and biases in {0, layer.outputs[0][1] if layer.kernel else layer.outputs[0][-1]}:
        with_biases = f"; with a bias for each output, {units.exact(layer.weights)} + {units.exact(biases)}"
        yield Question(
            kind="parameters",
            layer=layer.name,
            text=f"{what}, {'with' if biases else 'without'} biases. How many parameters does it have?",
            hint="Each filter has a weight for each place of its window in each map that it reads."
            if layer.kernel
            else "Each output has a weight for each input.",
            answer=units.exact(layer.params),
            arithmetic=f"{weights}{with_biases + ' = ' + units.exact(layer.params) if biases else ''}",
        )


def _ask_macs(layer: Layer, what: str) -> Iterator[Question]:
    product = row.spell_operations(layer)
    if layer.macs and " = " in product:
        yield Question(
            kind="multiply-adds",
            layer=layer.name,
            text=f"{what}. How many multiply-adds does it take for one image?",
            hint="One for each weight of a filter, at each place of its output."
            if layer.kernel
            else "One for each weight, for each vector that it reads.",
            answer=units.exact(layer.macs),
            arithmetic=product,
        )


def _ask_memory(layer: Layer, what: str) -> Iterator[Question]:
    sizes = row.order_sizes(layer)
    values = math.prod(sizes)
    each, rest = divmod(layer.output_bytes, values or 1)
    if rest or not each or values != layer.output_elements:
        return
    yield Question(
        kind="memory",
        layer=layer.name,
        text=f"{what}. How much memory does its output take, {each} bytes a value?",
        hint="The volume that comes out, times the bytes of a value.",
        answer=units.short(layer.output_bytes, "B"),
        arithmetic=f"{units.shape(sizes)} = {units.exact(values)}; x {each} = {units.exact(layer.output_bytes)} bytes",
    )


def _ask_field(layers: Sequence[Layer], layer: Layer) -> Iterator[Question]:
    before = layers[layer.reads[0]] if len(layer.reads) == 1 else None
    known = before is not None and before.receptive_field and before.jump and layer.receptive_field
    if before is None or not known or not layer.kernel or not layer.dilation:
        return
    field, jump = before.receptive_field[0], before.jump[0]  # type: ignore[index]
    after, kernel, dilation = layer.receptive_field[0], layer.kernel[0], layer.dilation[0]  # type: ignore[index]
    if not isinstance(field, int) or not isinstance(jump, int) or kernel == 1:
        return
    image = next((each.outputs[0][2] for each in layers if each.is_input and len(each.outputs[0]) == MAP), None)
    if after != field + dilation * (kernel - 1) * jump or image is None or after > image:
        return
    reach = f"({kernel} - 1)" if dilation == 1 else f"{dilation} x ({kernel} - 1)"
    rows = "1 row" if field == 1 else f"{field} rows"
    apart = f"{jump} row{'' if jump == 1 else 's'}"
    yield Question(
        kind="receptive field",
        layer=layer.name,
        text=f"Each value that {layer.name} reads sees {rows} of the input; the next value below it sees as many, "
        f"{apart} further down. {layer.name} has a {units.shape(layer.kernel)} window"
        f"{'' if dilation == 1 else f' of dilation {dilation}'}. How many rows does one value of its output see?",
        hint="A window of k values spans k - 1 steps from one to the next.",
        answer=str(after),
        arithmetic=f"{field} + {reach} x {jump} = {after}",
    )


def _spell_volume(shape: tuple[int, ...]) -> str:
    """Return height, width and channels in the lectures' form."""
    return units.shape((*shape[2:], shape[1])) if len(shape) == MAP else units.shape(shape[1:])
