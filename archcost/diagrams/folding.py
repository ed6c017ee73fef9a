"""Simplify a graph step by step until it looks like a hand-drawn diagram.

Normalisations and activations join the box before them, chains of additions become one box, modules fold, and repeated
boxes and equal paths become one box with a number.
"""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from archcost.diagrams.graph import Graph, Node, build_graph, find_operator, find_parent

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from archcost.records import Layer, Report

RIDING = frozenset(("normalisation", "activation"))
NORMALISED = frozenset(("convolution", "linear", "activation"))  # roles of boxes that a normalisation joins
CHAINED = frozenset(("add", "cat"))  # operators that a reader takes as one, whatever their number of operands
NUMBERED_PATHS = 3  # from this number on, equal paths become one box with a number


def ride(graph: Graph) -> None:
    """Join normalisations and activations to the boxes that they belong to."""
    for key in list(graph.nodes):
        source = graph.source(key)
        if graph.layer(key).role not in RIDING or source is None or graph.reader(source) != key:
            continue
        on = graph.layer(source)
        if graph.nodes[source].outside or graph.nodes[key].outside:
            continue
        if not on.is_input and (graph.layer(key).role == "activation" or on.role in NORMALISED):
            node, rider = graph.nodes[source], graph.nodes[key]
            riders = (*node.riders, rider.main, *rider.riders)
            graph.merge(source, [key], replace(node, rows=(*node.rows, *rider.rows), riders=riders))
    parents = {find_parent(layer) for layer in graph.layers if layer.role not in RIDING and layer.call is not None}
    working = {path[:end] for path in parents for end in range(1, len(path) + 1) if path[end : end + 1] in {"", "."}}
    for key in reversed(list(graph.nodes)):  # could not join the box before, as in a pre-activation unit
        reader = graph.reader(key)
        if graph.layer(key).role not in RIDING or reader is None or graph.nodes[key].outside:
            continue
        if _find_ended(graph.layer(key), graph.layer(reader)) in working:
            continue  # the end of one block is not the start of the next
        if graph.source(reader) == key and graph.layer(reader).role not in RIDING and graph.reads[key]:
            node, rider = graph.nodes[reader], graph.nodes[key]
            riders = (rider.main, *rider.riders, *node.riders_before)
            graph.merge(reader, [key], replace(node, rows=(*rider.rows, *node.rows), riders_before=riders))


def _find_ended(layer: Layer, other: Layer) -> str:
    """Return the largest module around a row that does not hold another row; "" if every module around it does."""
    inside, outside = (find_parent(row).split(".") for row in (layer, other))
    common = sum(1 for _ in itertools.takewhile(lambda pair: pair[0] == pair[1], zip(inside, outside, strict=False)))
    return ".".join(inside[: common + 1]) if common < len(inside) else ""


def add_up_chains(graph: Graph) -> None:
    """Join additions that only add to each other into one box, and concatenations likewise."""
    for key in list(graph.nodes):
        reader = graph.reader(key)
        operator = find_operator(graph.layer(key))
        if reader is None or operator not in CHAINED or graph.nodes[key].outside or graph.nodes[key].riders:
            continue
        if find_operator(graph.layer(reader)) != operator:
            continue
        node = graph.nodes[reader]
        graph.merge(reader, [key], replace(node, rows=(*graph.nodes[key].rows, *node.rows)))


def find_stages(report: Report) -> frozenset[str]:
    """Return the modules that only run blocks of one class, one after another or side by side."""
    children: dict[str, list[str]] = {}
    for path in report.modules:
        if path:
            children.setdefault(path.rpartition(".")[0], []).append(path)
    work = {layer.module for layer in report.layers}  # modules that run operators of their own
    return frozenset(
        path for path, inside in children.items()
        if path and path not in work and len({report.modules[each] for each in inside}) == 1
        and all(each in children for each in inside)
    )  # fmt: skip


def fold(graph: Graph, depth: int, seen_through: Collection[str] = (), *, below: str = "") -> None:
    """Fold each module that is `depth` levels below a module and holds more than one box.

    A module that is `seen_through` does not count as a level.
    """
    level = depth + (below.count(".") + 1 if below else 0)
    runs: list[tuple[str, list[int]]] = []
    for key in graph.nodes:
        module = "" if graph.nodes[key].outside else _find_module(graph, key, level, seen_through)
        if runs and runs[-1][0] == module:
            runs[-1][1].append(key)
        else:
            runs.append((module, [key]))
    for module, keys in ((module, keys) for module, run in runs for keys in _split_calls(graph, run)):
        if module and len(keys) > 1 and module != below and _is_convex(graph, keys):
            rows = tuple(row for key in keys for row in graph.nodes[key].rows)
            graph.merge(keys[-1], keys, Node(rows=rows, main=keys[-1], module=module, inside=len(keys)))
    graph.sort()


def _find_module(graph: Graph, key: int, level: int, seen_through: Collection[str]) -> str:
    """Return the module around a box at a level; None if the box lies above that level."""
    path = find_parent(graph.layer(key))
    parts = path.split(".") if path else []
    while len(parts) >= level and ".".join(parts[:level]) in seen_through:
        level += 1
    return ".".join(parts[:level]) if len(parts) >= level else ""


