"""Questions about a whole network: the layers with the largest costs, the saving of a 1x1, the effect of a stride."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from archcost import units
from archcost.quizzes.layers import describe_layer
from archcost.records import Question
from archcost.render import lecture_rows as row

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from archcost.records import Layer

MOST = {
    "weights": "parameters, not counting biases",
    "macs": "multiply-adds",
    "output_elements": "values in its output",
}
RIDING = frozenset(("normalisation", "activation"))


def yield_most_questions(layers: Sequence[Layer]) -> Iterator[Question]:
    """Yield questions about the layer with the most of each cost, if it is unique."""
    rows = [layer for layer in layers if layer.role in {"convolution", "linear", "pooling"} and not layer.call]
    for name, words in MOST.items():
        amounts = sorted(((getattr(layer, name), layer.name) for layer in rows), reverse=True)
        if len(amounts) < 2 or amounts[0][0] == amounts[1][0]:  # noqa: PLR2004 - one alone has most
            continue
        (most, first), (less, second) = amounts[:2]
        total = sum(amount for amount, _ in amounts)
        yield Question(
            kind="largest",
            layer="",
            text=f"Which convolution, pool or linear layer has the most {words}?",
            hint="Early layers have large maps, late ones many channels; a linear layer has a weight for each pair.",
            answer=f"{first}, {100 * most / total:.1f} % of {units.exact(total)}",
            arithmetic=f"{units.exact(most)}; the next is {second} with {units.exact(less)}",
        )


def yield_saving_questions(layers: Sequence[Layer], place: int) -> Iterator[Question]:
    """Yield questions about the saving of a 1x1 convolution that narrows the input of a larger one."""
    layer = layers[place]
    narrow = _find_narrowing(layers, layer)
    if narrow is None or layer.call:
        return
    wide, few = narrow.inputs[0][1], narrow.outputs[0][1]
    out, window = layer.outputs[0], math.prod(layer.kernel or ())
    places = math.prod(out[2:])
    direct = places * window * wide * out[1]
    both = narrow.macs + layer.macs
    saved = 100 * (direct - both) / direct
    yield Question(
        kind="saving",
        layer=layer.name,
        text=f"{narrow.name} is a 1x1 convolution from {wide} to {few} channels before {describe_layer(layer)}. "
        "What does it save of the multiply-adds?",
        hint=f"Count both; then the {units.shape(layer.kernel or ())} alone on {wide} channels.",
        answer=f"{saved:.1f} %" if direct >= both else f"nothing: it costs {-saved:.1f} % more",
        arithmetic=f"{units.exact(narrow.macs)} + {units.exact(layer.macs)} = {units.exact(both)}; without it "
        f"{units.shape((*out[2:], out[1]))}x{units.shape((*(layer.kernel or ()), wide))} = {units.exact(direct)}",
    )


def _find_narrowing(layers: Sequence[Layer], layer: Layer) -> Layer | None:
    """Return the 1x1 convolution right before a larger one, ignoring normalisations and activations."""
    if layer.role != "convolution" or layer.transposed or (layer.groups or 1) > 1 or max(layer.kernel or (1,)) == 1:
        return None
    before = layer
    while len(before.reads) == 1:
        before = layers[before.reads[0]]
        if before.role not in RIDING:
            break
    fits = before.role == "convolution" and before.kernel == (1, 1) and before.stride == (1, 1)
    if not fits or before.groups != 1 or before.outputs[0][1] >= before.inputs[0][1]:
        return None
    return before


def yield_stride_questions(layer: Layer) -> Iterator[Question]:
    """Yield questions about a convolution with twice its stride, or with stride 1."""
    if layer.role != "convolution" or layer.call or not layer.macs or not row.spell_axes(layer):
        return
    stride = layer.stride[0]  # type: ignore[index]
    other = 2 if stride == 1 else 1
    sizes = [
        (size + 2 * padding - dilation * (kernel - 1) - 1) // other + 1
        for size, kernel, padding, dilation in zip(
            layer.inputs[0][2:], layer.kernel or (), layer.padding or (), layer.dilation or (), strict=True
        )
    ]
    places, now = math.prod(sizes), math.prod(layer.outputs[0][2:])
    if set(layer.stride or ()) != {stride} or places == now or layer.macs % now or min(sizes) < 1:
        return
    each = layer.macs // now
    yield Question(
        kind="what if",
        layer=layer.name,
        text=f"{describe_layer(layer)}. What if its stride were {other}: how large would its maps be, and how many "
        "multiply-adds would it take?",
        hint="The weights stay; they multiply at each place of the new map.",
        answer=f"{units.shape(tuple(sizes))}, {units.exact(places * each)} ({places / now:.3g} times as many)",
        arithmetic=f"{units.exact(each)} for each place; {units.shape(tuple(sizes))} = {units.exact(places)} places, "
        f"now {units.exact(now)} with {units.exact(layer.macs)}",
    )
