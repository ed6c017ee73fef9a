"""Grouped convolutions as columns side by side, as in the drawing of AlexNet on two GPUs."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from archcost.diagrams.graph import Graph
from archcost.errors import ArgumentError

if TYPE_CHECKING:
    from archcost.diagrams.graph import Node

APART = frozenset(("convolution", "linear"))  # what mixes channels; anything else works on each channel by itself


def split_columns(graph: Graph, count: int) -> Graph:
    """Return a graph in which each box between the input and the last box is `count` boxes with a part of the channels.

    A box of one column reads its own column where it has as many groups or mixes no channels, else all columns.

    Raises:
        ArgumentError: no convolution has this many groups.
    """
    if not any(graph.layer(key).groups == count for key in graph.nodes):
        found = sorted({layer.groups for layer in graph.layers if layer.groups and layer.groups > 1})
        hint = (
            f"there are convolutions of {', '.join(map(str, found))} groups" if found else "no convolution has groups"
        )
        raise ArgumentError(f"no convolution has {count} groups, so --columns {count} divides nothing; {hint}")
    copies = {key: _copy(graph, key, count) for key in graph.nodes}
    nodes: dict[int, Node] = {}
    reads: dict[int, list[int]] = {}
    for key, parts in copies.items():
        for column, copy in enumerate(parts):
            nodes[copy] = replace(graph.nodes[key], of=len(parts))
            reads[copy] = []
            for source in graph.reads[key]:
                sources = copies[source]
                own = len(parts) == len(sources) > 1 and not _mixes(graph, key, count)
                reads[copy] += [sources[column]] if own else sources
    return Graph(graph.layers, nodes, reads, graph.below, graph.shared)


def _copy(graph: Graph, key: int, count: int) -> list[int]:
    """Return the keys of a box's columns: one where it cannot be divided."""
    layer = graph.layer(key)
    channels = layer.outputs[0][1] if layer.outputs and len(layer.outputs[0]) > 1 else 0
    whole = layer.is_input or graph.nodes[key].outside or not graph.readers[key] or channels % count
    return [key + column * len(graph.layers) for column in range(1 if whole else count)]


def _mixes(graph: Graph, key: int, count: int) -> bool:
    layer = graph.layer(key)
    return layer.role in APART and (layer.groups or 1) % count != 0
