"""The shape rule of an embedding bag as the CPU's kernel runs it; torch's meta kernel follows CUDA's."""

from __future__ import annotations

from functools import cache
from typing import Any

import torch

from archcost.walk.shapes.results import as_on_cpu, new, plain

MEAN, MAX = 1, 2  # the modes that torch numbers


def embedding_bag(
    weight: torch.Tensor,
    indices: torch.Tensor,
    offsets: torch.Tensor,
    scale_grad_by_freq: bool = False,
    mode: int = 0,
    sparse: bool = False,
    per_sample_weights: torch.Tensor | None = None,
    include_last_offset: bool = False,
    padding_idx: int = -1,
) -> Any:
    """Return the bags, and what the backward pass needs: the bag of each row, the sizes, and the largest rows."""
    del scale_grad_by_freq, sparse
    if not as_on_cpu.get() or not plain(weight) or weight.dim() != 2 or indices.dim() != 1:  # noqa: PLR2004 - a table
        return NotImplemented
    places, count, width = len(indices), len(offsets) - include_last_offset, weight.shape[1]
    if count < 0:
        return NotImplemented
    quick = _sums_at_once(weight.dtype, mode, padding_idx < 0, per_sample_weights is not None)
    rows = new((0,), offsets) if quick else new((places + 1,), offsets).resize_((places,))
    sizes = new((len(offsets),), offsets).resize_((count,))
    largest = new((count, width) if mode == MAX else (count,), offsets)
    return new((count, width), weight), rows, sizes, largest


@cache
def _sums_at_once(dtype: torch.dtype, mode: int, whole: bool, weighted: bool) -> bool:
    """Whether the CPU's kernel keeps no bag of each row, as a tiny table shows."""
    if mode in {MEAN, MAX}:
        return False
    table, place = torch.zeros(1, 1, dtype=dtype, device="cpu"), torch.zeros(1, dtype=torch.int64, device="cpu")
    made = torch.ops.aten._embedding_bag.default(
        table, place, place, mode=mode, per_sample_weights=table[0] if weighted else None, padding_idx=-int(whole)
    )
    return not made[1].numel()
