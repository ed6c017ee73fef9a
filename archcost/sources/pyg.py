"""Networks of torch_geometric, on a graph of Cora's size."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

from archcost.sources.class_source import ClassSource
from archcost.sources.inputs import InputSpec

if TYPE_CHECKING:
    from collections.abc import Mapping

    from archcost.sources.spec import Spec

NODES, EDGES, FEATURES, CLASSES = 2708, 10_556, 1433, 7  # of Cora, the papers' usual graph
ATOMS = 20  # of a molecule
KINDS = 2  # of relations
USUAL: dict[str, Any] = {
    "in_channels": FEATURES, "hidden_channels": 64, "num_layers": 2, "out_channels": CLASSES, "edge_dim": 8,
    "num_timesteps": 2, "num_nodes": NODES, "num_relations": KINDS,
}  # fmt: skip


class _Pyg(ClassSource):
    name = "pyg"
    form = "pyg:CLASS"
    prefix = "pyg:"
    about = "a network or a layer of torch_geometric, on a graph of Cora's size or a molecule of 20 atoms"
    example = "pyg:GCN?hidden_channels=64"
    install = "torch_geometric"
    aliases = ("torch_geometric", "pytorch_geometric", "geometric")
    modules = ("torch_geometric.nn.models", "torch_geometric.nn")
    usual = USUAL

    def describe_inputs(self, target: Any, arguments: Mapping[str, Any], spec: Spec) -> tuple[InputSpec, ...] | None:
        """Return a graph or a molecule; None if the forward takes anything else."""
        del spec
        molecule = "z" in inspect.signature(target.forward).parameters
        nodes, width = ATOMS if molecule else NODES, arguments.get("in_channels", FEATURES)
        shapes: dict[str, tuple[tuple[int, ...], str]] = {
            "x": ((nodes, width[0] if isinstance(width, list | tuple) else width), "float32"),
            "edge_index": ((2, EDGES), "int64"),
            "edge_attr": ((EDGES, arguments.get("edge_dim") or 1), "float32"),
            "edge_type": ((EDGES,), "int64"),
            "z": ((nodes,), "int64"),
            "pos": ((nodes, 3), "float32"),
            "batch": ((nodes,), "int64"),
        }
        _, *parameters = inspect.signature(target.forward).parameters.values()
        demanded = [
            each.name for each in parameters if each.default is each.empty and each.kind is not each.VAR_KEYWORD
        ]
        if arguments.get("num_relations"):
            demanded.append("edge_type")
        if not demanded or any(name not in shapes for name in demanded):
            return None
        return tuple(
            InputSpec(shape=shapes[name][0], dtype=shapes[name][1], name=name, exact=True) for name in demanded
        )


SOURCE = _Pyg()
