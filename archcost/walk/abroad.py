"""What CUDA's kernels keep otherwise than the CPU's: dropout's mask, and attention with dropout; on the meta device.

Dropout keeps a mask of booleans, where the CPU's has the dtype of its input. Attention with dropout keeps the state of
the random numbers, where the CPU takes it apart and keeps scores and masks.
"""

from __future__ import annotations

from typing import Any

import torch
from torch.nn import functional

HALF = (torch.float16, torch.bfloat16)
WIDEST_FLASH = 256  # elements of a head
ALIGNED = 16  # bytes of a head that the memory-efficient kernel reads at once
FLASH_STEP = 8  # elements that the flash kernel pads a head to
BATCHED = 4  # batch, heads, length, elements


def drop(values: torch.Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Any:
    """Return what `functional.dropout` returns, by CUDA's kernel; NotImplemented where CUDA takes the parts, too."""
    if inplace or not training or not 0 < p < 1 or not values.numel() or not values.is_meta:
        return NotImplemented
    return torch.native_dropout(values, p, training)[0]


def attend_with_dropout(  # the function's own arguments
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attn_mask: torch.Tensor | None = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    scale: float | None = None,
    enable_gqa: bool = False,
) -> Any:
    """Return attention by the kernel that CUDA chooses (aten/native/transformers/cuda/sdp_utils.cpp), on an Ampere or
    later; NotImplemented where it takes attention apart, and without dropout.
    """  # noqa: D205 - one sentence
    tensors = (query, key, value)
    dense = all(tensor.is_meta and tensor.dim() == BATCHED and tensor.numel() for tensor in tensors)
    if not dropout_p or not dense or len({tensor.dtype for tensor in tensors}) > 1:
        return NotImplemented
    width = query.shape[-1]
    if attn_mask is None and query.dtype in HALF and key.shape[-1] == value.shape[-1] == width <= WIDEST_FLASH:
        flash = torch.ops.aten._scaled_dot_product_flash_attention
        if width % FLASH_STEP == 0:
            return flash(*tensors, dropout_p, is_causal, scale=scale)[0]
        padded = [functional.pad(tensor, (0, -width % FLASH_STEP)) for tensor in tensors]
        return flash(*padded, dropout_p, is_causal, scale=scale or width**-0.5)[0][..., :width]
    step = ALIGNED // query.element_size()
    known = query.dtype in {*HALF, torch.float32} and key.shape[-1] == width
    if not known or width % step or value.shape[-1] % step or (enable_gqa and query.shape[1] != key.shape[1]):
        return NotImplemented
    if attn_mask is not None:
        attn_mask = _spread(attn_mask, query, key)
    learns = torch.is_grad_enabled() and any(tensor.requires_grad for tensor in tensors)
    efficient = torch.ops.aten._scaled_dot_product_efficient_attention
    return efficient(*tensors, attn_mask, learns, dropout_p, is_causal, scale=scale)[0]


def add_mask(mask: torch.Tensor, dtype: torch.dtype) -> torch.Tensor:
    """Return what is added to the scores, from which of them are seen; by the operators that torch takes for it."""
    seen, unseen = (torch.scalar_tensor(number, dtype=dtype, device="meta") for number in (0.0, -torch.inf))
    return torch.where(mask, seen, unseen)


def _spread(mask: torch.Tensor, query: torch.Tensor, key: torch.Tensor) -> torch.Tensor:
    """Return a mask as what is added to the scores of every batch and head."""
    added = add_mask(mask, query.dtype) if mask.dtype == torch.bool else mask
    return added.expand(*query.shape[:-1], key.shape[-2])
