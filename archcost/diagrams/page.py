"""write_html(report): a network as a page whose modules fold and unfold.

The page receives the arrangement of each module's inside and computes the layout itself, because folding changes sizes.
"""

from __future__ import annotations

import json
from functools import cache
from typing import TYPE_CHECKING, Any

from archcost import units
from archcost.charts.blocks import spell_field
from archcost.diagrams.arrangement import Arranger, Row, Single, Stack
from archcost.diagrams.folding import add_up_chains, count_paths, count_repeats, fold, ride
from archcost.diagrams.graph import Graph, build_graph, check_module
from archcost.diagrams.labels import name_node, spell_shape
from archcost.diagrams.plan import QUANTITIES, find_cost, spell_cost
from archcost.metrics import METRICS
from archcost.page.html.document import join_scripts, read_page_file, write_file
from archcost.page.html.markup import escape_text
from archcost.page.names import clean_lines

if TYPE_CHECKING:
    from collections.abc import Sequence

    from archcost.diagrams.arrangement import Layers, Part, Place
    from archcost.records import Report

ENTRY, EXIT = -1, -2  # the places at which lines enter and leave a module
BODY = """<header>
<h1>{title}</h1>
<input type="search" id="search" placeholder="Search a layer" aria-label="Search a layer">
<span class="tools"><button type="button" id="closer" aria-label="Zoom in">+</button>
<button type="button" id="farther" aria-label="Zoom out">-</button>
<button type="button" id="whole">Whole</button>
<button type="button" id="unfold">Unfold all</button>
<button type="button" id="fold">Fold all</button></span>
<p>Click or Enter folds and unfolds; drag or arrows move; wheel, + and - zoom; 0 shows the whole; / searches.</p>
</header>
<main><svg id="picture" role="tree" aria-label="Diagram"></svg></main>
<footer id="facts" aria-live="polite"></footer>
<script type="application/json" id="data">{data}</script>"""


def write_html(report: Report, *, module: str = "", apart: bool = False, cost: str = "macs") -> str:
    """Return a network as one self-contained page.

    Args:
        report: the report of the network.
        module: the path of the module to show.
        apart: normalisations and activations have boxes of their own.
        cost: the cost that each box shows, one of `COSTS`.

    Raises:
        ArgumentError: the network has no such module.
    """
    check_module(report, module)
    title = clean_lines(f"{report.network.name}: {module}" if module else report.network.name)
    data = json.dumps(build_data(report, module=module, apart=apart, cost=cost), ensure_ascii=False)
    style, script = _read_resources()
    body = BODY.format(title=escape_text(title), data=data.replace("<", "\\u003c"))
    return write_file(escape_text(title), style, script, [body])


def build_data(report: Report, *, module: str = "", apart: bool = False, cost: str = "macs") -> dict[str, Any]:
    """Return the page's data: the box of the whole network, and in each module's box the boxes inside."""
    graph = build_graph(report)
    if not apart:
        ride(graph)
    add_up_chains(graph)
    builder = _Builder(report, graph, cost)
    inside = [key for key in graph.nodes if builder.lies_in(key, module)]
    return {"inside": builder.build_inside(inside, module, ports=bool(module))}


