"""Handwritten reports, small enough to check by eye."""

from __future__ import annotations

from collections import Counter
from dataclasses import fields
from typing import TYPE_CHECKING, Any

from archcost.metrics import SUMS
from archcost.records import InputInfo, Layer, NetworkInfo, OperatorCosts, Report, Totals

if TYPE_CHECKING:
    from collections.abc import Sequence


def layer(name: str, kind: str, output: tuple[int, ...], *reads: int, **rest: Any) -> Layer:
    """Return a row that outputs one fresh float32 tensor, unless `kept` is False."""
    elements = 1
    for size in output:
        elements *= size
    kept = rest.pop("kept", True)
    known = {
        "call": 0,
        "module": name,
        "inputs": (),
        "outputs": (output,),
        "role": "other",
        "reads": reads,
        "output_elements": elements,
        "output_bytes": 4 * elements,
        "activation_elements": elements if kept else 0,
        "activation_bytes": 4 * elements if kept else 0,
        "read_bytes": 4 * elements,
        "written_bytes": 4 * elements,
    }
    return Layer(name=name, kind=kind, **{**known, **rest})


def weighted(name: str, kind: str, inputs: tuple[int, ...], output: tuple[int, ...], *reads: int, **rest: Any) -> Layer:
    """Return a convolution or linear layer, with weights counted from its shapes."""
    kernel = rest.get("kernel")
    if kernel is None:
        weights = inputs[-1] * output[-1]
        operators, role = ("aten.t", "aten.addmm"), "linear"
    else:
        weights = kernel[0] * kernel[1] * inputs[1] // rest.get("groups", 1) * output[1]
        operators, role = ("aten.convolution",), "convolution"
        rest = {"stride": (1, 1), "groups": 1, "transposed": False, **rest}
    biases = output[1]
    places = 1
    for size in output[2:]:
        places *= size
    return layer(
        name,
        kind,
        output,
        *reads,
        inputs=(inputs,),
        operators=operators,
        role=role,
        weights=weights,
        params=weights + biases,
        trainable_params=weights + biases,
        param_bytes=4 * (weights + biases),
        macs=weights * places,
        macts=biases * places,
        **rest,
    )


def totals(**known: Any) -> Totals:
    """Return totals of zero, except for the given ones."""
    needed = dict.fromkeys((field.name for field in fields(Totals) if field.type == "int"), 0)
    unknown = dict.fromkeys(field.name for field in fields(Totals) if field.name not in needed)
    return Totals(**{**needed, **unknown, **known})


def report(
    name: str, rows: Sequence[Layer], *, modules: dict[str, str], notes: tuple[str, ...] = (), **rest: Any
) -> Report:
    """Return a report whose totals are the sums of its rows."""
    sums = {each: sum(known) for each in SUMS if None not in (known := [getattr(row, each) for row in rows])}
    whole = totals(
        depth=max(row.depth for row in rows),
        receptive_field=rows[-1].receptive_field,
        layers=len(rows),
        **sums,
        **rest.pop("totals", {}),
    )
    info = InputInfo(shape=rows[0].outputs[0], dtype="float32")
    known = {"uncovered": {}, "uncalled": (), "operators": _operators(rows, rest.get("uncovered", {}))}
    return Report(
        network=NetworkInfo(spec=name.lower(), name=name, mode="eval", inputs=(info,), notes=notes),
        totals=whole,
        layers=tuple(rows),
        modules=modules,
        environment={"device": "meta"},
        **{**known, **rest},
    )


def _operators(rows: Sequence[Layer], uncovered: dict[str, int]) -> dict[str, OperatorCosts]:
    calls = Counter(name for row in rows for name in row.operators)
    found = {}
    for name, count in sorted(calls.items()):
        work = [row for row in rows if row.operators[-1:] == (name,)]
        found[name] = OperatorCosts(
            calls=count,
            macs=sum(row.macs for row in work),
            other_ops=sum(row.other_ops for row in work),
            covered=name not in uncovered,
            why="another view of the same data" if name == "aten.t" else None,
        )
    return found


