"""Networks of timm, by default without weights."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from archcost.sources.inputs import InputSpec
from archcost.sources.libraries import build_by_name, build_unknown, import_library
from archcost.sources.network import Network
from archcost.sources.network_inputs import DEFAULT_INPUT
from archcost.sources.source import Source

if TYPE_CHECKING:
    from collections.abc import Sequence

    from archcost.sources.spec import Spec


class _Timm(Source):
    name = "timm"
    form = "timm:NAME"
    prefix = "timm:"
    about = "a network of timm"
    example = "timm:resnet50?num_classes=10"
    install = "timm"

    def find(self, spec: Spec) -> Network:
        """Return a network with the input size of its default configuration."""
        timm = import_library("timm")
        if not timm.is_model(spec.target.partition(".")[0]):
            raise build_unknown(spec, timm.list_models())
        config: Any = timm.get_pretrained_cfg(spec.target)
        shape = tuple(config.input_size) if config is not None else DEFAULT_INPUT.shape
        arguments = {"pretrained": False, **spec.arguments}
        if isinstance(arguments.get("in_chans"), int):
            shape = (arguments["in_chans"], *shape[1:])
        return Network(
            spec=spec.text,
            name=spec.target,
            build=lambda: build_by_name(timm.create_model, spec, arguments),
            inputs=(InputSpec(shape=(shape[0], *spec.size) if spec.size else shape),),
        )

    def names(self) -> Sequence[str]:
        """Return all names of timm, without the tags of weights."""
        return [f"timm:{name}" for name in import_library("timm").list_models()]


SOURCE = _Timm()
