"""The texts of boxes and edges, in the words of hand-drawn diagrams."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from archcost import units
from archcost.diagrams.graph import is_shuffle

if TYPE_CHECKING:
    from archcost.diagrams.graph import Graph, Node
    from archcost.records import Layer, Report

NAMES = {
    "cat": "concat", "add": "+", "sub": "-", "mul": "x", "mean": "mean", "matmul": "product", "bmm": "product",
    "native_batch_norm": "BN", "native_layer_norm": "LN", "native_group_norm": "GN",
    "scaled_dot_product_attention": "attention",
    "upsample_bilinear2d": "upsampling", "upsample_nearest2d": "upsampling",
}  # fmt: skip
SHORT = {
    "BatchNorm": "BN", "LayerNorm": "LN", "GroupNorm": "GN", "InstanceNorm": "IN", "RMSNorm": "RMS",
    "LocalResponseNorm": "LRN",
}  # fmt: skip
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
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z][a-z]{2}|[A-Z]$)", " ", kind)
    if "conv" in kind.lower() and (window := _find_window(graph, node)):
        words = f"{words} {window}"
    if kind in {"Sequential", "ModuleList", "ModuleDict", "Module"} or not kind:
        return shown
    if last.isdecimal() and node.times > 1:
        shown = shown.rpartition(".")[0]
    return f"{shown}: {words}" if shown else words


def _find_window(graph: Graph, node: Node) -> str:
    """Return the common window of a module's convolutions larger than 1x1, if they have one."""
    kernels = {graph.layers[row].kernel for row in node.rows}
    windows = {kernel for kernel in kernels if kernel and max(kernel) > 1}
    return units.shape(windows.pop() or ()) if len(windows) == 1 else ""


def name_row(layer: Layer, of: int = 1) -> str:
    """Return the name of a layer, or of one of its columns: "3x3 conv, 192, /2", "max pool 3x3, /2", "concat"."""
    if layer.is_input:
        return layer.name
    if is_shuffle(layer):
        return "channel shuffle"
    if layer.kernel is not None:
        return _name_window(layer, of)
    if layer.role == "pooling" and layer.outputs:
        return _name_pool(layer)
    if layer.role == "linear" and layer.params and layer.outputs:
        return f"fc {units.number(layer.outputs[0][-1] // of)}"
    short = (name for long, name in SHORT.items() if layer.kind.startswith(long))
    return NAMES.get(layer.kind) or next(short, layer.kind)


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
    """Return the shape of a box's result without the batch: "64x56x56"."""
    layer = graph.layers[max(graph.nodes[key].rows)]
    if is_shuffle(layer):
        _, inside, groups, *spatial = layer.outputs[0]
        return units.shape((inside * groups, *spatial))
    if not layer.outputs or len(layer.outputs[0]) <= 1:
        return ""
    _, channels, *spatial = layer.outputs[0]
    return units.shape((channels // graph.nodes[key].of, *spatial))
