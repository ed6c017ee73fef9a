"""Shape rules of archcost's own, for operators whose meta kernel in torch is written in Python and takes milliseconds.

On the meta device an operator has nothing to do but to allocate its results. A rule here answers the ordinary case and
returns NotImplemented for everything else, which then goes to torch. `tests/walk/test_shapes.py` holds every rule
against torch's own kernels, in shape, dtype and strides, over the networks of the zoo.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

if TYPE_CHECKING:
    from collections.abc import Callable

aten = torch.ops.aten
FULL_PRECISION = {torch.float32, torch.float64}  # half precision keeps its statistics in float32


def on_meta(arguments: tuple[Any, ...]) -> bool:
    """Whether every tensor among an operator's arguments, the tensors of a list included, is on the meta device."""
    for value in arguments:
        for item in value if isinstance(value, list | tuple) else (value,):
            if isinstance(item, torch.Tensor) and not item.is_meta:
                return False
    return True


def _new(shape: tuple[int, ...], like: torch.Tensor) -> torch.Tensor:
    return torch.empty(shape, dtype=like.dtype, device="meta")


def _refuse_mixture(name: str, first: torch.Tensor, *others: torch.Tensor | None) -> None:
    """Raise what real kernels raise for operands of different dtypes; meta kernels let them pass."""
    for other in others:
        if other is not None and other.dtype != first.dtype:
            raise RuntimeError(
                f"{name} of {str(first.dtype)[6:]} and weight of {str(other.dtype)[6:]}: the dtypes must be the same"
            )


