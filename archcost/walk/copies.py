"""A network without weights: a copy on the meta device, and a constructor that leaves its parameters unfilled."""

from __future__ import annotations

import copy
import copyreg
import functools
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from archcost.errors import WalkError
from archcost.walk.mode import LightMode
from archcost.walk.parts import ATOMS, CONTAINERS

META = torch.device("meta")
STRINGS = frozenset((str,))
if TYPE_CHECKING:
    from archcost.walk.parts import Parts

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


def meta_copy(parts: Parts) -> nn.Module:
    """Copy a network's modules and attributes with every tensor replaced by one on the meta device.

    Tensors that are shared stay shared. The original's weights are neither touched nor copied.

    Raises:
        WalkError: a network that cannot be copied, with a NotImplementedError as its cause.
    """
    try:
        return _copy(parts)
    except Exception as error:  # noqa: BLE001 - a user's attribute may raise anything
        reason = str(error).strip().split("\n", maxsplit=1)[0]
        cause = NotImplementedError(f"the network cannot be copied: {type(error).__name__}: {reason}")
        raise WalkError(f"{cause}; try --device cpu, which runs the network itself") from cause


def _copy(parts: Parts) -> nn.Module:
    modules = parts.modules.values()
    if any(isinstance(module, torch.jit.ScriptModule) for module in modules):
        raise TypeError("a ScriptModule holds its weights in C++, out of reach")
    memo: dict[int, Any] = {}
    registered = [named.tensor for named in (*parts.parameters, *parts.buffers)]
    with torch.no_grad():
        for tensor in (*registered, *parts.attributes.tensors):
            if id(tensor) not in memo:
                memo[id(tensor)] = _on_meta(tensor)
    plain = [module for module in modules if _is_plain(type(module))]  # type: ignore[arg-type] # classes do hash
    memo.update({id(module): type(module).__new__(type(module)) for module in plain})
    for module in plain:
        # as `copy.deepcopy` does, which takes three times as long
        state = module.__getstate__()  # type: ignore[no-untyped-call]
        copied = {name: value if type(value) in ATOMS else _attribute(value, memo) for name, value in state.items()}
        memo[id(module)].__setstate__(copied)
    return copy.deepcopy(parts.network, memo)


@functools.cache
def _is_plain(kind: type[nn.Module]) -> bool:
    """Whether a module is copied by its state, a dictionary of attributes."""
    usual = (getattr(kind, name) is getattr(object, name) for name in ("__new__", "__reduce__", "__reduce_ex__"))
    own = any(hasattr(kind, name) for name in ("__deepcopy__", "__getnewargs__", "__getnewargs_ex__"))
    return all(usual) and not own and not copyreg._slotnames(kind)  # type: ignore[attr-defined]


def _attribute(value: Any, memo: dict[int, Any]) -> Any:
    """Copy an attribute; a module's own are its hooks, nearly always none, its parameters, buffers and modules."""
    kind = type(value)
    if kind in CONTAINERS and not value:
        return memo.setdefault(id(value), kind())
    if kind is dict and STRINGS.issuperset(map(type, value)) and id(value) not in memo:
        new = memo[id(value)] = {}
        for key, item in value.items():
            new[key] = memo[id(item)] if id(item) in memo else _attribute(item, memo)
        return new
    if kind in ATOMS or (kind is tuple and ATOMS.issuperset(map(type, value))):
        return value
    return copy.deepcopy(value, memo)


def _on_meta(tensor: torch.Tensor) -> torch.Tensor:
    like = torch.empty_strided(tensor.size(), tensor.stride(), dtype=tensor.dtype, device=META)
    if isinstance(tensor, nn.Parameter):
        return nn.Parameter(like, requires_grad=tensor.requires_grad)
    return like.requires_grad_(tensor.requires_grad) if tensor.is_leaf else like
