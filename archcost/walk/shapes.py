"""Shape rules of archcost's own, for operators whose meta kernel in torch is written in Python and takes milliseconds.

On the meta device an operator has nothing to do but to allocate its results. A rule here answers the ordinary case and
returns NotImplemented for everything else, which then goes to torch. `tests/walk/test_shapes.py` holds every rule
against torch's own kernel, in shape, dtype and strides, over the networks of the zoo.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

if TYPE_CHECKING:
    from collections.abc import Callable

aten = torch.ops.aten
FULL_PRECISION = {torch.float32, torch.float64}  # half precision keeps its statistics in float32


def _convolution(  # noqa: PLR0917 - the operator's own arguments
    image: torch.Tensor,
    weight: torch.Tensor,
    bias: torch.Tensor | None,
    stride: list[int],
    padding: list[int],
    dilation: list[int],
    transposed: bool,
    output_padding: list[int],
    groups: int,
) -> Any:
    del output_padding, bias
    kernel = weight.shape[2:]
    axes = len(kernel)
    ordinary = (
        not transposed
        and image.dim() == axes + 2
        and len(stride) == len(padding) == len(dilation) == axes
        and image.dtype == weight.dtype
        and image.shape[1] == weight.shape[1] * groups
        and weight.shape[0] % groups == 0
        and image.is_contiguous()
        and weight.is_contiguous()
        and image.numel() > 0
    )
    if not ordinary:
        return NotImplemented
    sizes = [
        (size + 2 * p - d * (k - 1) - 1) // s + 1
        for size, k, s, p, d in zip(image.shape[2:], kernel, stride, padding, dilation, strict=True)
    ]
    if min(sizes) < 1:
        return NotImplemented  # torch's own message names both sizes
    return torch.empty((image.shape[0], weight.shape[0], *sizes), dtype=image.dtype, device="meta")


def _batch_norm(  # noqa: PLR0917 - the operator's own arguments
    image: torch.Tensor,
    weight: torch.Tensor | None,
    bias: torch.Tensor | None,
    mean: torch.Tensor | None,
    variance: torch.Tensor | None,
    training: bool,
    momentum: float,
    eps: float,
) -> Any:
    del momentum, eps
    given = [tensor for tensor in (weight, bias, mean, variance) if tensor is not None]
    channels = image.shape[1] if image.dim() > 1 else -1
    if (
        not image.is_contiguous()
        or image.dtype not in FULL_PRECISION
        or any(tensor.shape != (channels,) or tensor.dtype != image.dtype for tensor in given)
        or (not training and (mean is None or variance is None))
    ):
        return NotImplemented
    return (
        torch.empty_like(image),
        torch.empty(channels, dtype=image.dtype, device="meta"),
        torch.empty(channels, dtype=image.dtype, device="meta"),
    )


def _plain(*tensors: torch.Tensor) -> bool:
    """Whether tensors are dense, in order, and of one floating dtype."""
    dtype = tensors[0].dtype
    return dtype.is_floating_point and all(tensor.is_contiguous() and tensor.dtype == dtype for tensor in tensors)


def _layer_norm(
    image: torch.Tensor,
    normalized_shape: list[int],
    weight: torch.Tensor | None,
    bias: torch.Tensor | None,
    eps: float,
) -> Any:
    del eps
    kept = image.dim() - len(normalized_shape)
    given = [tensor for tensor in (weight, bias) if tensor is not None]
    if (
        not _plain(image, *given)
        or image.dtype not in FULL_PRECISION
        or kept < 1
        or image.shape[kept:] != tuple(normalized_shape)
        or any(tensor.shape != tuple(normalized_shape) for tensor in given)
    ):
        return NotImplemented
    statistics = (*image.shape[:kept], *(1,) * len(normalized_shape))
    return (
        torch.empty_like(image),
        torch.empty(statistics, dtype=image.dtype, device="meta"),
        torch.empty(statistics, dtype=image.dtype, device="meta"),
    )


def _addmm(added: torch.Tensor, rows: torch.Tensor, columns: torch.Tensor, *, beta: float = 1, alpha: float = 1) -> Any:
    del beta, alpha
    if (
        not rows.dtype == columns.dtype == added.dtype
        or rows.dim() != 2  # noqa: PLR2004 - a matrix
        or columns.dim() != 2  # noqa: PLR2004
        or rows.shape[1] != columns.shape[0]
        or added.shape != columns.shape[1:]
    ):
        return NotImplemented
    return torch.empty((rows.shape[0], columns.shape[1]), dtype=rows.dtype, device="meta")


def _like(image: torch.Tensor, *_: Any, **__: Any) -> Any:
    return torch.empty_like(image) if _plain(image) else NotImplemented


def _itself(image: torch.Tensor, *_: Any, **__: Any) -> Any:
    return image if image.dtype.is_floating_point else NotImplemented


def _sum(first: torch.Tensor, second: Any, *, alpha: float = 1) -> Any:
    del alpha
    same = isinstance(second, torch.Tensor) and first.shape == second.shape and _plain(first, second)
    return torch.empty_like(first) if same else NotImplemented


SHAPES: dict[Any, Callable[..., Any]] = {
    aten.convolution.default: _convolution,
    aten.native_batch_norm.default: _batch_norm,
    aten.native_layer_norm.default: _layer_norm,
    aten.addmm.default: _addmm,
    aten.add.Tensor: _sum,
    **{
        operator.default: _like
        for operator in (aten.gelu, aten.silu, aten.sigmoid, aten.hardswish, aten.hardsigmoid, aten.hardtanh)
    },
    **{
        operator.default: _itself
        for operator in (aten.relu_, aten.silu_, aten.sigmoid_, aten.hardswish_, aten.hardsigmoid_, aten.hardtanh_)
    },
}
