"""Shape rules of pools and interpolation: images (N, C, H, W), and volumes (N, C, D, H, W) for average pools."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import torch

from archcost.walk.shapes.results import IMAGES, each_axis, new, plain

if TYPE_CHECKING:
    from collections.abc import Sequence


def max_pool(
    image: torch.Tensor,
    kernel_size: list[int],
    stride: Sequence[int] = (),
    padding: list[int] | int = 0,
    dilation: list[int] | int = 1,
    ceil_mode: bool = False,
) -> Any:
    """Return the largest values and their indices."""
    if dilation != 1 and each_axis(dilation, 2) != [1, 1]:
        return NotImplemented
    shape = _shape_pool(image, kernel_size, stride, padding, axes=2, ceil=ceil_mode)
    if shape is None:
        return NotImplemented
    return new(shape, image), new(shape, image, torch.int64)


def average_pool(
    image: torch.Tensor,
    kernel_size: list[int],
    stride: Sequence[int] = (),
    padding: list[int] | int = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
    *,
    axes: int = 2,
) -> Any:
    """Return the averages over images or volumes; local response normalisation pools across maps as volumes."""
    del count_include_pad, divisor_override
    shape = _shape_pool(image, kernel_size, stride, padding, axes=axes, ceil=ceil_mode)
    if shape is None:
        return NotImplemented
    sizes = zip(image.shape[2:], each_axis(kernel_size, axes), strict=True)
    if axes > 2 and any(size < k for size, k in sizes):  # noqa: PLR2004
        return NotImplemented  # torch requires a whole window inside the unpadded volume
    return new(shape, image)


def adaptive_average_pool(image: torch.Tensor, output_size: list[int]) -> Any:
    """Return the requested number of averages."""
    if image.dim() != IMAGES or not plain(image) or not image.numel() or min(output_size) < 1:
        return NotImplemented
    return new((*image.shape[:2], *each_axis(output_size, 2)), image)


def interpolate(image: torch.Tensor, output_size: list[int], *_: Any) -> Any:
    """Return an image of another size."""
    if image.dim() != IMAGES or not plain(image) or not image.numel() or len(output_size) != 2:  # noqa: PLR2004
        return NotImplemented
    return new((*image.shape[:2], *output_size), image) if min(output_size) > 0 else NotImplemented


def _shape_pool(
    image: torch.Tensor,
    kernel_size: list[int],
    stride: Sequence[int],
    padding: list[int] | int,
    *,
    axes: int,
    ceil: bool,
) -> tuple[int, ...] | None:
    """Return the shape of a pool's result; None for unusual arguments."""
    if image.dim() != axes + 2 or not plain(image):
        return None
    windows = each_axis(kernel_size, axes), each_axis(stride or kernel_size, axes), each_axis(padding, axes)
    return _shape_windows(image.shape, *map(tuple, windows), ceil)


@functools.lru_cache(maxsize=1 << 12)
def _shape_windows(
    image: torch.Size, kernel: tuple[int, ...], stride: tuple[int, ...], padding: tuple[int, ...], ceil: bool
) -> tuple[int, ...] | None:
    batch, channels, *sides = image
    if 0 in image:
        return None
    sizes = []
    for size, k, s, p in zip(sides, kernel, stride, padding, strict=True):
        length = 0 if 2 * p > k else _compute_pooled_length(size, k, s, p, ceil=ceil)
        if length < 1:
            return None  # torch raises an error that names the sizes
        sizes.append(length)
    return (batch, channels, *sizes)


def _compute_pooled_length(size: int, kernel: int, stride: int, padding: int, *, ceil: bool) -> int:
    """Return the number of windows; with `ceil`, the last must start inside the image or its left padding."""
    span = size + 2 * padding - kernel
    length = (-(-span // stride) if ceil else span // stride) + 1
    return length - 1 if ceil and (length - 1) * stride >= size + padding else length
