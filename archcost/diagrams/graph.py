"""The graph of a diagram: from the rows of a report to the boxes and edges that a person would draw.

Step by step it becomes simpler: rows that only move data vanish, normalisations and activations ride on the box before
them, chains of additions become one box, modules fold, repeated boxes and equal paths become one with a number.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from archcost.records import Layer, Report

# operators that change no value of a tensor that runs through alone: a reader does not miss them
SILENT = frozenset(
    ("view", "_unsafe_view", "reshape", "flatten", "unflatten", "squeeze", "unsqueeze", "contiguous", "clone", "detach",
     "alias", "expand", "dropout", "t", "to", "_to_copy", "lift_fresh", "empty", "zeros", "ones", "arange")
)  # fmt: skip
RIDING = frozenset(("normalisation", "activation"))
NORMALISED = frozenset(("convolution", "linear", "activation"))  # what a normalisation rides on
NUMBERED_PATHS = 3  # equal paths from so many on are one box with a number


@dataclass(frozen=True, slots=True)
class Node:
    """One box: the rows that it stands for, the first of them that names it, and how often it stands there.

    `riders` are the rows of normalisations and activations that ride on it, `riders_before` those before its main row.
    `module` is the path of a folded module, None for a single row. `times` boxes follow each other, `paths` stand side
    by side. `inside` are the boxes that a folded module hides.
    """

    rows: tuple[int, ...]
    main: int
    riders_before: tuple[int, ...] = ()
    riders: tuple[int, ...] = ()
    module: str | None = None
    times: int = 1
    paths: int = 1
    inside: int = 1


class Graph:
    """Boxes by key in the order of execution; for each the keys of the boxes that it reads, and of those that read it.

    The steps below change it in place: a network of a thousand layers has thousands of boxes to merge.
    """

    def __init__(self, layers: Sequence[Layer], nodes: dict[int, Node], reads: Mapping[int, Iterable[int]]) -> None:
        self.layers = layers
        self.nodes = nodes
        self.reads = {key: dict.fromkeys(reads[key]) for key in nodes}  # dictionaries are the sets that keep an order
        self.readers: dict[int, dict[int, None]] = {key: {} for key in nodes}
        for key, sources in self.reads.items():
            for source in sources:
                self.readers[source][key] = None

    def layer(self, key: int) -> Layer:
        """Return the row that names a box."""
        return self.layers[self.nodes[key].main]

    def source(self, key: int) -> int | None:
        """Return the one box that a box reads, None where it reads several or none."""
        return next(iter(self.reads[key])) if len(self.reads[key]) == 1 else None

    def reader(self, key: int) -> int | None:
        """Return the one box that reads a box, None where several or none do."""
        return next(iter(self.readers[key])) if len(self.readers[key]) == 1 else None

    def merge(self, into: int, others: Iterable[int], node: Node) -> None:
        """Make one box of several; edges among them vanish."""
        gone = [key for key in others if key != into]
        whole = {into, *gone}
        for mine, theirs in ((self.reads, self.readers), (self.readers, self.reads)):
            joined = dict.fromkeys(end for key in (*gone, into) for end in mine[key] if end not in whole)
            for end in joined:
                theirs[end] = dict.fromkeys(into if key in whole else key for key in theirs[end])
            mine[into] = joined
        self._forget(gone)
        self.nodes[into] = node

    def bypass(self, key: int) -> None:
        """Leave a box out that reads at most one; who reads it reads what it reads."""
        source = self.source(key)
        for reader in self.readers[key]:
            ends = (source if end == key else end for end in self.reads[reader])
            self.reads[reader] = dict.fromkeys(end for end in ends if end is not None)
        if source is not None:
            others = (end for each in self.readers[source] for end in (self.readers[key] if each == key else (each,)))
            self.readers[source] = dict.fromkeys(others)
        self._forget([key])

    def _forget(self, keys: Iterable[int]) -> None:
        for key in keys:
            del self.nodes[key], self.reads[key], self.readers[key]

    def sort(self) -> None:
        """Put the boxes into the order in which their first rows ran."""
        self.nodes = dict(sorted(self.nodes.items(), key=lambda item: item[1].rows[0]))


def build_graph(report: Report) -> Graph:
    """Return a graph with one box for each row that ran; what a reader does not miss is left out."""
    layers = report.layers
    nodes = {i: Node(rows=(i,), main=i) for i, layer in enumerate(layers) if layer.call is not None}
    graph = Graph(layers, nodes, {i: [read for read in layers[i].reads if read in nodes] for i in nodes})
    for key in list(graph.nodes):
        if len(graph.reads[key]) <= 1 and _is_silent(graph.layer(key)):
            graph.bypass(key)
    for key in reversed(list(graph.nodes)):  # what is connected with nothing: the making of constants, mostly
        alone = not graph.readers[key] and not graph.reads[key] and not graph.layer(key).params
        if alone and len(graph.nodes) > 1:
            graph.bypass(key)
    return graph


def _is_silent(layer: Layer) -> bool:
    names = {name.rpartition(".")[2].rstrip("_") for name in layer.operators}
    return not layer.is_input and not layer.params and names <= SILENT


def ride(graph: Graph) -> None:
    """Put normalisations and activations onto the boxes that they belong to."""
    for key in list(graph.nodes):
        source = graph.source(key)
        if graph.layer(key).role not in RIDING or source is None or graph.reader(source) != key:
            continue
        on = graph.layer(source)
        if not on.is_input and (graph.layer(key).role == "activation" or on.role in NORMALISED):
            node, rider = graph.nodes[source], graph.nodes[key]
            riders = (*node.riders, rider.main, *rider.riders)
            graph.merge(source, [key], replace(node, rows=(*node.rows, *rider.rows), riders=riders))
    for key in reversed(list(graph.nodes)):  # what could not ride on the box before it, as in a pre-activation unit
        reader = graph.reader(key)
        if graph.layer(key).role not in RIDING or reader is None:
            continue
        if graph.source(reader) == key and graph.layer(reader).role not in RIDING and graph.reads[key]:
            node, rider = graph.nodes[reader], graph.nodes[key]
            riders = (rider.main, *rider.riders, *node.riders_before)
            graph.merge(reader, [key], replace(node, rows=(*rider.rows, *node.rows), riders_before=riders))


def add_up_chains(graph: Graph) -> None:
    """Make one box of additions that do nothing but add to each other, and of concatenations likewise."""
    for key in list(graph.nodes):
        reader = graph.reader(key)
        kind = graph.layer(key).kind
        if reader is None or kind not in {"add", "cat"} or graph.layer(reader).kind != kind or graph.nodes[key].riders:
            continue
        node = graph.nodes[reader]
        graph.merge(reader, [key], replace(node, rows=(*graph.nodes[key].rows, *node.rows)))


def fold(graph: Graph, depth: int, *, below: str = "") -> None:
    """Make one box of each module that is `depth` levels below a module and holds more than one box."""
    level = depth + (below.count(".") + 1 if below else 0)
    runs: list[tuple[str, list[int]]] = []
    for key in graph.nodes:
        layer = graph.layer(key)
        path = layer.module if layer.name != layer.module else layer.module.rpartition(".")[0]
        parts = path.split(".") if path else []
        module = ".".join(parts[:level]) if len(parts) >= level else ""
        if runs and runs[-1][0] == module:
            runs[-1][1].append(key)
        else:
            runs.append((module, [key]))
    for module, keys in runs:
        if module and len(keys) > 1 and module != below and _is_convex(graph, keys):
            rows = tuple(row for key in keys for row in graph.nodes[key].rows)
            graph.merge(keys[-1], keys, Node(rows=rows, main=keys[-1], module=module, inside=len(keys)))
    graph.sort()


def _is_convex(graph: Graph, keys: Sequence[int]) -> bool:
    """Whether no path leaves the boxes and comes back: else the folded box would read itself."""
    inside, last = {*keys}, max(keys)
    pending = [reader for key in keys for reader in graph.readers[key] if reader not in inside]
    seen = {*pending}
    while pending:
        key = pending.pop()
        if graph.nodes[key].rows[0] > last:
            continue  # it ran after all of them
        for reader in graph.readers[key]:
            if reader in inside:
                return False
            if reader not in seen:
                seen.add(reader)
                pending.append(reader)
    return True


def sign(graph: Graph, key: int) -> tuple[object, ...]:
    """Return what two boxes have in common that cost and look the same."""
    node = graph.nodes[key]
    rows = [graph.layers[row] for row in sorted(node.rows)]
    return (
        tuple((layer.kind, layer.kernel, layer.stride, layer.groups, layer.inputs, layer.outputs) for layer in rows),
        sum(layer.params for layer in rows),
        node.times,
        node.paths,
    )


def count_repeats(graph: Graph) -> None:
    """Make one box of folded modules of the same cost that follow each other."""
    for key in list(graph.nodes):
        if key not in graph.nodes or graph.nodes[key].module is None:
            continue
        signature, chain = sign(graph, key), [key]
        while (reader := graph.reader(chain[-1])) is not None and graph.source(reader) == chain[-1]:
            if sign(graph, reader) != signature:
                break
            chain.append(reader)
        if len(chain) > 1:
            node = graph.nodes[key]
            rows = tuple(row for each in chain for row in graph.nodes[each].rows)
            graph.merge(key, chain, replace(node, rows=rows, times=len(chain)))


def count_paths(graph: Graph) -> None:
    """Make one path of equal ones that begin and end at the same boxes."""
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


def simplify(report: Report, depth: int | None, *, apart: bool = False, below: str = "") -> Graph:
    """Return the graph of a report as it is drawn.

    Args:
        report: a network that was walked.
        depth: levels of modules that are shown; None: every layer.
        apart: normalisations and activations have boxes of their own.
        below: only the inside of this module.
    """
    graph = build_graph(report)
    if below:
        graph = keep_inside(graph, below)
    if not apart:
        ride(graph)
    add_up_chains(graph)
    if depth is not None:
        fold(graph, depth, below=below)
    count_repeats(graph)
    count_paths(graph)
    return graph


def keep_inside(graph: Graph, module: str) -> Graph:
    """Return the boxes of one module, and the boxes outside that they read, which become its inputs."""
    inside = {
        key for key in graph.nodes
        if (path := graph.layer(key).module) == module or path.startswith(f"{module}.")
    }  # fmt: skip
    sources = {source for key in inside for source in graph.reads[key]} - inside
    nodes = {key: node for key, node in graph.nodes.items() if key in inside | sources}
    return Graph(graph.layers, nodes, {key: graph.reads[key] if key in inside else () for key in nodes})
