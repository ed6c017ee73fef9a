"""Helpers of the shape rules: create results, and recognise ordinary operands."""

from __future__ import annotations

import functools
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

import torch

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

IMAGES = 4  # dimensions: N, C, H, W
META = torch.device("meta")
FULL_PRECISION = {torch.float32, torch.float64}  # half precision keeps its statistics in float32
as_on_cpu = ContextVar("as_on_cpu", default=False)  # whether rules follow the CPU's kernel where torch's follow CUDA's


def new(shape: Sequence[int], like: torch.Tensor, dtype: torch.dtype | None = None) -> torch.Tensor:
    """Return a new contiguous tensor, of another tensor's dtype or a given dtype."""
    if 0 in shape:
        return torch.empty(shape, dtype=dtype or like.dtype, device=META)
    # torch parses the arguments of `empty` twice as slowly
    return torch.empty_strided(shape, _usual_strides(tuple(shape)), dtype=dtype or like.dtype, device=META)


def new_strided(
    shape: Sequence[int], strides: Sequence[int], like: torch.Tensor, dtype: torch.dtype | None = None
) -> torch.Tensor:
    """Return a new tensor with these strides, of another tensor's dtype or a given dtype."""
    return torch.empty_strided(tuple(shape), tuple(strides), dtype=dtype or like.dtype, device=META)


def new_image(shape: Sequence[int], like: torch.Tensor) -> torch.Tensor:
    """Return a new batch of images or volumes; it is channels-last if `like` is."""
    made = new(shape, like)
    if like.dim() < IMAGES or not channels_are_last(like):
        return made
    return made.to(memory_format=torch.channels_last if like.dim() == IMAGES else torch.channels_last_3d)


def normalised(image: torch.Tensor) -> torch.Tensor:
    """Return a new tensor for a batch norm's result: channels-last for images that fill their memory only so."""
    made = new(image.shape, image)
    order = {4: torch.channels_last, 5: torch.channels_last_3d}.get(image.dim())
    if order is None or image.is_contiguous() or not image.is_contiguous(memory_format=order):
        return made
    return made.to(memory_format=order)


def floating(first: torch.Tensor, *others: torch.Tensor | None) -> bool:
    """Whether tensors have the same floating-point dtype."""
    dtype = first.dtype
    for other in others:
        if other is not None and other.dtype != dtype:
            return False
    return dtype.is_floating_point


def plain(first: torch.Tensor, *others: torch.Tensor | None) -> bool:
    """Whether tensors have the same floating-point dtype, and the strides of new tensors."""
    if not (floating(first, *others) and usual(first)):
        return False
    return all([other is None or usual(other) for other in others])  # noqa: C419 - a list is quicker than a generator


def usual(tensor: torch.Tensor) -> bool:
    """Whether a tensor has the strides of a new tensor; contiguous ones may differ along dimensions of size 1."""
    return tensor.stride() == _usual_strides(tensor.shape)


@functools.lru_cache(maxsize=1 << 12)
def _usual_strides(shape: tuple[int, ...]) -> tuple[int, ...]:
    strides, step = [], 1
    for size in reversed(shape):
        strides.append(step)
        step *= size
    return tuple(reversed(strides))


def dense(tensor: torch.Tensor) -> bool:
    """Whether a tensor's elements fill one range of memory without gaps and overlaps."""
    step = 1
    for stride, size in sorted(zip(tensor.stride(), tensor.shape, strict=True)):
        if stride != step:
            return False
        step *= size
    return True


def has_settled_strides(tensor: torch.Tensor) -> bool:
    """Whether all strides are meaningful: kernels disagree about the stride of a dimension of size 1.

    A batch of one image is accepted if its stride is at least the size of the image.
    """
    (batch, *sizes), (stride, *strides) = tensor.shape or (0,), tensor.stride() or (0,)
    if min(sizes, default=0) <= 1:
        return False
    return batch > 1 or stride >= max([size * step for size, step in zip(sizes, strides, strict=True)])


def in_order(tensor: torch.Tensor) -> bool:
    """Whether a tensor's elements are in the order of its dimensions, possibly with gaps."""
    strides = list(tensor.stride())
    return usual(tensor) or (has_settled_strides(tensor) and strides == sorted(strides, reverse=True))


def by_rows(tensor: torch.Tensor) -> bool:
    """Whether rows are innermost, not channels, so that no kernel treats the tensor as channels-last."""
    if tensor.dim() == IMAGES and tensor.is_contiguous() and tensor.stride(-1) == 1 < tensor.stride(1):
        return True  # one map of an image, for example
    return has_settled_strides(tensor) and tensor.stride(-1) == 1


def channels_are_last(image: torch.Tensor) -> bool:
    """Whether kernels treat a batch of images or volumes as channels-last."""
    if image.stride(1) != 1:
        return False
    batch, channels, *sides = zip(image.stride(), image.shape, strict=True)
    least = 0
    for stride, size in (channels, *reversed(sides)):
        if stride < least:
            return False
        least = stride * size
    return batch[0] >= least and batch[0] != 1


def refuse_mixture(name: str, first: torch.Tensor, *others: torch.Tensor | None) -> None:
    """Raise the error of real kernels for operands of different dtypes, which meta kernels accept.

    Raises:
        RuntimeError: the dtypes differ; names both.
    """
    for other in others:
        if other is not None and other.dtype != first.dtype:
            raise RuntimeError(
                f"{name} of {str(first.dtype)[6:]} and weight of {str(other.dtype)[6:]}: the dtypes must be the same"
            )


def each_axis(value: Any, axes: int) -> list[int]:
    """Return an argument as a list with a value for each axis; it may be one number, or a list of one or all values."""
    if isinstance(value, int):
        return [value] * axes
    return [*value] * axes if len(value) == 1 else list(value)


def shape_reduction(shape: Sequence[int], dims: Iterable[int], *, keep: bool) -> tuple[int, ...]:
    """Return a shape without the dimensions `dims`; with `keep`, they have size 1."""
    gone = {dim % len(shape) for dim in dims}
    return tuple(1 if dim in gone else size for dim, size in enumerate(shape) if keep or dim not in gone)
