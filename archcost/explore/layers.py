"""The layers of a page that have settings: inputs, convolutions, pools, and linear layers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from archcost.diagrams.labels import find_pool

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from archcost.records import Layer, OpCall, ParamSpec, TensorSpec
    from archcost.rules.work import Slides

Settings = dict[str, Any]


class Layers:
    """The layers with settings, numbered; a weight or a pool that runs several times is one layer."""

    def __init__(self, rows: Sequence[Layer], params: Mapping[tuple[int, int], ParamSpec]) -> None:
        self.found: list[Settings] = []
        self._rows, self._params = rows, params
        self._numbers: dict[object, int] = {}
        self._keys: set[str] = set()

    def add_input(self, row: int, spec: TensorSpec) -> int:
        """Return the number of an input's layer."""
        _, *sizes = spec.shape or (1,)
        start = {"channels": sizes[0], "size": sizes[1:]} if sizes else {}
        return self._add(("input", row), self._rows[row].name, row, {"kind": "input", "start": start})

    def add_convolution(self, row: int, op: OpCall, window: Slides) -> int:
        """Return the number of a convolution's layer; a depthwise one has as many groups as its input has channels."""
        weight: TensorSpec = op.args["weight"]
        groups, channels = op.args["groups"], op.inputs[0].shape[1]
        filters = op.outputs[0].shape[1]
        depthwise = groups == channels > 1 and filters % groups == 0
        width = {"multiplier": filters // groups} if depthwise else {"filters": filters, "groups": groups}
        settings = {
            "kind": "convolution",
            "start": {**width, **_list_window(window)},
            "dilation": window.dilation,
            "transposed": window.transposed,
            "more": op.args.get("output_padding") or (0,) * len(window.kernel),
            "keeps": not window.transposed and _keeps_size(window),
        }
        return self._add(self._identify(weight), self._params[self._identify(weight)].module, row, settings)

    def add_pool(self, row: int, op: OpCall, window: Slides) -> int:
        """Return the number of a pool's layer."""
        layer = self._rows[row]
        leaf = layer.name == layer.module
        settings = {
            "kind": "pool",
            "start": _list_window(window),
            "dilation": window.dilation,
            "up": bool(op.args.get("ceil_mode")),
            "keeps": _keeps_size(window),
            "name": find_pool(layer),
        }
        return self._add(layer.name if leaf else (layer.name, layer.call), layer.name, row, settings)

    def add_linear(self, row: int, weight: TensorSpec) -> int:
        """Return the number of a linear layer."""
        settings = {"kind": "linear", "start": {"outputs": weight.shape[1]}}
        return self._add(self._identify(weight), self._params[self._identify(weight)].module, row, settings)

    def _add(self, identity: object, key: str, row: int, settings: Settings) -> int:
        if identity not in self._numbers:
            self._numbers[identity] = len(self.found)
            key = key or self._rows[row].kind  # of a network that is a single layer
            name, count = key, 1
            while key in self._keys:
                count += 1
                key = f"{name}.{count}"
            self._keys.add(key)
            self.found.append({"key": key, "row": row, **settings})
        return self._numbers[identity]

    def _identify(self, weight: TensorSpec) -> tuple[int, int]:
        return weight.storage, weight.offset


def mark_reductions(layers: Sequence[Settings], steps: Sequence[Mapping[str, Any]]) -> None:
    """Mark the 1x1 convolutions that give fewer channels to a convolution with a larger window."""
    feeds: dict[int, list[int]] = {}  # the numbers of the 1x1 convolutions whose values a step hands on
    for number, step in enumerate(steps):
        sources = [each for read in step["reads"] for each in feeds.get(read, ())]
        if step["kind"] == "point":
            feeds[number] = sources
        if step["kind"] != "convolution":
            continue
        layer = layers[step["layer"]]
        if max(layer["start"]["kernel"]) > 1:
            for each in sources:
                layers[each]["reduces"] = True
        elif layer["start"].get("filters", step["channels"]) < step["channels"]:
            feeds[number] = [step["layer"]]


def _list_window(window: Slides) -> Settings:
    return {
        "kernel": window.kernel,
        "stride": [int(step) for step in window.stride],
        "padding": [int(places) for places in window.padding],
    }


def _keeps_size(window: Slides) -> bool:
    """Whether the padding follows from an odd kernel, so that stride 1 would keep the size."""
    return all(
        kernel % 2 == 1 and 2 * padding == dilation * (kernel - 1)
        for kernel, padding, dilation in zip(window.kernel, window.padding, window.dilation, strict=True)
    )
