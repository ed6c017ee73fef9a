"""Networks of segmentation_models_pytorch, without weights."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from archcost.sources.class_source import ClassSource
from archcost.sources.inputs import InputSpec
from archcost.sources.libraries import import_library

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from archcost.sources.spec import Spec

SIDE = 224  # image size in the training of its encoders' weights


class _Smp(ClassSource):
    name = "smp"
    form = "smp:CLASS"
    prefix = "smp:"
    about = "a network of segmentation_models_pytorch"
    example = "smp:Unet?encoder_name=resnet34"
    install = "segmentation-models-pytorch"
    aliases = ("segmentation_models_pytorch",)
    modules = ("segmentation_models_pytorch",)

    def choose_arguments(self, target: Any, given: Mapping[str, Any]) -> dict[str, Any]:
        """Turn off the weights that the library fetches by default."""
        del target
        return {} if "encoder_weights" in given else {"encoder_weights": None}

    def describe_inputs(self, target: Any, arguments: Mapping[str, Any], spec: Spec) -> tuple[InputSpec, ...]:
        """Return an image."""
        del target
        return (InputSpec(shape=(arguments.get("in_channels", 3), *(spec.size or (SIDE, SIDE)))),)

    def names(self) -> Sequence[str]:
        """Return the library's architectures."""
        known = import_library(self.modules[0], self.install).MODEL_ARCHITECTURES_MAPPING
        return [f"smp:{each.__name__}" for each in known.values()]


SOURCE = _Smp()
