"""Networks of torchvision, without weights unless asked for."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING

from archcost.sources.inputs import InputSpec
from archcost.sources.libraries import build_by_name, build_unknown, import_library
from archcost.sources.network import DEFAULT_INPUT, Network
from archcost.sources.source import Source

if TYPE_CHECKING:
    from collections.abc import Sequence

    from archcost.sources.spec import Spec

VIDEO_FRAMES = 16  # torchvision's video networks were trained on clips of 16


class _Torchvision(Source):
    name = "torchvision"
    form = "torchvision:NAME"
    prefix = "torchvision:"
    about = "a network of torchvision: classification, video, segmentation, detection"
    example = "torchvision:fasterrcnn_resnet50_fpn"
    install = "torchvision"

    def find(self, spec: Spec) -> Network:
        """Return a network of torchvision.models, at the crop of the weights asked for, or else of its default ones."""
        models = import_library("torchvision.models")
        names = models.list_models()
        if spec.target not in names:
            raise build_unknown(spec, names)
        arguments = {"weights": None, **spec.arguments}
        weights = getattr(models.get_model_weights(spec.target), str(arguments["weights"] or "DEFAULT"), None)
        crop = getattr(getattr(weights, "transforms", None), "keywords", {}).get("crop_size")
        side = spec.size or ((crop, crop) if isinstance(crop, int) else crop)
        if "weights_backbone" in inspect.signature(models.get_model_builder(spec.target)).parameters:
            arguments.setdefault("weights_backbone", None)
        if spec.target in {"googlenet", "inception_v3"}:
            arguments.setdefault("init_weights", False)
        if spec.target.startswith("vit_") and side is not None and not arguments["weights"]:
            arguments.setdefault("image_size", side[0])  # its positions fit one size; loaded weights bring their own
        frames = (VIDEO_FRAMES,) if spec.target in models.list_models(module=models.video) else ()
        return Network(
            spec=spec.text,
            name=spec.target,
            build=lambda: build_by_name(models.get_model, spec, arguments),
            inputs=(DEFAULT_INPUT if side is None else InputSpec(shape=(3, *frames, *side)),),
        )

    def names(self) -> Sequence[str]:
        """Return those that classify images."""
        models = import_library("torchvision.models")
        return [f"torchvision:{name}" for name in models.list_models(module=models)]


SOURCE = _Torchvision()
