"""A copy of a network on the meta device: the same structure, no weights."""

from __future__ import annotations

import copy
from typing import Any

import torch
from torch import nn


def meta_copy(network: nn.Module) -> nn.Module:
    """Copy a network's modules and attributes with every tensor replaced by one on the meta device.

    Tensors that are shared stay shared. The original's weights are neither touched nor copied.

    Raises:
        Exception: whatever the network's own attributes raise when they cannot be copied.
    """
    memo: dict[int, Any] = {}
    for module in network.modules():
        for table in (module._parameters, module._buffers, module.__dict__):  # noqa: SLF001
            for value in table.values():
                for tensor in value if isinstance(value, list | tuple) else (value,):
                    if isinstance(tensor, torch.Tensor) and id(tensor) not in memo:
                        memo[id(tensor)] = _on_meta(tensor)
    return copy.deepcopy(network, memo)


def _on_meta(tensor: torch.Tensor) -> torch.Tensor:
    with torch.no_grad():
        like = torch.empty_strided(tensor.size(), tensor.stride(), dtype=tensor.dtype, device="meta")
    if isinstance(tensor, nn.Parameter):
        return nn.Parameter(like, requires_grad=tensor.requires_grad)
    return like.requires_grad_(tensor.requires_grad) if tensor.is_leaf else like