class _Builder:
    """Builds the boxes of modules within modules from one graph of all layers."""

    def __init__(self, report: Report, graph: Graph, cost: str) -> None:
        self.report, self.graph, self.cost = report, graph, cost
        self.largest = max((value for key in graph.nodes if isinstance(value := find_cost(graph, key, cost), float)),
                           default=0.0) or 1.0  # fmt: skip

    def lies_in(self, key: int, module: str) -> bool:
        path = self.graph.layer(key).module
        return not module or path == module or path.startswith(f"{module}.")

    def build_inside(self, keys: Sequence[int], module: str, *, ports: bool) -> dict[str, Any]:
        """Return the arrangement of a module's boxes, the boxes, and the lines among them."""
        part = {*keys}
        nodes = {key: self.graph.nodes[key] for key in keys}
        reads = {key: [source for source in self.graph.reads[key] if source in part] for key in keys}
        graph = Graph(self.graph.layers, nodes, reads, module, self.graph.shared)
        entered = [key for key in keys if any(source not in part for source in self.graph.reads[key])]
        left = [key for key in keys if any(reader not in part for reader in self.graph.readers[key])]
        fold(graph, 1, self.report.lists or (), below=module)
        count_repeats(graph)
        count_paths(graph)
        ends = {row: key for key, node in graph.nodes.items() for row in node.rows}
        reads = {key: list(graph.reads[key]) for key in graph.nodes}
        if ports:
            for key in dict.fromkeys(ends[key] for key in entered):
                reads[key].append(ENTRY)
            reads = {ENTRY: [], **reads, EXIT: list(dict.fromkeys(ends[key] for key in left))}
        return {
            "tree": write_part(Arranger(reads).arrange_all(tuple(reads))),
            "boxes": {str(key): self.build_box(graph, key, keys) for key in graph.nodes},
            "lines": [[source, key] for key, sources in reads.items() for source in sources],
        }

    def build_box(self, graph: Graph, key: int, keys: Sequence[int]) -> dict[str, Any]:
        node, value = graph.nodes[key], find_cost(graph, key, self.cost)
        box: dict[str, Any] = {
            "name": clean_lines(name_node(graph, key, self.report)),
            "path": clean_lines(node.module or graph.layer(key).name),
            "cost": spell_cost(value, self.cost),
            "share": round(min(value / self.largest, 1), 4) if isinstance(value, float) else 0,
            "shape": spell_shape(graph, key),
            "facts": self.list_facts(graph, key),
            "sheets": node.times > 1 or node.paths > 1,
        }
        if node.module is not None:
            rows = {*node.rows}
            inner = [each for each in keys if each in rows and self.lies_in(each, node.module)]
            first = inner[: len(inner) // node.times] if graph.is_shared(key) else inner
            box["inside"] = self.build_inside(first, node.module, ports=True)
        return box

    def list_facts(self, graph: Graph, key: int) -> list[list[str]]:
        """Return the facts that the page shows about a box, as pairs of label and figure."""
        rows = [graph.layers[row] for row in graph.nodes[key].rows]
        inputs = next((units.shape(row.inputs[0][1:]) for row in rows if row.inputs), "")
        sums = {name: sum(getattr(row, name) or 0 for row in rows) for name in QUANTITIES.values()}
        folded = graph.nodes[key].module
        kind = self.report.modules.get(folded, "") if folded is not None else graph.layer(key).kind
        facts = [["Kind", clean_lines(kind)], ["Input", inputs], ["Output", spell_shape(graph, key)]]
        facts += [
            [METRICS[name].label, f"{units.exact(value)} {METRICS[name].unit or ''}".strip()]
            for name, value in sums.items()
        ]
        field = graph.layers[max(graph.nodes[key].rows)].receptive_field
        facts += [["Receptive field", spell_field(field, self.graph.input_size)]]
        return [[label, text] for label, text in facts if text]


def write_part(part: Part) -> Any:
    """Return an arrangement in the page's form, in which a number is a box."""
    if isinstance(part, Single):
        return part.key
    if isinstance(part, Stack):
        return {"stack": [write_part(each) for each in part.parts]}
    if isinstance(part, Row):
        return {
            "row": [write_part(each) for each in part.parts],
            "passing": [list(ends) for ends in part.passing],
            "side": [write_part(each) for each in part.side],
        }
    return _write_layers(part)


def _write_layers(part: Layers) -> dict[str, Any]:
    at = {id(place): i for layer in part.layers for i, place in enumerate(layer)}

    def write_place(place: Place) -> dict[str, Any]:
        above = [at[id(each)] for each in place.above]
        return {"key": place.key, "lines": [list(ends) for ends in place.lines], "above": above}

    return {"layers": [[write_place(place) for place in layer] for layer in part.layers]}


@cache
def _read_resources() -> tuple[str, str]:
    page, boxes, layout, script = (
        read_page_file("archcost.diagrams", name) for name in ("page.css", "boxes.css", "layout.js", "page.js")
    )
    return page + boxes, join_scripts(layout, script)
