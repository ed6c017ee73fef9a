"""The drawing of a page: the boxes of a network's rows and their arrangement; the page names and sizes the boxes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from archcost.diagrams.arrangement import Arranger
from archcost.diagrams.folding import add_up_chains, ride
from archcost.diagrams.graph import build_graph
from archcost.diagrams.page import write_part

if TYPE_CHECKING:
    from archcost.records import Report


def describe_picture(report: Report) -> dict[str, Any]:
    """Return the arrangement of the boxes, the lines among them, and the rows of each box.

    `named` are the rows in a box's name, `rows` all of its rows; the last one gives its shape.
    """
    graph = build_graph(report)
    ride(graph)
    add_up_chains(graph)
    boxes = {
        str(key): {
            "named": [*node.riders_before, node.main, *node.riders],
            "rows": sorted(node.rows),
            "shared": graph.is_shared(key),
        }
        for key, node in graph.nodes.items()
    }
    reads = {key: [*sources] for key, sources in graph.reads.items()}
    return {
        "tree": write_part(Arranger(reads).arrange_all(tuple(reads))),
        "lines": [[source, key] for key, sources in reads.items() for source in sources],
        "boxes": boxes,
    }
