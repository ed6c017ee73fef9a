"""Shape rules of convolutions, matrix products and attention."""

from __future__ import annotations

import functools
from typing import Any

import torch

from archcost.walk.shapes.results import (
    FULL_PRECISION,
    META,
    dense,
    floating,
    has_settled_strides,
    new,
    new_image,
    new_strided,
    refuse_mixture,
    usual,
)

ROW_BYTES = 16
MATRIX, BATCH_OF_MATRICES, HEADS = 2, 3, 4  # dimensions


def convolution(
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
    """Return the result of an ordinary convolution of a batch; torch handles transposed convolutions."""
    del output_padding
    refuse_mixture("input", image, weight, bias)
    if transposed or not weight.is_contiguous():
        return NotImplemented
    shape = _shape_convolution(image.shape, weight.shape, tuple(stride), tuple(padding), tuple(dilation), groups)
    # torch's meta kernel drops the memory format; real kernels keep it
    return NotImplemented if shape is None else new_image(shape, image)


@functools.lru_cache(maxsize=1 << 12)
def _shape_convolution(
    image: torch.Size,
    weight: torch.Size,
    stride: tuple[int, ...],
    padding: tuple[int, ...],
    dilation: tuple[int, ...],
    groups: int,
) -> tuple[int, ...] | None:
    """Return the shape of a convolution's result; None if torch may raise an error, which names both sizes."""
    batch, channels, *sides = image
    filters, depth, *kernel = weight
    axes = {len(sides), len(kernel), len(stride), len(padding), len(dilation)}
    if len(axes) > 1 or channels != depth * groups or filters % groups or 0 in image:
        return None
    windows = zip(sides, kernel, stride, padding, dilation, strict=True)
    sizes = [(size + 2 * p - d * (k - 1) - 1) // s + 1 for size, k, s, p, d in windows]
    return None if min(sizes) <= 0 else (batch, filters, *sizes)


def addmm(added: torch.Tensor, rows: torch.Tensor, columns: torch.Tensor, *, beta: float = 1, alpha: float = 1) -> Any:
    """Return the result of a linear layer with a bias."""
    del beta, alpha
    refuse_mixture("mat1", rows, columns, added)
    if (
        not rows.dim() == columns.dim() == MATRIX
        or rows.shape[1] != columns.shape[0]
        or added.shape != columns.shape[1:]
    ):
        return NotImplemented
    return new((rows.shape[0], columns.shape[1]), rows)


def mm(rows: torch.Tensor, columns: torch.Tensor) -> Any:
    """Return a product of matrices."""
    refuse_mixture("mat1", rows, columns)
    if not rows.dim() == columns.dim() == MATRIX or rows.shape[1] != columns.shape[0]:
        return NotImplemented
    return new((rows.shape[0], columns.shape[1]), rows)


def bmm(rows: torch.Tensor, columns: torch.Tensor) -> Any:
    """Return a batch of matrix products."""
    refuse_mixture("batch1", rows, columns)
    if (
        not rows.dim() == columns.dim() == BATCH_OF_MATRICES
        or rows.shape[0] != columns.shape[0]
        or rows.shape[2] != columns.shape[1]
    ):
        return NotImplemented
    return new((rows.shape[0], rows.shape[1], columns.shape[2]), rows)


def grouped_mm(
    rows: torch.Tensor,
    columns: torch.Tensor,
    offs: torch.Tensor | None = None,
    bias: torch.Tensor | None = None,
    out_dtype: torch.dtype | None = None,
) -> Any:
    """Return grouped products in full precision, which the CPU runs and torch's own meta kernel refuses.

    Rows of the result begin at multiples of 16 bytes.
    """
    refuse_mixture("self", rows, columns, bias)
    if rows.dtype not in FULL_PRECISION or rows.shape[-1] != columns.shape[-2] or out_dtype not in {None, rows.dtype}:
        return NotImplemented
    groups: list[int] = []
    if rows.dim() == columns.dim():
        groups = [rows.shape[0] if rows.dim() == BATCH_OF_MATRICES else offs.shape[0] if offs is not None else 1]
    height, width = rows.shape[-2], columns.shape[-1]
    step = ROW_BYTES // rows.element_size()
    padded = -(-width // step) * step
    return new_strided((*groups, height, width), (*[height * padded for _ in groups], padded, 1), rows)


def attention(
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    *,
    attn_mask: torch.Tensor | None = None,
    scale: float | None = None,
) -> Any:
    """Return fused attention: one result for each query, and the logsumexp of its scores."""
    del dropout_p, is_causal, scale
    operands = (query, key, value)
    if (
        attn_mask is not None
        or not floating(*operands)
        or query.dtype not in FULL_PRECISION
        or any(operand.dim() != HEADS for operand in operands)
        or not (usual(query) or (has_settled_strides(query) and dense(query)))
    ):
        return NotImplemented
    batch, heads, length, _ = query.shape
    result = new_strided(query.shape, query.stride(), query)
    return result, torch.empty((batch, length, heads), dtype=query.dtype, device=META).transpose(1, 2)
