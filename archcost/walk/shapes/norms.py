"""Shape rules of normalisation and softmax."""

from __future__ import annotations

from typing import Any

import torch

from archcost.walk.shapes.results import (
    FULL_PRECISION,
    IMAGES,
    as_on_cpu,
    channels_are_last,
    floating,
    new,
    new_image,
    normalised,
    plain,
    usual,
)


def batch_norm(
    image: torch.Tensor,
    weight: torch.Tensor | None,
    bias: torch.Tensor | None,
    mean: torch.Tensor | None,
    variance: torch.Tensor | None,
    training: bool,
    momentum: float,
    eps: float,
) -> Any:
    """Return the image, contiguous or channels-last, and the statistics that training saves.

    In eval mode torch's CPU and CUDA kernels save nothing, although its meta kernel returns statistics.
    """
    del momentum, eps
    dtype, each = image.dtype, image.shape[1:2]
    if not each or dtype not in FULL_PRECISION:
        return NotImplemented
    if not training and (mean is None or variance is None):
        return NotImplemented
    for tensor in (weight, bias, mean, variance):
        if tensor is not None and (tensor.shape != each or tensor.dtype != dtype):
            return NotImplemented
    result = normalised(image)
    if training:
        return result, new(each, image), new(each, image)
    nothing = new((0,), image)
    return result, nothing, nothing


def layer_norm(
    image: torch.Tensor,
    normalized_shape: list[int],
    weight: torch.Tensor | None,
    bias: torch.Tensor | None,
    eps: float,
) -> Any:
    """Return the image, always contiguous, and its statistics."""
    del eps
    kept = image.dim() - len(normalized_shape)
    shape = tuple(normalized_shape)
    if (
        not floating(image, weight, bias)
        or image.dtype not in FULL_PRECISION
        or kept < 1
        or (image.is_contiguous() and not usual(image))
        or image.shape[kept:] != shape
        or any(tensor is not None and tensor.shape != shape for tensor in (weight, bias))
    ):
        return NotImplemented
    statistics = (*image.shape[:kept], *(1,) * len(shape))
    return new(image.shape, image), new(statistics, image), new(statistics, image)


def group_norm(
    image: torch.Tensor,
    weight: torch.Tensor | None,
    bias: torch.Tensor | None,
    n: int,
    channels: int,
    places: int,
    groups: int,
    eps: float,
) -> Any:
    """Return the image and the statistics of its groups.

    On the CPU a channels-last image stays channels-last; since 2.14 torch's own meta kernel makes it contiguous.
    """
    if as_on_cpu.get() and image.dim() >= IMAGES and not image.is_contiguous() and channels_are_last(image):
        own = torch.ops.aten.native_group_norm.default
        _, *statistics = own(image, weight, bias, n, channels, places, groups, eps)
        return new_image(image.shape, image), *statistics
    if not plain(image, weight, bias) or image.dtype not in FULL_PRECISION or not image.numel():
        return NotImplemented
    return new(image.shape, image), new((n, groups), image), new((n, groups), image)


def softmax(scores: torch.Tensor, dim: int, half_to_float: bool = False) -> Any:
    """Return the probabilities, always contiguous."""
    if half_to_float or not scores.dtype.is_floating_point or not -scores.dim() <= dim < scores.dim():
        return NotImplemented
    return new(scores.shape, scores)


def safe_softmax(scores: torch.Tensor, dim: int, dtype: Any = None) -> Any:
    """Return the result of softmax, in the form that masked attention uses on the meta device."""
    return NotImplemented if dtype is not None else softmax(scores, dim)
