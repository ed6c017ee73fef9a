"""Networks of torchvision and timm, where they are installed; never with downloaded weights unless asked."""

from __future__ import annotations

import importlib
import inspect
from typing import TYPE_CHECKING, Any

from archcost.errors import ArgumentError, MissingPackageError, UnknownNetworkError, closest
from archcost.sources.inputs import InputSpec
from archcost.sources.network import DEFAULT_INPUT, Network

if TYPE_CHECKING:
    from archcost.sources.spec import Spec

VIDEO_FRAMES = 16  # torchvision's video networks were trained on clips of 16


def torchvision_network(spec: Spec) -> Network:
    """Return a network of torchvision.models, at the crop of the weights asked for, or else of its default ones.

    Raises:
        MissingPackageError: torchvision is not installed.
        UnknownNetworkError: it has no network of that name.
    """
    models = _import("torchvision.models")
    names = models.list_models()
    if spec.target not in names:
        raise _unknown(spec, names)
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
        build=lambda: _called(models.get_model, spec, arguments),
        inputs=(DEFAULT_INPUT if side is None else InputSpec(shape=(3, *frames, *side)),),
    )


def timm_network(spec: Spec) -> Network:
    """Return a network of timm, at the input size of its default configuration.

    Raises:
        MissingPackageError: timm is not installed.
        UnknownNetworkError: it has no network of that name.
    """
    timm = _import("timm")
    if not timm.is_model(spec.target.partition(".")[0]):
        raise _unknown(spec, timm.list_models())
    config: Any = timm.get_pretrained_cfg(spec.target)
    shape = tuple(config.input_size) if config is not None else DEFAULT_INPUT.shape
    arguments = {"pretrained": False, **spec.arguments}
    if isinstance(arguments.get("in_chans"), int):
        shape = (arguments["in_chans"], *shape[1:])
    return Network(
        spec=spec.text,
        name=spec.target,
        build=lambda: _called(timm.create_model, spec, arguments),
        inputs=(InputSpec(shape=(shape[0], *spec.size) if spec.size else shape),),
    )


def library_names(library: str) -> tuple[str, ...]:
    """Return the names of the classification networks of "timm" or "torchvision".

    Raises:
        MissingPackageError: it is not installed.
    """
    if library == "timm":
        return tuple(_import("timm").list_models())
    models = _import("torchvision.models")
    return tuple(models.list_models(module=models))


def _called(create: Any, spec: Spec, arguments: dict[str, Any]) -> Any:
    try:
        return create(spec.target, **arguments)
    except (TypeError, ValueError, KeyError, AttributeError) as error:
        raise ArgumentError(f"{spec.text!r} cannot be built: {type(error).__name__}: {error}") from error


def _unknown(spec: Spec, names: list[str]) -> UnknownNetworkError:
    hint = closest(spec.target, names, f"it has {len(names)} networks")
    return UnknownNetworkError(f"{spec.source} has no network {spec.target!r}; {hint}")


def _import(name: str) -> Any:
    package = name.partition(".")[0]
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] not in {"torchvision", "timm"}:
            raise
        missing = error.name.partition(".")[0]
        raise MissingPackageError(
            f"{package}: networks need {missing}, which is not installed; run `pip install {missing}`"
        ) from error
    except RuntimeError as error:
        if "torchvision::nms" not in str(error):
            raise
    _declare_torchvision_operators()
    return importlib.import_module(name)


def _declare_torchvision_operators() -> None:
    """Let torchvision be imported where its compiled extension does not fit this torch.

    Its metadata registers operators that only the extension declares; no classification network runs them.
    """
    import sys

    import torch

    for loaded in [name for name in sys.modules if name.partition(".")[0] in {"torchvision", "timm"}]:
        del sys.modules[loaded]
    library = torch.library.Library("torchvision", "DEF")  # type: ignore[no-untyped-call]
    for operator in ("nms", "qnms"):
        library.define(f"{operator}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")  # type: ignore[no-untyped-call]
    _LIBRARIES.append(library)


_LIBRARIES: list[Any] = []  # a library that is collected takes its operators along
