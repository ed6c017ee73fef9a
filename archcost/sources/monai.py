"""Networks of MONAI, for volumes by default."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

from archcost.sources.class_source import ClassSource
from archcost.sources.inputs import InputSpec

if TYPE_CHECKING:
    from collections.abc import Mapping

    from archcost.sources.spec import Spec

SIDE = 96  # side of a patch, as in MONAI's tutorials
USUAL: dict[str, Any] = {
    "spatial_dims": 3, "in_channels": 1, "out_channels": 2, "channels": (16, 32, 64, 128, 256),
    "strides": (2, 2, 2, 2), "img_size": (SIDE, SIDE, SIDE), "patch_size": (16, 16, 16), "num_classes": 2,
    "in_shape": (1, SIDE, SIDE, SIDE), "classes": 2, "model_name": "efficientnet-b0",
    "backbone": "efficientnet-b0", "latent_size": 64, "num_channel_initial": 16, "depth": 4,
    "input_image_size": (SIDE, SIDE, SIDE), "kernel_size": (3, 3, 3), "upsample_kernel_size": (2, 2),
}  # fmt: skip


class _Monai(ClassSource):
    name = "monai"
    form = "monai:CLASS"
    prefix = "monai:"
    about = "a network of MONAI, by default for volumes of 96x96x96"
    example = "monai:UNet?spatial_dims=2&channels=[16,32,64]&strides=[2,2]"
    install = "monai"
    modules = ("monai.networks.nets",)
    usual = USUAL

    def choose_arguments(self, target: Any, given: Mapping[str, Any]) -> dict[str, Any]:
        """Return values with the requested number of dimensions, and with strides that fit the channels."""
        chosen = super().choose_arguments(target, given)
        dims = given.get("spatial_dims", USUAL["spatial_dims"])
        for name in {"img_size", "patch_size", "input_image_size"} & set(chosen):
            chosen[name] = chosen[name][:dims]
        channels = given.get("channels")
        if isinstance(channels, list | tuple) and "strides" in chosen:
            chosen["strides"] = (2,) * (len(channels) - 1)
        return chosen

    def describe_inputs(self, target: Any, arguments: Mapping[str, Any], spec: Spec) -> tuple[InputSpec, ...]:
        """Return a volume or an image of the size that the network is built for."""
        defaults = {name: each.default for name, each in inspect.signature(target).parameters.items()}
        known = {**defaults, **arguments}
        if isinstance(known.get("in_shape"), list | tuple):
            return (InputSpec(shape=tuple(known["in_shape"])),)
        dims = known.get("spatial_dims", 3)
        dims = dims if isinstance(dims, int) else 3
        given = next((known[name] for name in ("img_size", "image_size", "input_image_size") if name in known), SIDE)
        sides = tuple(given) if isinstance(given, list | tuple) else (given,) * dims
        sides = spec.size or sides if dims == 2 or not spec.size else (*spec.size, spec.size[0])  # noqa: PLR2004 - a picture
        channels = known.get("in_channels", 1)
        return (InputSpec(shape=(channels if isinstance(channels, int) else 1, *sides)),)


SOURCE = _Monai()
