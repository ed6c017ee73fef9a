"""Spread the boxes of layers sideways: each near its neighbours, and with the required distances."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from archcost.diagrams.arrangement import Place

ROUNDS = 16  # rounds of placing the layers; more rounds move nothing visibly


def find_places(layers: Sequence[Sequence[Place]], widths: Mapping[int, float], across: float) -> dict[int, float]:
    """Return the x of each place, near its neighbours' mean and with the required distances."""
    xs: dict[int, float] = {}
    for layer in layers:
        xs |= _spread(layer, [0.0] * len(layer), widths, across)
    for n in range(ROUNDS):
        for layer in layers if n % 2 == 0 else reversed(layers):
            wanted = []
            for place in layer:
                near = place.above if n % 2 == 0 else place.below
                wanted.append(sum(xs[id(other)] for other in near) / len(near) if near else xs[id(place)])
            xs |= _spread(layer, wanted, widths, across)
    return xs


def _spread(
    layer: Sequence[Place], wanted: Sequence[float], widths: Mapping[int, float], across: float
) -> dict[int, float]:
    """Return the positions of a layer's places in their order, each as near to its wish as the others allow."""
    groups: list[tuple[list[int], float, int]] = []  # places, the sum of their wishes for the first place, their number
    offset = [0.0] * len(layer)
    for i, place in enumerate(layer):
        if i:
            offset[i] = offset[i - 1] + (widths[id(layer[i - 1])] + widths[id(place)]) / 2 + across
        group = ([i], wanted[i] - offset[i], 1)
        while groups and groups[-1][1] / groups[-1][2] > group[1] / group[2]:
            before = groups.pop()
            group = ([*before[0], *group[0]], before[1] + group[1], before[2] + group[2])
        groups.append(group)
    return {id(layer[i]): total / count + offset[i] for members, total, count in groups for i in members}