def branched() -> Report:
    """Return a residual block, a ReLU used twice, an operator without a rule, an uncalled module, and two outputs."""
    wide = (1, 8, 16, 16)
    relu = {"role": "activation", "operators": ("aten.relu",), "other_ops": 2048, "depth": 1, "receptive_field": (3, 3)}
    rows = [
        layer("input", "Input", (1, 3, 16, 16), module=""),
        weighted(
            "stem", "Conv2d", (1, 3, 16, 16), wide, 0, kernel=(3, 3), depth=1, receptive_field=(3, 3), jump=(1.0, 1.0)
        ),
        layer("relu", "ReLU", wide, 1, inputs=(wide,), **relu),
        weighted(
            "blocks.0.conv", "Conv2d", wide, wide, 2,
            kernel=(3, 1), groups=8, depth=2, receptive_field=(5, 3), jump=(1.0, 1.0),
        ),
        layer("blocks.0.add", "add", wide, 2, 3, module="blocks.0", role="elementwise", operators=("aten.add",),
              other_ops=2048, depth=2, receptive_field=(5, 3)),
        weighted("blocks.1.conv", "Conv2d", wide, wide, 4, kernel=(1, 1), depth=3, receptive_field=(5, 3)),
        layer("blocks.1.myop", "myop", wide, 5, module="blocks.1", operators=("mylib.myop",), depth=3),
        layer("relu", "ReLU", wide, 6, call=1, kept=False, **{**relu, "depth": 3, "receptive_field": None}),
        layer("lstm", "LSTM", (1, 16, 8), 7, role="recurrent", outputs=((1, 16, 8), (1, 1, 8), (1, 1, 8)), depth=3),
        weighted("a_head_with_a_name_that_is_longer_than_any_column", "Linear", (1, 8), (1, 10), 8, depth=4,
                 receptive_field=("all", "all")),
        layer("unused", "Linear", (), call=None, outputs=(), kept=False, read_bytes=0, written_bytes=0,
              params=20, trainable_params=20, param_bytes=80, weights=16),
    ]  # fmt: skip
    modules = {"": "Net", "blocks": "Sequential", "blocks.0": "Block", "blocks.1": "Block"}
    modules |= {row.module: row.kind for row in rows if row.module == row.name}
    return report(
        "Branched",
        rows,
        modules=modules,
        uncovered={"mylib.myop": 1},
        uncalled=("unused",),
        warnings=("the attention mask was not looked at",),
    )


def chain() -> Report:
    """Return a lecture's chain: grouped convolution, normalisation, both kinds of ReLU, dropout, FC, one used twice."""
    rows = [
        layer("input", "Input", (1, 4, 8, 8), module=""),
        weighted("conv", "Conv2d", (1, 4, 8, 8), (1, 6, 8, 8), 0, kernel=(5, 5), groups=2, depth=1),
        layer("norm", "BatchNorm2d", (1, 6, 8, 8), 1, role="normalisation", params=12,
              operators=("aten.native_batch_norm",), depth=1),
        layer("relu", "ReLU", (1, 6, 8, 8), 2, role="activation", operators=("aten.relu",), depth=1),
        layer("pool", "MaxPool2d", (1, 6, 4, 4), 3, role="pooling", kernel=(2, 2),
              stride=(2, 2), operators=("aten.max_pool2d_with_indices",), depth=1),
        layer("flatten", "Flatten", (1, 96), 4, kept=False, role="movement", operators=("aten.view",), depth=1),
        weighted("fc1", "Linear", (1, 96), (1, 20), 5, depth=2),
        layer("relu2", "ReLU", (1, 20), 6, kept=False, role="activation", operators=("aten.relu_",), depth=2),
        layer("dropout", "Dropout", (1, 20), kept=False, depth=2),
        weighted("fc2", "Linear", (1, 20), (1, 20), 7, depth=3),
        layer("fc2", "Linear", (1, 20), 9, call=1, role="linear",
              operators=("aten.t", "aten.addmm"), macs=400, macts=20, depth=4),
        layer("sigmoid", "Sigmoid", (1, 20), 10, role="activation", operators=("aten.sigmoid",), depth=4),
    ]  # fmt: skip
    return report("Chain", rows, modules={"": "Sequential"} | {row.name: row.kind for row in rows[1:]})
