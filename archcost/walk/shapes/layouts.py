"""Shape rules of operators that move, create or reduce elements."""

from __future__ import annotations

from typing import Any

import torch

from archcost.walk.shapes.results import META, by_rows, floating, in_order, new, plain, shape_reduction


def mean(image: torch.Tensor, dim: list[int] | None, keepdim: bool = False, *, dtype: Any = None) -> Any:
    """Return a mean or a sum over some dimensions."""
    return amax(image, dim or (), keepdim) if dtype is None else NotImplemented


def amax(image: torch.Tensor, dim: Any = (), keepdim: bool = False) -> Any:
    """Return a maximum over some dimensions."""
    count = image.dim()
    if (
        not dim
        or not image.dtype.is_floating_point
        or not in_order(image)
        or any(not -count <= d < count for d in dim)
        or len({d % count for d in dim}) != len(dim)
    ):
        return NotImplemented
    return new(shape_reduction(image.shape, dim, keep=keepdim), image)


def vector_norm(
    image: torch.Tensor, order: float = 2, dim: list[int] | None = None, keepdim: bool = False, *, dtype: Any = None
) -> Any:
    """Return a norm over some dimensions."""
    del order
    return mean(image, dim, keepdim, dtype=dtype)


def cat(tensors: list[torch.Tensor], dim: int = 0) -> Any:
    """Return the concatenation of contiguous or row-major tensors along a dimension."""
    first = tensors[0]
    count = first.dim()
    if not -count <= dim < count:
        return NotImplemented
    along = dim % count
    around = (first.shape[:along], first.shape[along + 1 :])
    if not (plain(*tensors) or (floating(*tensors) and all(map(by_rows, tensors)))) or any(
        tensor.dim() != count or (tensor.shape[:along], tensor.shape[along + 1 :]) != around for tensor in tensors
    ):
        return NotImplemented
    return new((*around[0], sum(tensor.shape[along] for tensor in tensors), *around[1]), first)


def stack(tensors: list[torch.Tensor], dim: int = 0) -> Any:
    """Return tensors of one shape, stacked along a new dimension."""
    first = tensors[0]
    count = first.dim() + 1
    if not plain(*tensors) or not -count <= dim < count or any(tensor.shape != first.shape for tensor in tensors):
        return NotImplemented
    along = dim % count
    return new((*first.shape[:along], len(tensors), *first.shape[along:]), first)


def clone(image: torch.Tensor, *, memory_format: torch.memory_format | None = None) -> Any:
    """Return a copy in the usual memory order."""
    result = new(image.shape, image)
    if memory_format == torch.contiguous_format:
        return result
    as_it_is = memory_format in {None, torch.preserve_format} and image.stride() == result.stride()
    return result if as_it_is else NotImplemented


def unsafe_view(image: torch.Tensor, size: list[int]) -> Any:
    """Return the view of a matrix product's temporary result: torch's own view is native, and fast."""
    return image.view(size) if image.is_contiguous() else NotImplemented


def pad(image: torch.Tensor, pads: list[int], value: float = 0) -> Any:
    """Return a padded or cropped image."""
    del value
    sizes = list(image.shape)
    if not plain(image) or len(pads) % 2 or len(pads) > 2 * len(sizes) or not image.numel():
        return NotImplemented
    for axis in range(len(pads) // 2):
        sizes[-1 - axis] += pads[2 * axis] + pads[2 * axis + 1]
    return new(sizes, image) if min(sizes) > 0 else NotImplemented


def embedding(
    weight: torch.Tensor, indices: torch.Tensor, padding_idx: int = -1, scale: bool = False, sparse: bool = False
) -> Any:
    """Return one row of the table for each index; refuse other dtypes, which some releases of torch accept on meta."""
    del padding_idx, scale, sparse
    if indices.dtype not in {torch.int64, torch.int32}:
        raise IndexError(f"the indices of an embedding must be long or int, not {indices.dtype}")
    if weight.dim() != 2 or not plain(weight):  # noqa: PLR2004
        return NotImplemented
    return new((*indices.shape, weight.shape[1]), weight)


def empty(
    size: list[int],
    *,
    dtype: Any = None,
    layout: Any = None,
    device: Any = None,
    pin_memory: Any = None,
    memory_format: Any = None,
) -> Any:
    """Return an empty tensor on the meta device; every batch norm requests one."""
    if device != META or layout not in {None, torch.strided} or pin_memory or memory_format is not None:
        return NotImplemented
    return torch.empty(size, dtype=dtype, device=META)


def arange(
    first: Any,
    last: Any = None,
    step: Any = 1,
    *,
    dtype: Any = None,
    layout: Any = None,
    device: Any = None,
    pin_memory: Any = None,
) -> Any:
    """Return equally spaced integers."""
    start, end = (0, first) if last is None else (first, last)
    whole = type(start) is type(end) is type(step) is int and step != 0
    if device != META or layout not in {None, torch.strided} or pin_memory or not whole:
        return NotImplemented
    length = -((start - end) // step)
    return torch.empty(length, dtype=dtype or torch.int64, device=META) if length >= 0 else NotImplemented


def roll(image: torch.Tensor, shifts: list[int], dims: Any = ()) -> Any:
    """Return an image rolled along some dimensions."""
    fits = len(shifts) == len(dims) and floating(image) and image.numel()
    return new(image.shape, image) if fits else NotImplemented
