"""The meta device as a walk needs it: what a forward makes is made there, and attention stays one operator."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import torch
from torch import nn
from torch.nn import functional
from torch.nn.attention import SDPBackend
from torch.nn.functional import scaled_dot_product_attention
from torch.utils._device import DeviceContext, _device_constructors

from archcost.walk.abroad import add_mask, attend_with_dropout, drop
from archcost.walk.recurrent import fused_lstm, stepwise

if TYPE_CHECKING:
    from collections.abc import Callable

    from archcost.walk.autocast import Autocast

CONSTRUCTORS = _device_constructors()  # functions that take a device
OF_NUMBERS = frozenset((torch.tensor, torch.as_tensor))
LSTM, STEPWISE = torch.lstm, frozenset((torch.gru, torch.rnn_tanh, torch.rnn_relu))
REPLACED = STEPWISE | {LSTM, scaled_dot_product_attention, functional.dropout}
# torch's own layers that neither make a tensor nor attend
QUIET = frozenset((nn.Conv2d, nn.Linear, nn.BatchNorm2d, nn.LayerNorm, nn.ReLU, nn.ReLU6, nn.GELU, nn.SiLU, nn.Dropout))


class MetaDevice(DeviceContext):
    """`torch.device("meta")` as a context, with the attention kernel of the CPU where the CPU would take it.

    torch takes attention apart on the meta device, into products whose scores no real device keeps. `like` "cuda",
    dropout and attention with it run as CUDA's kernels.
    """

    def __init__(self, autocast: Autocast | None = None, like: str = "cpu") -> None:
        super().__init__("meta")
        self._like_cuda = like == "cuda"
        self._autocast = autocast
        self._resting = False

    def __exit__(self, *exception: object) -> None:
        """Go, even where an interrupt left it resting."""
        self.wake()
        super().__exit__(*exception)  # type: ignore[no-untyped-call]

    def rest(self, module: nn.Module) -> None:
        """Step aside while a quiet module runs: to be asked about each function takes as long as the function."""
        if type(module) not in QUIET or module._forward_pre_hooks or module._forward_hooks:  # hooks may do anything
            return
        if self._like_cuda and module.training and type(module) is nn.Dropout:
            return
        top = torch._C._len_torch_function_stack() - 1
        if top >= 0 and torch._C._get_function_stack_at(top) is self:
            torch._C._pop_torch_function_stack()
            self._resting = True

    def wake(self) -> None:
        """Come back, if it rests."""
        if self._resting:
            torch._C._push_on_torch_function_stack(self)
            self._resting = False

    def __torch_function__(self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None) -> Any:
        """Run one function of torch."""
        if func in REPLACED:
            result = self._replace(func, args, kwargs or {})
            if result is not NotImplemented:
                return result
        if func not in CONSTRUCTORS:
            return func(*args, **(kwargs or {}))
        made = super().__torch_function__(func, types, args, kwargs)  # type: ignore[no-untyped-call]
        if func in OF_NUMBERS and not isinstance((*args, *(kwargs or {}).values())[0], torch.Tensor):
            return torch.ops.aten.lift_fresh(made)  # as on every other device
        return made

    def _replace(self, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Run a function by the kernel of a real device; NotImplemented where that takes it apart, too."""
        if func is scaled_dot_product_attention and self._casts("scaled_dot_product_attention"):
            args, kwargs = self._autocast.lower((args, kwargs))  # type: ignore[union-attr] # there is one that casts
        for kernel in self._kernels(func):
            result = kernel(*args, **kwargs)
            if result is not NotImplemented:
                return result
        return func(*args, **kwargs) if func is scaled_dot_product_attention else NotImplemented

    def _kernels(self, func: Any) -> tuple[Callable[..., Any], ...]:
        if func is scaled_dot_product_attention:
            return (attend_with_dropout, _attention) if self._like_cuda else (_attention,)
        if func is functional.dropout:
            return (drop,) if self._like_cuda else ()
        if func is LSTM:
            return () if self._casts("mkldnn_rnn_layer") else (fused_lstm,)
        return (partial(stepwise, func.__name__),)

    def _casts(self, name: str) -> bool:
        return self._autocast is not None and bool(self._autocast.policy(name))


def _attention(  # the function's own arguments
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attn_mask: torch.Tensor | None = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    scale: float | None = None,
    enable_gqa: bool = False,
) -> Any:
    if (
        dropout_p
        or len({query.dtype, key.dtype, value.dtype}) > 1
        or (attn_mask is not None and attn_mask.dtype not in {torch.bool, query.dtype})
    ):
        return NotImplemented
    with torch._C._DisableTorchDispatch():
        mask = None if attn_mask is None else _on_cpu(attn_mask)
        choice = torch._fused_sdp_choice(
            _on_cpu(query), _on_cpu(key), _on_cpu(value), mask, 0.0, is_causal, scale=scale, enable_gqa=enable_gqa
        )
    if choice != SDPBackend.FLASH_ATTENTION.value:
        return NotImplemented
    if attn_mask is not None and attn_mask.dtype == torch.bool:
        attn_mask = add_mask(attn_mask, query.dtype)
    fused = torch.ops.aten._scaled_dot_product_flash_attention_for_cpu
    return fused(query, key, value, 0.0, is_causal, attn_mask=attn_mask, scale=scale)[0]


def _on_cpu(tensor: torch.Tensor) -> torch.Tensor:
    """Return what looks the same to torch when it chooses a kernel, on the CPU, and holds a row of values at most."""
    row = tensor.shape[-1:] if tensor.stride()[-1:] == (1,) else ()
    seen = torch.empty(row, dtype=tensor.dtype, device="cpu").expand(tensor.shape)
    return seen.requires_grad_(tensor.requires_grad)