def _convolution(
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
    del output_padding
    _refuse_mixture("input", image, weight, bias)
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
    return _new((image.shape[0], weight.shape[0], *sizes), image)


def _batch_norm(
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
    # In eval mode torch's CPU and CUDA kernels save nothing; only its meta kernel says that they do.
    saved = (channels if training else 0,)
    return _new(image.shape, image), _new(saved, image), _new(saved, image)


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
        _new(image.shape, image),
        _new(statistics, image),
        _new(statistics, image),
    )


def _addmm(added: torch.Tensor, rows: torch.Tensor, columns: torch.Tensor, *, beta: float = 1, alpha: float = 1) -> Any:
    del beta, alpha
    _refuse_mixture("mat1", rows, columns, added)
    if (
        rows.dim() != 2  # noqa: PLR2004 - a matrix
        or columns.dim() != 2  # noqa: PLR2004
        or rows.shape[1] != columns.shape[0]
        or added.shape != columns.shape[1:]
    ):
        return NotImplemented
    return _new((rows.shape[0], columns.shape[1]), rows)


def _pooled_length(size: int, kernel: int, stride: int, padding: int, *, ceil: bool) -> int:
    """Places of a window; rounded up, the last one has to start inside the image or its padding on the left."""
    span = size + 2 * padding - kernel
    length = (-(-span // stride) if ceil else span // stride) + 1
    return length - 1 if ceil and (length - 1) * stride >= size + padding else length


def _max_pool(
    image: torch.Tensor,
    kernel_size: list[int],
    stride: list[int] | None = None,
    padding: list[int] | int = 0,
    dilation: list[int] | int = 1,
    ceil_mode: bool = False,
) -> Any:
    pads = [padding, padding] if isinstance(padding, int) else padding
    steps = stride or kernel_size
    apart = [dilation] if isinstance(dilation, int) else dilation
    if (
        image.dim() != 4  # noqa: PLR2004 - N, C, H, W
        or not _plain(image)
        or any(d != 1 for d in apart)
        or not len(kernel_size) == len(steps) == len(pads) == 2  # noqa: PLR2004
        or any(2 * p > k for p, k in zip(pads, kernel_size, strict=True))
        or image.numel() == 0
    ):
        return NotImplemented
    sizes = [
        _pooled_length(size, k, s, p, ceil=ceil_mode)
        for size, k, s, p in zip(image.shape[2:], kernel_size, steps, pads, strict=True)
    ]
    if min(sizes) < 1:
        return NotImplemented  # torch's own message names the sizes
    shape = (*image.shape[:2], *sizes)
    return (
        _new(shape, image),
        torch.empty(shape, dtype=torch.int64, device="meta"),
    )


def _mean(image: torch.Tensor, dim: list[int] | None, keepdim: bool = False, *, dtype: Any = None) -> Any:
    if not dim or dtype is not None or not _plain(image) or len({d % image.dim() for d in dim}) != len(dim):
        return NotImplemented
    reduced = {d % image.dim() for d in dim}
    sizes = tuple(1 if d in reduced else size for d, size in enumerate(image.shape) if keepdim or d not in reduced)
    return _new(sizes, image)


def _cat(tensors: list[torch.Tensor], dim: int = 0) -> Any:
    first = tensors[0]
    along = dim % first.dim() if first.dim() else 0
    if not _plain(*tensors) or any(
        tensor.dim() != first.dim()
        or tensor.shape[:along] != first.shape[:along]
        or tensor.shape[along + 1 :] != first.shape[along + 1 :]
        for tensor in tensors
    ):
        return NotImplemented
    return _new((*first.shape[:along], sum(t.shape[along] for t in tensors), *first.shape[along + 1 :]), first)


def _mm(rows: torch.Tensor, columns: torch.Tensor) -> Any:
    _refuse_mixture("mat1", rows, columns)
    if not rows.dim() == columns.dim() == 2 or rows.shape[1] != columns.shape[0]:  # noqa: PLR2004 - matrices
        return NotImplemented
    return _new((rows.shape[0], columns.shape[1]), rows)


def _bmm(rows: torch.Tensor, columns: torch.Tensor) -> Any:
    _refuse_mixture("batch1", rows, columns)
    if (
        not rows.dim() == columns.dim() == 3  # noqa: PLR2004 - batches of matrices
        or rows.shape[0] != columns.shape[0]
        or rows.shape[2] != columns.shape[1]
    ):
        return NotImplemented
    return _new((rows.shape[0], rows.shape[1], columns.shape[2]), rows)


def _like(image: torch.Tensor, *_: Any, **__: Any) -> Any:
    return _new(image.shape, image) if _plain(image) else NotImplemented


def _itself(image: torch.Tensor, *_: Any, **__: Any) -> Any:
    return image if image.dtype.is_floating_point else NotImplemented


def _batch_norm_backward(
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
    del mean, variance, saved_mean, saved_deviation, train, eps
    if weight is None or image.dtype not in FULL_PRECISION or not _plain(image, gradient, weight):
        return NotImplemented
    shapes = (image.shape, weight.shape, weight.shape)
    return tuple(_new(shape, image) if wanted else None for shape, wanted in zip(shapes, output_mask, strict=True))


def _threshold_backward(gradient: torch.Tensor, image: torch.Tensor, threshold: float) -> Any:
    del threshold
    return _new(image.shape, image) if gradient.shape == image.shape and _plain(gradient, image) else NotImplemented


def _updated(parameter: torch.Tensor, *others: Any, **_: Any) -> Any:
    """Result of an optimizer's step in place: the first operand, where all are alike."""
    tensors = [parameter, *(other for other in others if isinstance(other, torch.Tensor))]
    same = len({tensor.shape for tensor in tensors}) == 1
    return parameter if same and _plain(*tensors) else NotImplemented


def _sum(first: torch.Tensor, second: Any, *, alpha: float = 1) -> Any:
    del alpha
    same = isinstance(second, torch.Tensor) and first.shape == second.shape and _plain(first, second)
    return _new(first.shape, first) if same else NotImplemented


SHAPES: dict[Any, Callable[..., Any]] = {
    aten.convolution.default: _convolution,
    aten.native_batch_norm.default: _batch_norm,
    aten.native_layer_norm.default: _layer_norm,
    aten.addmm.default: _addmm,
    aten.mm.default: _mm,
    aten.bmm.default: _bmm,
    aten.add.Tensor: _sum,
    aten.max_pool2d_with_indices.default: _max_pool,
    aten.mean.dim: _mean,
    aten.cat.default: _cat,
    aten.native_batch_norm_backward.default: _batch_norm_backward,
    aten.threshold_backward.default: _threshold_backward,
    aten.addcmul_.default: _updated,
    aten.addcdiv_.default: _updated,
    aten.lerp_.Scalar: _updated,
    **{
        operator.default: _like
        for operator in (
            *(aten.relu, aten.gelu, aten.silu, aten.sigmoid, aten.hardswish, aten.hardsigmoid, aten.hardtanh),
            *(aten.tanh, aten.sqrt),
        )
    },
    **{
        operator.default: _itself
        for operator in (aten.relu_, aten.silu_, aten.sigmoid_, aten.hardswish_, aten.hardsigmoid_, aten.hardtanh_)
    },
}
