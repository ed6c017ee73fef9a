"""Shape rules of backward operators."""

from __future__ import annotations

from typing import Any

import torch
from torch._prims_common import suggest_memory_format

from archcost.walk.shapes.results import FULL_PRECISION, floating, new, normalised, plain


def convolution(
    gradient: torch.Tensor,
    image: torch.Tensor,
    weight: torch.Tensor,
    bias_sizes: list[int] | None,
    stride: list[int],
    padding: list[int],
    dilation: list[int],
    transposed: bool,
    output_padding: list[int],
    groups: int,
    output_mask: list[bool],
) -> Any:
    """Return the requested gradients of the image, the weight and the bias.

    Their memory format follows the image and the weight; before torch 2.13 it followed the gradient, too.
    """
    del stride, padding, dilation, transposed, output_padding, groups
    formats = {suggest_memory_format(image), suggest_memory_format(weight)} - {torch.contiguous_format}
    order = formats.pop() if formats else torch.contiguous_format
    shapes = (image.shape, weight.shape, bias_sizes or ())
    gradients = [new(shape, gradient) if wanted else None for shape, wanted in zip(shapes, output_mask, strict=True)]
    return (*[found if found is None else found.to(memory_format=order) for found in gradients[:2]], gradients[2])


def batch_norm(
    gradient: torch.Tensor,
    image: torch.Tensor,
    weight: torch.Tensor | None,
    mean: torch.Tensor | None,
    variance: torch.Tensor | None,
    saved_mean: torch.Tensor | None,
    saved_deviation: torch.Tensor | None,
    train: bool,
    eps: float,
    output_mask: list[bool],
) -> Any:
    """Return the requested gradients of the image (contiguous or channels-last), the scale and the shift."""
    del mean, variance, saved_mean, saved_deviation, train, eps
    if image.dtype not in FULL_PRECISION or not floating(image, gradient, weight):
        return NotImplemented
    each = image.shape[1:2]
    results = (normalised(image), new(each, image), new(each, image))
    return tuple(result if wanted else None for result, wanted in zip(results, output_mask, strict=True))


def threshold(gradient: torch.Tensor, image: torch.Tensor, threshold: float) -> Any:
    """Return the gradient of ReLU."""
    del threshold
    return new(image.shape, image) if gradient.shape == image.shape and plain(gradient, image) else NotImplemented
