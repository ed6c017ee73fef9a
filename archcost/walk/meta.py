"""The meta device for a walk: a forward creates its tensors there, and attention stays one operator."""

from __future__ import annotations

import math
from contextlib import contextmanager, nullcontext, suppress
from functools import partial
from types import FunctionType
from typing import TYPE_CHECKING, Any

import torch
from torch import nn
from torch.nn import functional
from torch.nn.attention import SDPBackend
from torch.nn.functional import scaled_dot_product_attention
from torch.utils._device import DeviceContext, _device_constructors

from archcost.walk.abroad import BATCHED, add_mask, attend, drop
from archcost.walk.notes import Notes
from archcost.walk.recurrent import run_recurrent
from archcost.walk.shapes.results import IMAGES, as_on_cpu, channels_are_last
from archcost.walk.tensors import map_tensors
from archcost.walk.values import SMALL

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from archcost.walk.autocast import Autocast
    from archcost.walk.restoration import Restoration
    from archcost.walk.values import Values

CONSTRUCTORS = _device_constructors()  # functions with a device argument
NUMBERS = frozenset((int, float, bool, complex))
SPELLED = NUMBERS | {list, tuple, range}
LIFTED = frozenset((torch.tensor, torch.as_tensor))
RECURRENT = frozenset((torch.lstm, torch.gru, torch.rnn_tanh, torch.rnn_relu))
REPLACED = RECURRENT | {
    scaled_dot_product_attention,
    functional.dropout,
    functional.group_norm,
    functional.embedding_bag,
}
PLAIN = frozenset((torch.Tensor, nn.Parameter))
OF_NUMBERS = {torch.tensor: 0, torch.as_tensor: 0, torch.asarray: 0, torch.Tensor.new_tensor: 1}
# functions that read the values of an argument, by its place, before any operator runs
READING: dict[Any, int] = {
    **dict.fromkeys((torch.Tensor.numpy, torch.Tensor.__array__, torch.Tensor.__format__), 0),
    **dict.fromkeys((torch.tensor_split, torch.Tensor.tensor_split), 1),
}
GET, SET = torch.Tensor.__getitem__, torch.Tensor.__setitem__
ATTENTION: Any = functional.multi_head_attention_forward  # calls attention and dropout internally
SPECIAL = CONSTRUCTORS | OF_NUMBERS.keys() | READING.keys() | REPLACED | {GET, SET, ATTENTION}
_count_modes, _mode_at = torch._C._len_torch_function_stack, torch._C._get_function_stack_at
# torch's own modules that neither create a tensor by themselves nor call attention
QUIET = frozenset(
    (
        *(nn.Conv1d, nn.Conv2d, nn.Conv3d, nn.Linear, nn.Flatten, nn.Identity, nn.Dropout),
        *(nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d, nn.LayerNorm),
        *(nn.ReLU, nn.ReLU6, nn.GELU, nn.SiLU, nn.Sigmoid, nn.Hardswish, nn.Hardsigmoid, nn.Tanh, nn.LeakyReLU),
        *(nn.MaxPool2d, nn.AvgPool2d, nn.AdaptiveAvgPool2d, nn.Sequential),
    )
)