def _split_calls(graph: Graph, run: Sequence[int]) -> list[Sequence[int]]:
    """Return the calls of a module that runs repeatedly: the same layers in the same order."""
    names = [graph.layer(key).name for key in run]
    if len({*names}) == len(names):
        return [run]
    for count in range(len(names), 1, -1):
        size, rest = divmod(len(names), count)
        if not rest and names == names[:size] * count and len({*names[:size]}) == size:
            return [run[i : i + size] for i in range(0, len(run), size)]
    return [run]


def _is_convex(graph: Graph, keys: Sequence[int]) -> bool:
    """Whether no path leaves the boxes and returns, since the folded box would then read itself."""
    inside, last = {*keys}, max(keys)
    pending = [reader for key in keys for reader in graph.readers[key] if reader not in inside]
    seen = {*pending}
    while pending:
        key = pending.pop()
        if graph.nodes[key].rows[0] > last:
            continue  # the box ran after all of them
        for reader in graph.readers[key]:
            if reader in inside:
                return False
            if reader not in seen:
                seen.add(reader)
                pending.append(reader)
    return True


def sign(graph: Graph, key: int) -> tuple[object, ...]:
    """Return a key that is equal for boxes with the same cost and look."""
    node = graph.nodes[key]
    rows = [graph.layers[row] for row in sorted(node.rows)]
    return (
        tuple((layer.kind, layer.kernel, layer.stride, layer.groups, layer.inputs, layer.outputs) for layer in rows),
        sum(graph.shared.get(layer.name, layer.params) for layer in rows),
        node.times,
        node.paths,
    )


def _sign_roughly(graph: Graph, key: int) -> tuple[object, ...]:
    """Return a key that is equal for layers that are drawn alike, whatever their input channels."""
    node = graph.nodes[key]
    rows = [graph.layers[row] for row in sorted(node.rows)]
    return tuple((layer.kind, layer.kernel, layer.stride, layer.groups, layer.outputs) for layer in rows)


def count_repeats(graph: Graph) -> None:
    """Join consecutive folded modules of the same cost, and consecutive layers that are drawn alike, into one box."""
    for key in list(graph.nodes):
        if key not in graph.nodes or graph.layer(key).is_input or graph.nodes[key].outside:
            continue
        folded = graph.nodes[key].module is not None
        same = sign if folded else _sign_roughly
        signature, chain = same(graph, key), [key]
        while (reader := graph.reader(chain[-1])) is not None and graph.source(reader) == chain[-1]:
            if (graph.nodes[reader].module is not None) != folded or same(graph, reader) != signature:
                break
            chain.append(reader)
        if len(chain) > 1:
            node = graph.nodes[key]
            rows = tuple(row for each in chain for row in graph.nodes[each].rows)
            graph.merge(key, chain, replace(node, rows=rows, times=len(chain)))


def count_paths(graph: Graph) -> None:
    """Merge equal paths that begin and end at the same boxes into one."""
    found: dict[tuple[object, ...], list[list[int]]] = {}
    for key in graph.nodes:
        source = graph.source(key)
        if source is None or graph.reader(source) == key:
            continue
        path = [key]
        while (reader := graph.reader(path[-1])) is not None and graph.source(reader) is not None:
            path.append(reader)
        if graph.readers[path[-1]]:
            ends = (source, *graph.readers[path[-1]])
            found.setdefault((ends, tuple(sign(graph, each) for each in path)), []).append(path)
    for paths in found.values():
        if len(paths) < NUMBERED_PATHS:
            continue
        for same in zip(*paths, strict=True):
            node = graph.nodes[same[0]]
            rows = tuple(row for key in same for row in graph.nodes[key].rows)
            graph.merge(same[0], same, replace(node, rows=rows, paths=len(paths)))


class Level(NamedTuple):
    """The extent of folding.

    Attributes:
        depth: the number of module levels to show; None for every layer.
        repeats: consecutive equal boxes become one box with their number.
        stages: modules that hold only blocks of one class do not count as a level: their blocks are shown.
    """

    depth: int | None
    repeats: bool = True
    stages: bool = False


def simplify(report: Report, level: Level, *, apart: bool = False, below: str = "") -> Graph:
    """Return the simplified graph of a report.

    Args:
        report: the report of a network.
        level: the extent of folding.
        apart: give normalisations and activations their own boxes.
        below: show only the inside of this module.
    """
    graph = build_graph(report)
    if below:
        graph = keep_inside(graph, below)
    if not apart:
        ride(graph)
    add_up_chains(graph)
    if level.depth is not None:
        stages = find_stages(report) if level.stages else frozenset()
        fold(graph, level.depth, stages.union(report.lists or ()), below=below)
    if level.repeats:
        count_repeats(graph)
    count_paths(graph)
    return graph


def keep_inside(graph: Graph, module: str) -> Graph:
    """Return the boxes of one module, and the outside boxes that they read: its inputs."""
    inside = {
        key for key in graph.nodes
        if (path := graph.layer(key).module) == module or path.startswith(f"{module}.")
    }  # fmt: skip
    sources = {source for key in inside for source in graph.reads[key]} - inside
    nodes = {key: replace(node, outside=key in sources) for key, node in graph.nodes.items() if key in inside | sources}
    return Graph(graph.layers, nodes, {key: graph.reads[key] if key in inside else () for key in nodes}, module)
