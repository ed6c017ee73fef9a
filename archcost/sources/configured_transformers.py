"""Inputs of networks of transformers, by their configuration: tokens, images, videos, sound."""

from __future__ import annotations

from math import isqrt
from typing import TYPE_CHECKING, Any

from archcost.sources.inputs import InputSpec
from archcost.sources.network_inputs import TOKENS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from torch import nn

PARTS = ("text_config", "vision_config", "audio_config", "encoder_config", "encoder", "decoder")  # nested parts
PLACES = ("image_token_id", "image_token_index", "audio_token_id", "audio_token_index")  # image and sound tokens
GRID = "spatial_shapes"  # the input of networks that take images as sequences of patches
SIDE = 224  # of an image, if the configuration gives no size
SAMPLES = 16_000  # a second of sound
FRAMES = 400  # four seconds of a spectrogram


def describe(
    module: nn.Module, parameters: Mapping[str, Any], size: tuple[int, int] | None, seq: int
) -> Iterator[InputSpec]:
    """Yield the inputs of a network; nothing if the kind of one is unknown."""
    config = module.config
    shapes: dict[str, Callable[[], tuple[int, ...] | None]] = {
        "input_ids": lambda: (_limit(config, seq),),
        "pixel_values": lambda: _patches(config) if GRID in parameters else _picture(config, size),
        "input_values": lambda: _sound(config),
        "input_features": lambda: _spectrogram(config),
        "past_values": lambda: _series(config),
        "decoder_input_ids": lambda: (_limit(config, seq),),
    }
    for name in _choose_names(module, config, parameters):
        shape = shapes[name]() if name in shapes else None
        if shape is None:
            return
        yield InputSpec(shape=shape, dtype="int64" if name.endswith("ids") else "float32", name=name)
    if GRID in parameters:
        yield from _describe_grid(config)


def _choose_names(module: nn.Module, config: Any, parameters: Mapping[str, Any]) -> list[str]:
    """Return the inputs that a forward needs: the main one, those of both towers, and the decoder's."""
    names = [str(getattr(module, "main_input_name", "input_ids"))]
    if not any(getattr(config, place, None) is not None for place in PLACES):
        if _read(config, "image_size", "vision_config") is not None and "pixel_values" in parameters:
            names += ["input_ids", "pixel_values"]
        if getattr(config, "audio_config", None) is not None and "input_features" in parameters:
            names += ["input_ids", "input_features"]
    if getattr(config, "is_encoder_decoder", False):
        names.append("decoder_input_ids")
    return [name for name in dict.fromkeys(names) if name in parameters]


def _read(config: Any, *names: str) -> Any:
    """Return the first of several fields found in a configuration or in its parts."""
    parts = [part for name in PARTS if (part := getattr(config, name, None)) is not None and not isinstance(part, dict)]
    for each in (config, *parts):
        for name in names:
            value = getattr(each, name, None)
            if value is not None and not callable(value):
                return value
    return None


def _limit(config: Any, seq: int) -> int:
    most = _read(config, "max_position_embeddings", "max_target_positions")
    return min(seq, most) if seq == TOKENS and isinstance(most, int) and most > 0 else seq


def _picture(config: Any, size: tuple[int, int] | None) -> tuple[int, ...]:
    side = size or _read(config, "image_size", "input_size") or SIDE
    if isinstance(side, dict):
        side = (side.get("height", SIDE), side.get("width", SIDE))
    sides = tuple(side) if isinstance(side, list | tuple) else (side, side)
    channels = _read(config, "num_channels", "in_channels", "in_chans")
    channels = channels if isinstance(channels, int) else 3
    frames = getattr(config, "num_frames", None)
    return (*((frames,) if isinstance(frames, int) else ()), channels, *sides[-2:])


def _patches(config: Any) -> tuple[int, ...] | None:
    """Return the patches of an image in a sequence, and the numbers of each."""
    patches, side = _read(config, "num_patches"), _read(config, "patch_size")
    channels = _read(config, "num_channels")
    return (patches, channels * side**2) if isinstance(patches, int) else None


def _describe_grid(config: Any) -> Iterator[InputSpec]:
    """Yield which patches of a sequence belong to an image, and the rows and columns of patches: a square."""
    import torch

    patches = _read(config, "num_patches")
    square = torch.tensor([[isqrt(patches), isqrt(patches)]])
    yield InputSpec(shape=(patches,), dtype="int64", name="pixel_attention_mask")
    yield InputSpec(shape=(2,), dtype="int64", name=GRID, sample=square)


def _sound(config: Any) -> tuple[int, ...]:
    bins, length = getattr(config, "num_mel_bins", None), getattr(config, "max_length", None)
    if isinstance(bins, int) and isinstance(length, int):
        return (length, bins)
    channels = getattr(config, "audio_channels", None)  # a codec
    if isinstance(channels, int) or hasattr(config, "upsampling_ratios"):
        return (channels or 1, getattr(config, "sampling_rate", SAMPLES))
    return (SAMPLES,)


def _spectrogram(config: Any) -> tuple[int, ...] | None:
    features = _read(config, "input_feat_per_channel", "feature_projection_input_dim")
    if isinstance(features, int):
        return (FRAMES, features)
    bins, positions = _read(config, "num_mel_bins"), _read(config, "max_source_positions")
    if not isinstance(bins, int):
        return None
    return (bins, 2 * positions) if isinstance(positions, int) else (FRAMES, bins)


def _series(config: Any) -> tuple[int, ...] | None:
    length, channels = getattr(config, "context_length", None), getattr(config, "num_input_channels", None)
    return (length, channels) if isinstance(length, int) and isinstance(channels, int) else None