class MetaDevice(DeviceContext):
    """`torch.device("meta")` as a context, with the attention kernel that the followed device would choose.

    On the meta device torch decomposes attention into products whose scores no real device keeps. With `like` "cuda",
    dropout and attention run as CUDA's kernels.
    """

    def __init__(
        self,
        autocast: Autocast | None = None,
        values: Values | None = None,
        *,
        like: str = "cpu",
        notes: Notes | None = None,
    ) -> None:
        super().__init__("meta")
        self._like_cuda = like == "cuda"
        self._notes = notes or Notes()
        self._autocast = autocast
        self._values = values
        self._resting = 0  # the height of the stack of modes with this mode on top, while it rests

    def __exit__(self, *exception: object) -> None:
        """Leave the context, even if an interrupt left it resting."""
        self.wake()
        super().__exit__(*exception)  # type: ignore[no-untyped-call]

    def is_quiet(self, module: nn.Module) -> bool:
        """Whether a module's own code needs no mode: it neither creates tensors by itself nor calls attention."""
        if type(module) not in QUIET or module._forward_pre_hooks or module._forward_hooks:  # hooks may do anything
            return False
        return not (self._like_cuda and module.training and type(module) is nn.Dropout)

    def rest(self) -> None:
        """Leave the stack of modes while a quiet module runs: calling the mode takes as long as the function itself."""
        if self._resting:
            return
        height = _count_modes()
        if height and _mode_at(height - 1) is self:
            self._resting = height  # set first, as an interrupt may arrive between the two lines
            torch._C._pop_torch_function_stack()

    def wake(self) -> None:
        """Return to the stack of modes, if it rests."""
        if self._resting:
            if _count_modes() < self._resting:
                torch._C._push_on_torch_function_stack(self)
            self._resting = 0

    def __torch_function__(self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None) -> Any:
        """Run one function of torch."""
        if func not in SPECIAL:
            return func(*args, **(kwargs or {}))
        if func is ATTENTION and PLAIN.issuperset(types):
            return self._within(_attend_in_the_open, args, kwargs or {})
        if func is GET or func is SET:
            return func(*self._indexing(args))
        result = self._replace(func, args, kwargs or {}) if func in REPLACED else NotImplemented
        if result is not NotImplemented:
            return result
        if func in READING:
            args = self._real(func, args)
        if func not in CONSTRUCTORS and func not in OF_NUMBERS:
            return func(*args, **(kwargs or {}))
        # within a torch.func transform some releases refuse a new tensor on meta until it is lifted (`_made_of`)
        with torch._C._DisableFuncTorch() if func in LIFTED else nullcontext():
            made = super().__torch_function__(func, types, args, kwargs)  # type: ignore[no-untyped-call]
        return self._made_of(func, (*args, *(kwargs or {}).values()), made) if func in OF_NUMBERS else made

    def _real(self, func: Any, args: tuple[Any, ...]) -> tuple[Any, ...]:
        """Return a function's arguments; the one that it reads is replaced by its CPU twin, if its values are known."""
        place = READING[func]
        if self._values is None or len(args) <= place or not isinstance(args[place], torch.Tensor):
            return args
        with torch._C._DisableTorchDispatch():
            real = self._values.read(args[place])
        return args if real is None else (*args[:place], real, *args[place + 1 :])

    def _made_of(self, func: Any, arguments: tuple[Any, ...], made: torch.Tensor) -> torch.Tensor:
        """Return a tensor created from Python numbers, and note the numbers as its values."""
        numbers = arguments[OF_NUMBERS[func]]
        if isinstance(numbers, torch.Tensor):
            return made
        if made.is_meta and type(numbers) in SPELLED:  # a numpy array is copied to meta, and was lifted before
            made = torch.ops.aten.lift_fresh(made)  # as torch does itself on every other device
        values = self._values
        if values is not None and made.numel() <= SMALL:
            with torch._C._DisableTorchDispatch(), suppress(Exception):  # the value of a number on meta is unknown
                values.note(made, torch.tensor(map_tensors(values.twin, numbers), dtype=made.dtype, device="cpu"))
        return made

    def _within(self, func: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Run a function with this mode active for its inner calls of torch."""
        torch._C._push_on_torch_function_stack(self)
        try:
            return func(*args, **kwargs)
        finally:
            torch._C._pop_torch_function_stack()

    def _indexing(self, args: tuple[Any, ...]) -> tuple[Any, ...]:
        """Return the arguments of `x[index]` or `x[index] = value`, converted as on a real device.

        There torch converts a list to a tensor, and a number to write to a tensor on the CPU.
        """
        tensor, index, *value = args
        if type(index) is list and index and all(type(place) is int for place in index):
            index = self._list(index)
        elif type(index) is tuple and any(type(place) is list for place in index):
            index = tuple(self._list(place) if type(place) is list else place for place in index)
        if value and type(value[0]) in NUMBERS and not tensor.is_quantized:
            value = [torch.ops.aten.lift_fresh(torch.tensor(value[0], dtype=tensor.dtype, device="cpu"))]
            if self._values is not None:
                self._values.know(value[0])
        return (tensor, index, *value)

    def _list(self, places: list[Any]) -> Any:
        made = torch.tensor(places, device=self.device)
        return self._made_of(torch.tensor, (places,), made) if made.numel() else places

    def _replace(self, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Run a function by the kernel of a real device; NotImplemented if the real device decomposes it, too."""
        if func is scaled_dot_product_attention and self._casts("scaled_dot_product_attention"):
            args, kwargs = self._autocast.lower((args, kwargs))  # type: ignore[union-attr] # there is one that casts
        for kernel in self._kernels(func):
            result = kernel(*args, **kwargs)
            if result is not NotImplemented:
                return result
        return func(*args, **kwargs) if func is scaled_dot_product_attention else NotImplemented

    def _kernels(self, func: Any) -> tuple[Callable[..., Any], ...]:
        if func is scaled_dot_product_attention:
            return (partial(attend, notes=self._notes),) if self._like_cuda else (_attention,)
        if func is functional.dropout:
            return (drop,) if self._like_cuda else ()
        if func is functional.group_norm:
            return () if self._like_cuda else (_normalise_groups,)
        if func is functional.embedding_bag:
            return () if self._like_cuda else (_add_up_bags,)
        return (partial(run_recurrent, func.__name__, self._casts("mkldnn_rnn_layer")),)

    def _casts(self, name: str) -> bool:
        return self._autocast is not None and bool(self._autocast.policy(name))


def follow_again(device: MetaDevice, restoration: Restoration) -> None:
    """Make torch's own contexts for the meta device act like this one while operators are recorded.

    A checkpoint recomputes its part of the forward within the original context. Since 2.14 torch creates a new context
    for that, which only sets the device.
    """
    plain: Any = DeviceContext.__torch_function__

    def follow(context: Any, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None) -> Any:
        if type(context) is DeviceContext and context.device.type == "meta" and torch._C._len_torch_dispatch_stack():
            return device.__torch_function__(func, types, args, kwargs)
        return plain(context, func, types, args, kwargs)

    restoration.add(partial(setattr, DeviceContext, "__torch_function__", plain))
    DeviceContext.__torch_function__ = follow  # type: ignore[method-assign]


def _without_asking(function: FunctionType) -> FunctionType:
    """Return a copy of a torch function that skips the active modes for itself, but not for its inner calls.

    torch passes only the function itself to a mode, not its inner calls, such as an attention kernel.
    """
    asks = [name for name in function.__code__.co_names if name.startswith("has_torch_function")]
    names = {**function.__globals__, **dict.fromkeys(asks, lambda *_: False)}
    copy = FunctionType(function.__code__, names, function.__name__, function.__defaults__, function.__closure__)
    copy.__kwdefaults__ = function.__kwdefaults__
    return copy


_attend_in_the_open = _without_asking(ATTENTION)


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
    batched = query.dim() == BATCHED
    if not batched:  # torch releases that fuse unbatched tensors add a batch dimension
        query, key, value = (tensor.unsqueeze(0) for tensor in (query, key, value))
        while attn_mask is not None and attn_mask.dim() < BATCHED:
            attn_mask = attn_mask.unsqueeze(0)
    if attn_mask is not None and attn_mask.dtype == torch.bool:
        attn_mask = add_mask(attn_mask, query.dtype)
    fused = torch.ops.aten._scaled_dot_product_flash_attention_for_cpu
    result = fused(query, key, value, 0.0, is_causal, attn_mask=attn_mask, scale=scale)[0]
    return result if batched else result.squeeze(0)


def _normalise_groups(image: torch.Tensor, groups: int, weight: Any = None, bias: Any = None, eps: float = 1e-5) -> Any:
    """Return a group norm of channels-last images: the CPU keeps their layout, a GPU makes them contiguous."""
    if image.dim() < IMAGES or not channels_are_last(image) or image.shape[1] % groups:
        return NotImplemented
    batch, channels, *sides = image.shape
    with _following_the_cpu():
        return torch.native_group_norm(image, weight, bias, batch, channels, math.prod(sides), groups, eps)[0]


def _add_up_bags(*args: Any, **kwargs: Any) -> Any:
    """Return an embedding bag: the CPU keeps other tensors for the backward pass than a GPU."""
    with _following_the_cpu():
        return functional.embedding_bag(*args, **kwargs)


@contextmanager
def _following_the_cpu() -> Iterator[None]:
    asked = as_on_cpu.set(True)
    try:
        yield
    finally:
        as_on_cpu.reset(asked)


def _on_cpu(tensor: torch.Tensor) -> torch.Tensor:
    """Return a CPU tensor that looks the same to torch's choice of a kernel, with memory for one row at most."""
    row = tensor.shape[-1:] if tensor.stride()[-1:] == (1,) else ()
    seen = torch.empty(row, dtype=tensor.dtype, device="cpu").expand(tensor.shape)
    return seen.requires_grad_(tensor.requires_grad)
