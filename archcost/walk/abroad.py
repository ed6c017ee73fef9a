"""Dropout and attention on the meta device with the saved tensors of CUDA's kernels, which differ from the CPU's.

Dropout keeps a boolean mask on CUDA, and a mask of the input's dtype on the CPU. Attention with dropout keeps the state
of the random numbers on CUDA; the CPU decomposes it and keeps scores and masks. The two devices also fuse different
attention calls, even without training.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch.nn import functional

from archcost.walk.notes import ATTENTION

if TYPE_CHECKING:
    from archcost.walk.notes import Notes

HALF = (torch.float16, torch.bfloat16)
WIDEST_FLASH = 256  # elements of a head
ALIGNED = 16  # bytes of a head that the memory-efficient kernel reads at once
FLASH_STEP = 8  # elements; the flash kernel pads a head to a multiple
MASK_STEP = 8  # elements of a mask that the memory-efficient kernel reads at once
FLASH, EFFICIENT, APART = "the flash kernel", "the memory-efficient kernel", "separate operators, which keep all scores"
BATCHED = 4  # batch, heads, length, elements


def drop(values: torch.Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Any:
    """Return dropout by CUDA's kernel; NotImplemented if CUDA decomposes it, too."""
    if inplace or not training or not 0 < p < 1 or not values.numel() or not values.is_meta:
        return NotImplemented
    return torch.native_dropout(values, p, training)[0]


def attend(  # the function's own arguments, and the notes that receive the kernel's name
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attn_mask: torch.Tensor | None = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    scale: float | None = None,
    enable_gqa: bool = False,
    *,
    notes: Notes,
) -> Any:
    """Return attention by the kernel that CUDA chooses on Ampere or later; NotImplemented if CUDA decomposes it.

    Hopper prefers cuDNN's kernel to the flash kernel; both keep the same tensors.
    """
    tensors = (query, key, value)
    kernel = _choose_kernel(*tensors, attn_mask, is_causal=is_causal, shares=enable_gqa)
    notes.add(ATTENTION, kernel)
    if kernel == APART:
        return NotImplemented
    if kernel == FLASH:
        flash, width = torch.ops.aten._scaled_dot_product_flash_attention, query.shape[-1]
        if width % FLASH_STEP == 0:
            return flash(*tensors, dropout_p, is_causal, scale=scale)[0]
        padded = [functional.pad(tensor, (0, -width % FLASH_STEP)) for tensor in tensors]
        return flash(*padded, dropout_p, is_causal, scale=scale or width**-0.5)[0][..., :width]
    if attn_mask is not None:
        attn_mask = _spread(attn_mask, query, key)
    learns = torch.is_grad_enabled() and any(tensor.requires_grad for tensor in tensors)
    efficient = torch.ops.aten._scaled_dot_product_efficient_attention
    return efficient(*tensors, attn_mask, learns, dropout_p, is_causal, scale=scale)[0]


def _choose_kernel(
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    mask: torch.Tensor | None,
    *,
    is_causal: bool,
    shares: bool,
) -> str:
    """Return the kernel that CUDA chooses, by sdp_utils_cpp.h and cuda/sdp_utils.cpp of aten/native/transformers.

    `shares`: several heads share keys and values.
    """
    tensors = (query, key, value)
    dense = all(tensor.is_meta and tensor.dim() == BATCHED and tensor.numel() for tensor in tensors)
    if not dense or len({tensor.dtype for tensor in tensors}) > 1 or len({tensor.shape[0] for tensor in tensors}) > 1:
        return APART
    width, (heads, *others) = query.shape[-1], (tensor.shape[1] for tensor in tensors)
    in_rows = width == 1 or all(tensor.stride(-1) == 1 for tensor in tensors)
    if not in_rows or (mask is not None and mask.stride(-1) != 1):
        return APART
    alike = [heads, heads] == others
    grouped = shares and others[0] == others[1] and heads % others[0] == 0
    square = not is_causal or query.shape[-2] == key.shape[-2]
    unmasked = mask is None and torch._C._get_flash_sdp_enabled()
    if (
        unmasked and query.dtype in HALF and square and (alike or grouped)
        and key.shape[-1] == value.shape[-1] == width <= WIDEST_FLASH
    ):  # fmt: skip
        return FLASH
    step = ALIGNED // query.element_size()
    known = (
        torch._C._get_mem_efficient_sdp_enabled() and query.dtype in {*HALF, torch.float32} and key.shape[-1] == width
    )
    return EFFICIENT if known and alike and width % step == value.shape[-1] % step == 0 else APART


def add_mask(mask: torch.Tensor, dtype: torch.dtype) -> torch.Tensor:
    """Return a boolean mask as a tensor to add to the scores, computed by the same operators as in torch."""
    seen, unseen = (torch.scalar_tensor(number, dtype=dtype, device="meta") for number in (0.0, -torch.inf))
    return torch.where(mask, seen, unseen)


def _spread(mask: torch.Tensor, query: torch.Tensor, key: torch.Tensor) -> torch.Tensor:
    """Return a mask as a tensor to add to the scores of every batch and head, with the row alignment of the kernel.

    torch pads unaligned rows (aten/native/transformers/attention.cpp, preprocess_mask).
    """
    added = add_mask(mask, query.dtype) if mask.dtype == torch.bool else mask
    if any(step % MASK_STEP for step in added.stride()[:-1]):
        length = added.shape[-1]
        added = functional.pad(added, (0, MASK_STEP - length % MASK_STEP))[..., :length]
    return added.expand(*query.shape[:-1], key.shape[-2])
