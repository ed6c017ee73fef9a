"""Operators of a backward pass."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from archcost.walk.shapes.results import FULL_PRECISION, new, plain

if TYPE_CHECKING:
    import torch


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
    """Answer with the gradients that are wanted of the image, the scale and the shift."""
    del mean, variance, saved_mean, saved_deviation, train, eps
    if weight is None or image.dtype not in FULL_PRECISION or not plain(image, gradient, weight):
        return NotImplemented
    shapes = (image.shape, weight.shape, weight.shape)
    return tuple(new(shape, image) if wanted else None for shape, wanted in zip(shapes, output_mask, strict=True))


def threshold(gradient: torch.Tensor, image: torch.Tensor, threshold: float) -> Any:
    """Answer for ReLU."""
    del threshold
    return new(image.shape, image) if gradient.shape == image.shape and plain(gradient, image) else NotImplemented
