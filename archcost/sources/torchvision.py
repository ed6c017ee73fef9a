"""Networks of torchvision, by default without weights: classification, segmentation, detection, optical flow."""

from __future__ import annotations

import inspect
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from archcost.errors import UnknownNetworkError, closest
from archcost.sources.inputs import InputSpec
from archcost.sources.libraries import build_by_name, build_unknown, import_library
from archcost.sources.network import Network
from archcost.sources.network_inputs import DEFAULT_INPUT
from archcost.sources.source import Source

if TYPE_CHECKING:
    from collections.abc import Sequence

    from archcost.sources.spec import Spec

VIDEO_FRAMES = 16  # torchvision's video networks were trained on clips of 16
SEGMENTED, DETECTED, FOLLOWED = (520, 520), (800, 800), (360, 480)  # default height and width
BOXES = "[[0,0,16,16],[8,8,64,64]]"  # two objects in an image, for training a detector
JOINTS = 17  # of a person


class _Torchvision(Source):
    name = "torchvision"
    form = "torchvision:NAME"
    prefix = "torchvision:"
    about = "a network of torchvision: classification, video, segmentation, detection, optical flow"
    example = "torchvision:fasterrcnn_resnet50_fpn"
    install = "torchvision"
    aliases = ("tv",)

    def find(self, spec: Spec) -> Network:
        """Return a network of torchvision.models at the crop size of the requested or the default weights.

        "resnet50.IMAGENET1K_V2" names weights as in timm: they set the crop size and are not loaded.
        """
        models = import_library("torchvision.models")
        text, names = spec.target, models.list_models()
        name, _, tag = text.partition(".")
        spec = replace(spec, target=name)
        if name not in names:
            raise build_unknown(spec, names)
        _check_tag(spec, tag, models)
        arguments = {"weights": None, **spec.arguments}
        weights = getattr(models.get_model_weights(name), str(arguments["weights"] or tag or "DEFAULT"), None)
        crop = getattr(getattr(weights, "transforms", None), "keywords", {}).get("crop_size")
        side = spec.size or ((crop, crop) if isinstance(crop, int) else crop)
        if "weights_backbone" in inspect.signature(models.get_model_builder(spec.target)).parameters:
            arguments.setdefault("weights_backbone", None)
        if spec.target in {"googlenet", "inception_v3"}:
            arguments.setdefault("init_weights", False)
        if spec.target.startswith("vit_") and side is not None and not arguments["weights"]:
            arguments.setdefault("image_size", side[0])  # position embeddings fit one size; weights set theirs
        inputs, training_inputs = _describe_inputs(models, spec, side)
        return Network(
            spec=spec.text,
            name=text,
            build=lambda: build_by_name(models.get_model, spec, arguments),
            inputs=inputs,
            training_inputs=training_inputs,
        )

    def names(self) -> Sequence[str]:
        """Return the networks that classify images."""
        models = import_library("torchvision.models")
        return [f"torchvision:{name}" for name in models.list_models(module=models)]


def _check_tag(spec: Spec, tag: str, models: Any) -> None:
    known = [each.name for each in models.get_model_weights(spec.target)]
    if tag and tag not in known:
        hint = closest(tag, known, f"it has {', '.join(known)}")
        raise UnknownNetworkError(f"torchvision has no weights {tag!r} of {spec.target}; {hint}")


def _describe_inputs(models: Any, spec: Spec, side: Any) -> tuple[tuple[InputSpec, ...], tuple[InputSpec, ...]]:
    """Return the inputs of a network, and those of its training if they differ."""

    def has(kind: str) -> bool:
        return spec.target in models.list_models(module=getattr(models, kind))

    if has("detection"):
        height, width = spec.size or DETECTED
        images = InputSpec(shape=(3, height, width), name="images.each")
        return (images,), (images, *_describe_targets(spec, height, width))
    if has("segmentation"):
        return (InputSpec(shape=(3, *(spec.size or SEGMENTED))),), ()
    if has("optical_flow"):
        shape = (3, *(spec.size or FOLLOWED))
        return (InputSpec(shape=shape, name="image1"), InputSpec(shape=shape, name="image2")), ()
    frames = (VIDEO_FRAMES,) if has("video") else ()
    return (DEFAULT_INPUT if side is None else InputSpec(shape=(3, *frames, *side)),), ()


def _describe_targets(spec: Spec, height: int, width: int) -> tuple[InputSpec, ...]:
    """Return the targets of two objects in each image, as a detector of this kind needs them."""
    targets = [
        InputSpec(value=BOXES, dtype="float32", name="targets.each.boxes"),
        InputSpec(value="[1,1]", dtype="int64", name="targets.each.labels"),
    ]
    if spec.target.startswith("maskrcnn"):
        targets.append(InputSpec(shape=(2, height, width), dtype="uint8", name="targets.each.masks"))
    if spec.target.startswith("keypointrcnn"):
        targets.append(InputSpec(shape=(2, JOINTS, 3), name="targets.each.keypoints"))
    return tuple(targets)


SOURCE = _Torchvision()
