"""Inputs of networks of diffusers, by their configuration: latents, a timestep, the embedding of a text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from archcost.sources.inputs import InputSpec

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from torch import nn

SIDE = 64  # of an image's latents, if the configuration gives no size
WORDS = 77  # tokens of CLIP's texts
LONG_WORDS = 512  # tokens of T5's texts
PATCHES = 4096  # of an image of 1024x1024
SIZED = 128  # the sample size at which PixArt takes the image size as an input
TIMES = 6  # numbers that describe an image's size and crop


def describe(
    module: nn.Module, parameters: Mapping[str, Any], size: tuple[int, int] | None, seq: int
) -> Iterator[InputSpec]:
    """Yield the inputs of a network; nothing if the configuration does not describe a required one."""
    del seq
    config = dict(module.config)  # type: ignore[arg-type]  # a frozen dictionary
    described = [(spec.path[0], spec) for spec in _describe_all(config, size)]
    named = [each for each in parameters.values() if each.kind is each.POSITIONAL_OR_KEYWORD]
    demanded = [each.name for each in named if each.default is each.empty]
    wanted = [*demanded, *(name for name in _list_conditions(config) if name in parameters)]
    if "img_ids" in parameters:
        wanted += ["encoder_hidden_states", "pooled_projections", "timestep", "img_ids", "txt_ids"]
    if set(wanted) & set(parameters) <= {name for name, _ in described}:
        yield from (spec for name, spec in described if name in wanted and name in parameters)


def _list_conditions(config: Mapping[str, Any]) -> Iterator[str]:
    """Yield the inputs that are optional in the forward but required by this configuration."""
    if config.get("cross_attention_dim") or config.get("joint_attention_dim") or config.get("caption_channels"):
        yield "encoder_hidden_states"
    if config.get("pooled_projection_dim"):
        yield "pooled_projections"
    if config.get("guidance_embeds"):
        yield "guidance"
    if config.get("num_embeds_ada_norm") and config.get("norm_type", "").startswith("ada_norm"):
        yield from ("timestep", "class_labels")
    if config.get("num_class_embeds"):
        yield "class_labels"
    if config.get("addition_embed_type") == "text_time":
        yield "added_cond_kwargs"
    if config.get("norm_type") == "ada_norm_single":
        yield "timestep"
        yield "added_cond_kwargs"
    if config.get("joint_attention_dim"):
        yield "timestep"


def _describe_all(config: Mapping[str, Any], size: tuple[int, int] | None) -> Iterator[InputSpec]:
    given = size or config.get("sample_size") or SIDE
    sides = tuple(given) if isinstance(given, list | tuple) else (given, given)
    channels = config.get("in_channels") or 3
    latents = InputSpec(shape=(channels, *sides), name="sample")
    yield latents
    yield InputSpec(shape=(channels, *sides), name="x")
    packed = "axes_dims_rope" in config  # patches in a sequence, with their positions
    yield InputSpec(shape=(PATCHES, channels) if packed else latents.shape, name="hidden_states")
    width = _first(config, "cross_attention_dim", "joint_attention_dim", "caption_channels")
    if config.get("caption_channels"):
        width = config["caption_channels"]
    if width:
        words = WORDS if config.get("cross_attention_dim") and not config.get("caption_channels") else LONG_WORDS
        yield InputSpec(shape=(words, width), name="encoder_hidden_states")
    if config.get("pooled_projection_dim"):
        yield InputSpec(shape=(config["pooled_projection_dim"],), name="pooled_projections")
    yield InputSpec(shape=(), dtype="int64", name="timestep")
    yield InputSpec(shape=(), dtype="int64", name="class_labels")
    if packed:
        axes = len(config["axes_dims_rope"])
        yield InputSpec(shape=(PATCHES, axes), exact=True, name="img_ids")
        yield InputSpec(shape=(LONG_WORDS, axes), exact=True, name="txt_ids")
    yield InputSpec(shape=(), name="guidance")
    yield InputSpec(shape=(3, *(8 * side for side in sides)), name="controlnet_cond")
    if config.get("addition_embed_type") == "text_time":
        taken = TIMES * (config.get("addition_time_embed_dim") or 0)
        text = config["projection_class_embeddings_input_dim"] - taken
        yield InputSpec(shape=(text,), name="added_cond_kwargs.text_embeds")
        yield InputSpec(shape=(TIMES,), name="added_cond_kwargs.time_ids")
    elif config.get("norm_type") == "ada_norm_single":
        asked = config.get("use_additional_conditions")
        sized = config.get("sample_size") == SIZED if asked is None else asked
        for name, numbers in (("resolution", 2), ("aspect_ratio", 1)):
            path = f"added_cond_kwargs.{name}"
            yield InputSpec(shape=(numbers,), name=path) if sized else InputSpec(value="none", dtype="", name=path)


def _first(config: Mapping[str, Any], *names: str) -> int | None:
    for name in names:
        value = config.get(name)
        if value:
            return int(value[0] if isinstance(value, list | tuple) else value)
    return None
