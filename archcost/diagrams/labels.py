"""The texts of boxes and edges, in the words of hand-drawn diagrams."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from archcost import units
from archcost.diagrams.graph import find_operator, is_shuffle

if TYPE_CHECKING:
    from archcost.diagrams.graph import Graph, Node
    from archcost.records import Layer, Report

NAMES = {  # by the only operator of a row
    "cat": "concat", "add": "+", "sub": "-", "mul": "x", "mean": "mean", "matmul": "product", "bmm": "product",
    "relu": "ReLU", "gelu": "GELU", "silu": "SiLU", "softmax": "softmax",
}  # fmt: skip
NORMS = {  # by a part of an operator's name
    "instance_norm": "IN", "batch_norm": "BN", "layer_norm": "LN", "group_norm": "GN", "avg_pool": "LRN",
}  # fmt: skip
UNSAID = frozenset(("Sequential", "ModuleList", "ModuleDict", "Module", ""))  # classes whose names say nothing
COMMON = 3  # from this number of convolutions on, common riders are named once
POOLS = {"max": "max pool", "avg": "average pool", "mean": "average pool"}


def find_common_riders(graph: Graph) -> tuple[str, ...]:
    """Return the riders of every convolution of a drawing, such as "BN" and "ReLU", which the note names once."""
    convolutions = [
        node for key, node in graph.nodes.items()
        if node.module is None and not node.outside and graph.layer(key).role == "convolution"
    ]  # fmt: skip
    riders = {tuple(name_row(graph.layers[row]) for row in node.riders) for node in convolutions}
    alike = len(riders) == 1 and not any(node.riders_before for node in convolutions)
    return riders.pop() if alike and len(convolutions) >= COMMON else ()


def name_node(graph: Graph, key: int, report: Report, common: tuple[str, ...] = ()) -> str:
    """Return the text of a box: "3x3 conv, 192, /2 + BN + ReLU", or a folded module's name and kind.

    Riders that are `common` to all convolutions are left out.
    """
    node = graph.nodes[key]
    if node.outside:
        return _name_input(graph, key)
    if node.module is not None:
        text = _name_module(graph, node, report)
    else:
        riders = () if common and graph.layer(key).role == "convolution" else node.riders
        parts = [*node.riders_before, node.main, *riders]
        text = " + ".join(name_row(graph.layers[row], node.of) for row in parts)
        text = text.replace("+ + ", "+ ") if text.startswith("+ ") else text
    if node.paths > 1:
        text = f"{node.paths} x ({text})" if " + " in text else f"{node.paths} x {text}"
    text = f"{text} (shared)" if graph.is_shared(key) else text
    return f"{text}  x {node.times}" if node.times > 1 else text


def break_name(text: str, letters: int) -> tuple[str, ...]:
    """Return a name in lines of about this many letters; a sign stays with what it belongs to."""
    lines = [""]
    for part in re.split(r"(?<= )(?=\+ |x \d)|(?<=[,:] )|(?<=[a-z]{2} )(?=[A-Z\d])", text):
        if lines[-1] and len(lines[-1] + part.rstrip()) > letters:
            lines.append("")
        lines[-1] += part
    return tuple(line.strip() for line in lines)


def _name_input(graph: Graph, key: int) -> str:
    """Return the name of an input of the drawn module, with its source if the module has several inputs."""
    if sum(node.outside for node in graph.nodes.values()) == 1:
        return "input"
    layer = graph.layer(key)
    return "input" if layer.is_input else f"input: {layer.module or layer.name}"


def _name_module(graph: Graph, node: Node, report: Report) -> str:
    path = node.module or ""
    shown = path.removeprefix(f"{graph.below}.")
    last = path.rpartition(".")[2]
    kind = report.modules.get(path, "")
    if kind in UNSAID:
        return shown
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z][a-z]{2})|(?<=[a-z])(?=[A-Z]$)", " ", kind)
    window = _find_window(graph, node)
    words = words if window in words else f"{words} {window}"
    if last.isdecimal() and node.times > 1:
        shown = shown.rpartition(".")[0]
    return f"{shown}: {words}" if shown else words


def _find_window(graph: Graph, node: Node) -> str:
    """Return the window of a chain whose convolutions larger than 1x1 have the same one; "" for other modules."""
    rows = [graph.layers[row] for row in node.rows]
    windows = {row.kernel for row in rows if row.role == "convolution" and row.kernel and max(row.kernel) > 1}
    chain = all(len(row.reads) <= 1 for row in rows)
    return units.shape(windows.pop() or ()) if chain and len(windows) == 1 else ""


def name_row(layer: Layer, of: int = 1) -> str:
    """Return the name of a layer, or of one of its columns: "3x3 conv, 192, /2", "max pool 3x3, /2", "concat"."""
    if layer.is_input or is_shuffle(layer):
        return layer.name if layer.is_input else "channel shuffle"
    if layer.kernel is not None:
        return _name_window(layer, of)
    if layer.role == "pooling" and layer.outputs:
        return _name_pool(layer)
    if layer.role == "linear" and layer.params and layer.outputs:
        return f"fc {units.number(layer.outputs[0][-1] // of)}"
    return _name_normalisation(layer) if layer.role == "normalisation" else _name_operator(layer)


def _name_operator(layer: Layer) -> str:
    operator = find_operator(layer)
    if operator.startswith("upsample"):
        return f"upsampling{_spell_growth(layer)}"
    own = layer.role != "attention" or layer.params
    return NAMES.get(operator, layer.kind) if own else "attention"


def _name_normalisation(layer: Layer) -> str:
    operators = " ".join(layer.operators)
    short = next((text for sign, text in NORMS.items() if sign in operators), layer.kind)
    return "IN" if short == "BN" and "view" in operators else short  # torch reshapes images to normalise each alone


def _spell_growth(layer: Layer) -> str:
    """Return the factors by which a row enlarges an image, such as ", x2"; "" if they are not whole numbers."""
    before, after = (shapes[0][2:] if shapes else () for shapes in (layer.inputs, layer.outputs))
    pairs = [*zip(after, before, strict=False)]
    whole = pairs and all(least and most % least == 0 for most, least in pairs)
    return _spell_stride(tuple(most // least for most, least in pairs), "x") if whole else ""


def _name_window(layer: Layer, of: int) -> str:
    window = units.shape(layer.kernel or ())
    stride = layer.stride or ()
    steps = "" if all(step == 1 for step in stride) else _spell_stride(stride, "x" if layer.transposed else "/")
    if layer.role != "convolution":
        return f"{find_pool(layer)} {window}{steps}"
    width = layer.outputs[0][1] // of if layer.outputs else 0
    groups = layer.groups or 1
    groups = groups // of if groups % of == 0 else groups
    if groups > 1 and layer.inputs and groups * of == layer.inputs[0][1]:
        return f"{window} depthwise conv, {units.number(width)}{steps}"
    name = f"{window} {'up-conv' if layer.transposed else 'conv'}, {units.number(width)}{steps}"
    return f"{name}, {groups} groups" if groups > 1 else name


def _spell_stride(stride: tuple[int, ...], sign: str) -> str:
    return f", {sign}{stride[0]}" if len({*stride}) == 1 else f", {sign}{units.shape(stride)}"


def find_pool(layer: Layer) -> str:
    """Return the kind of a pool: "max pool", "average pool", or its class."""
    names = " ".join(layer.operators)
    return next((text for sign, text in POOLS.items() if sign in names), layer.kind)


def _name_pool(layer: Layer) -> str:
    pool = find_pool(layer)
    spatial = layer.outputs[0][2:]
    return f"global {pool}" if all(size == 1 for size in spatial) else f"{pool} to {units.shape(spatial)}"


def spell_shape(graph: Graph, key: int) -> str:
    """Return the shape of a box's result without the batch, "64x56x56", or of its parts, "2 x 32x56x56"."""
    layer = graph.layers[max(graph.nodes[key].rows)]
    if not layer.outputs or len(layer.outputs[0]) <= 1:
        return ""
    _, channels, *spatial = layer.outputs[0]
    if is_shuffle(layer):
        groups, *spatial = spatial
        channels *= groups
    parts = _count_parts(graph, key, (channels, *spatial))
    shape = units.shape((channels // graph.nodes[key].of // parts, *spatial))
    return f"{parts} x {shape}" if parts > 1 else shape


def _count_parts(graph: Graph, key: int, shape: tuple[int, ...]) -> int:
    """Return into how many equal parts a split divides the channels of a result before others read it."""
    found = set()
    for reader in graph.readers[key]:
        for row in (graph.layers[row] for row in graph.nodes[reader].rows):
            if len(row.inputs) == len(row.reads):
                pairs = zip(row.reads, row.inputs, strict=True)
                found |= {read for source, read in pairs if source in graph.nodes[key].rows}
    parts = {divmod(shape[0], read[1]) for read in found if len(read) > 1 and read[2:] == shape[1:]}
    count, rest = parts.pop() if len(parts) == len(found) == 1 else (1, 0)
    return count if not rest else 1
