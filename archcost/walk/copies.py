"""A network without weights: a copy on the meta device, and a constructor that leaves its parameters unfilled."""

from __future__ import annotations

import copy
from typing import Any

import torch
from torch import nn

from archcost.errors import WalkError
from archcost.walk.mode import LightMode
from archcost.walk.tensors import named_tensors

FILLS = {
    *("aten::normal_", "aten::uniform_", "aten::erfinv_", "aten::fill_", "aten::zero_", "aten::copy_"),
    *("aten::add_", "aten::sub_", "aten::mul_", "aten::div_", "aten::clamp_"),
}


class Unfilled(LightMode):  # type: ignore[no-untyped-call]
    """While it is active, nothing is written into parameters: memory that nobody reads is not touched.

    A constructor that needs the values of other tensors runs as ever. A network of 645 million parameters that works
    its widths out with tensors is built in milliseconds on the CPU.
    """

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """Run one operator, unless it fills a parameter."""
        del types
        if func._schema.name in FILLS and isinstance(args[0], nn.Parameter):
            return args[0]
        return func(*args, **(kwargs or {}))


def meta_copy(network: nn.Module) -> nn.Module:
    """Copy a network's modules and attributes with every tensor replaced by one on the meta device.

    Tensors that are shared stay shared. The original's weights are neither touched nor copied.

    Raises:
        WalkError: a lazy module; or, with a NotImplementedError as its cause, a network that cannot be copied.
    """
    named_tensors(dict(network.named_modules()))  # none of them without a shape
    try:
        return _copy(network)
    except Exception as error:  # noqa: BLE001 - a user's attribute may raise anything
        reason = str(error).strip().split("\n", maxsplit=1)[0]
        cause = NotImplementedError(f"the network cannot be copied: {type(error).__name__}: {reason}")
        raise WalkError(f"{cause}; try --device cpu, which runs the network itself") from cause


def _copy(network: nn.Module) -> nn.Module:
    memo: dict[int, Any] = {}
    for module in network.modules():
        if isinstance(module, torch.jit.ScriptModule):
            raise TypeError("a ScriptModule holds its weights in C++, out of reach")
        for table in (module._parameters, module._buffers, module.__dict__):
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
