"""The graph of a diagram: a box for each row of a report that does more than move data, and the edges."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from archcost.errors import ArgumentError, closest

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from archcost.records import Layer, Report

# operators that change no value of a single tensor, which a reader does not miss
SILENT = frozenset(
    ("view", "_unsafe_view", "reshape", "flatten", "unflatten", "squeeze", "unsqueeze", "contiguous", "clone", "detach",
     "alias", "expand", "dropout", "t", "to", "_to_copy", "lift_fresh", "empty", "zeros", "ones", "arange")
)  # fmt: skip
SHUFFLED = 5  # axes: images, channels of a group, groups, rows, columns


@dataclass(frozen=True, slots=True)
class Node:
    """One box: its rows, the row that names it, and its number of repetitions.

    `riders` are joined rows of normalisations and activations, `riders_before` those before its main row. `module` is
    the path of a folded module, None for a single row. The box stands for `times` consecutive boxes and `paths`
    parallel ones. `inside` are the boxes that a folded module hides. A box `outside` of the drawn module is its input.
    The box may be one column `of` several that divide the channels.
    """

    rows: tuple[int, ...]
    main: int
    riders_before: tuple[int, ...] = ()
    riders: tuple[int, ...] = ()
    module: str | None = None
    times: int = 1
    paths: int = 1
    inside: int = 1
    outside: bool = False
    of: int = 1


class Graph:
    """Boxes by key in the order of execution, with the keys of the boxes that each reads and of its readers.

    The steps below mutate the graph, because a network of a thousand layers has thousands of boxes to merge.
    """

    def __init__(
        self,
        layers: Sequence[Layer],
        nodes: dict[int, Node],
        reads: Mapping[int, Iterable[int]],
        below: str = "",
        shared: Mapping[str, int] | None = None,
    ) -> None:
        self.layers = layers
        self.below = below
        self.shared = find_shared(layers) if shared is None else shared
        self.nodes = nodes
        self.reads = {key: dict.fromkeys(reads[key]) for key in nodes}  # dictionaries serve as ordered sets
        self.readers: dict[int, dict[int, None]] = {key: {} for key in nodes}
        for key, sources in self.reads.items():
            for source in sources:
                self.readers[source][key] = None

    def layer(self, key: int) -> Layer:
        """Return the row that names the box."""
        return self.layers[self.nodes[key].main]

    @property
    def input_size(self) -> tuple[int, ...]:
        """The spatial size of the network's first input."""
        return next((row.outputs[0][2:] for row in self.layers if row.is_input and row.outputs), ())

    def is_shared(self, key: int) -> bool:
        """Whether several calls use all parameters of the box."""
        owners = {self.layers[row].name for row in self.nodes[key].rows if self.layers[row].params}
        names = {self.layers[row].name for row in self.nodes[key].rows} & self.shared.keys()
        return bool(names) and owners <= names

    def source(self, key: int) -> int | None:
        """Return the only box that a box reads; None if it reads several boxes or no box."""
        return next(iter(self.reads[key])) if len(self.reads[key]) == 1 else None

    def reader(self, key: int) -> int | None:
        """Return the only reader of a box; None if it has several readers or no reader."""
        return next(iter(self.readers[key])) if len(self.readers[key]) == 1 else None

    def merge(self, into: int, others: Iterable[int], node: Node) -> None:
        """Merge several boxes into one; edges among them vanish."""
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
        """Remove a box that reads at most one box; its readers then read that box."""
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
        """Sort the boxes by the execution of their first rows."""
        self.nodes = dict(sorted(self.nodes.items(), key=lambda item: item[1].rows[0]))


def check_module(report: Report, module: str) -> None:
    """Refuse a module that a network does not have.

    Raises:
        ArgumentError: the network lacks the module; names similar paths.
    """
    if module not in report.modules:
        outermost = ", ".join(path for path in report.modules if path and "." not in path)
        hint = closest(module, report.modules, f"it has {outermost}" if outermost else "draw it whole")
        raise ArgumentError(f"{report.network.spec} has no module {module!r}; {hint}")


def find_shared(layers: Sequence[Layer]) -> dict[str, int]:
    """Return the parameters of layers with several calls, by name; only the first call counts them."""
    called: dict[str, list[int]] = {}
    for layer in layers:
        called.setdefault(layer.name, []).append(layer.params)
    return {name: sum(params) for name, params in called.items() if len(params) > 1 and any(params)}


def build_graph(report: Report) -> Graph:
    """Return a graph with one box for each executed row, without boxes that a reader does not miss."""
    layers = report.layers
    nodes = {i: Node(rows=(i,), main=i) for i, layer in enumerate(layers) if layer.call is not None}
    graph = Graph(layers, nodes, {i: [read for read in layers[i].reads if read in nodes] for i in nodes})
    for key in list(graph.nodes):
        if len(graph.reads[key]) <= 1 and _is_silent(graph.layer(key)):
            graph.bypass(key)
    for key in reversed(list(graph.nodes)):  # unconnected boxes, mostly the creation of constants
        alone = not graph.readers[key] and not graph.reads[key] and not graph.layer(key).params
        if alone and len(graph.nodes) > 1:
            graph.bypass(key)
    return graph


def find_parent(layer: Layer) -> str:
    """Return the path of the module around a row: a leaf module's parent, or the module that called an operator."""
    return layer.module.rpartition(".")[0] if layer.name == layer.module else layer.module


def find_operator(layer: Layer) -> str:
    """Return the operator of a row that runs only one, such as "add" for aten.add_; "" for all other rows."""
    return layer.operators[0].rpartition(".")[2].strip("_") if len(layer.operators) == 1 else ""


def is_shuffle(layer: Layer) -> bool:
    """Whether a row is a channel shuffle: a copy of images with their channel groups transposed."""
    return find_operator(layer) == "clone" and bool(layer.outputs) and len(layer.outputs[0]) == SHUFFLED


def _is_silent(layer: Layer) -> bool:
    names = {name.rpartition(".")[2].rstrip("_") for name in layer.operators}
    return not layer.is_input and not layer.params and names <= SILENT and not is_shuffle(layer)
