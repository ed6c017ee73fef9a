"""Mixed precision: torch's own autocast on a real device; the same casts on the meta device, which has no autocast.

torch implements autocast as dispatcher kernels above autograd. Every device with autocast has a dispatch key for them;
the meta device lacks one. It borrows the key of a device without kernels in torch (Graphcore's IPU): kernels under that
key cast arguments as the CPU's or CUDA's would, cache the casts of parameters, and call the operator.
"""

from __future__ import annotations

import functools
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

import torch
from torch.library import Library, fallthrough_kernel

from archcost.walk.casts import Policy, norm_with_dtype, policies
from archcost.walk.tensors import find_tensors, map_tensors

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from archcost.records import MixedPrecision
    from archcost.walk.restoration import Restoration

DTYPES = {"bf16": torch.bfloat16, "fp16": torch.float16}
NAME, DEVICE = "AutocastIPU", "ipu"
SWITCH = ("device_type", "dtype", "enabled", "cache_enabled")  # the parameters of torch.autocast
KEY = getattr(torch._C.DispatchKey, NAME)


class Autocast:
    """Mixed precision for a walk: `ready` surrounds the whole walk, `active` the part within `torch.autocast`.

    Modules may read and change the autocast state (`torch.autocast(..., enabled=False)`); it is torch's own state of
    the device whose lists are followed. On the meta device the CPU's autocast must be on as well: checkpointing
    switches it on again when it recomputes.
    """

    def __init__(self, precision: MixedPrecision, device: str) -> None:
        self._lists = precision.lists
        self._wanted = DTYPES[precision.dtype]
        self._on_meta = device == "meta"
        self._keeps = False
        self._casts: dict[int, tuple[torch.Tensor, torch.Tensor]] = {}

    @contextmanager
    def ready(self) -> Iterator[None]:
        """Cast tensors on the meta device wherever autocast is on."""
        if not self._on_meta:
            yield
            return
        _install_kernels()
        with (
            _switch_autocast(DEVICE, self._wanted),
            _switch_autocast(self._lists, self._wanted),
            _switch_autocast("cpu", None),
        ):
            _running.append(self)
            try:
                with torch._C._IncludeDispatchKeyGuard(KEY):
                    yield
            finally:
                _running.pop()

    @contextmanager
    def active(self) -> Iterator[None]:
        """Enter `torch.autocast` on any device, including the meta device."""
        if not self._on_meta:
            with torch.autocast(self._lists, self._wanted):
                yield
            return
        with _switch_autocast("cpu", self._wanted):
            self._keeps = True
            try:
                yield
            finally:
                self._keeps = False
                self._casts.clear()

    @property
    def _dtype(self) -> torch.dtype:
        return torch.get_autocast_dtype(self._lists)

    def policy(self, name: str) -> Policy | None:
        """Return the cast policy of an operator under the current autocast state; None if autocast leaves it alone."""
        on = torch.is_autocast_enabled("cpu") and torch.is_autocast_enabled(self._lists)
        return policies(self._lists).get(name) if on else None

    def lower(self, value: Any) -> Any:
        """Cast the tensors of a value to half precision."""
        return self._cast_all(value, self._dtype)

    def run(self, op: Any, policy: Policy, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Run an operator with its arguments cast."""
        if policy == "refuse":
            raise RuntimeError(f"{op._schema.name} is unsafe in mixed precision, and CUDA's autocast refuses it")
        if policy in {"full dtype", "append dtype"}:
            return self._run_with_dtype(op, policy, args, kwargs)
        to = torch.float32 if policy == "full" else self._dtype
        if policy == "promote" and torch.float32 in {t.dtype for t in find_tensors((args, kwargs)) if _is_eligible(t)}:
            to = torch.float32
        # the last argument first, as in torch's compiled kernels: autograd runs the casts' gradients in that order
        named = {name: self._cast_all(kwargs[name], to) for name in reversed(kwargs)}
        cast = [self._cast_all(argument, to) for argument in reversed(args)]
        return op(*reversed(cast), **named)

    def _run_with_dtype(self, op: Any, policy: Policy, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Run an operator with a float32 result, unless the call names a dtype."""
        arguments = op._schema.arguments
        bound = {a.name: a.default_value for a in arguments if a.has_default_value()}
        bound |= dict(zip((a.name for a in arguments), args, strict=False)) | kwargs
        if policy == "append dtype":
            bound["dtype"] = torch.float32 if _is_eligible(args[0]) else args[0].dtype
            return norm_with_dtype(op._schema.overload_name)(**bound)
        if _is_eligible(args[0]) and bound["dtype"] is None:
            bound["dtype"] = torch.float32
        return op(**bound)

    def _cast_all(self, value: Any, to: torch.dtype) -> Any:
        return map_tensors(lambda tensor: self._cast(tensor, to), value)

    def _cast(self, tensor: torch.Tensor, to: torch.dtype) -> torch.Tensor:
        """Cast a tensor; cache a parameter's cast to half precision while autocast is on, except in inference mode."""
        if not _is_eligible(tensor) or tensor.dtype == to:
            return tensor
        kept = (
            self._keeps
            and not torch.is_inference_mode_enabled()
            and to == self._dtype
            and tensor.dtype == torch.float32
            and tensor.requires_grad
            and tensor.is_leaf
            and not tensor._is_view()
            and torch.is_autocast_cache_enabled()
        )
        if not kept:
            return tensor.to(to)
        if id(tensor) not in self._casts:
            self._casts[id(tensor)] = (tensor, tensor.to(to))  # hold the tensor, so that its id is not reused
        return self._casts[id(tensor)][1]


def accept_meta(restoration: Restoration) -> None:
    """Let a forward query autocast, or switch it off, for the device "meta", which torch would reject.

    The meta device has the state of the CPU. Switching autocast on there fails as usual, unless the walk uses autocast.
    """
    enter, is_on, dtype = torch.autocast.__init__, torch.is_autocast_enabled, torch.get_autocast_dtype
    restoration.add(partial(_set_functions, enter, is_on, dtype))
    _set_functions(_accept(enter), _accept(is_on), _accept(dtype))


def _set_functions(enter: Any, is_on: Any, dtype: Any) -> None:
    torch.autocast.__init__ = enter  # type: ignore[method-assign]
    torch.is_autocast_enabled, torch.get_autocast_dtype = is_on, dtype


@functools.cache
def _accept(function: Any) -> Any:
    """Return a function of torch that treats the meta device as the CPU."""
    place = int(function.__name__ == "__init__")

    @functools.wraps(function)
    def accepting(*args: Any, **kwargs: Any) -> Any:
        switched_on = place and (kwargs | dict(zip(SWITCH, args[1:], strict=False))).get("enabled", True)
        if switched_on and not _running:
            return function(*args, **kwargs)
        if kwargs.get("device_type") == "meta":
            kwargs["device_type"] = "cpu"
        elif args[place : place + 1] == ("meta",):
            args = (*args[:place], "cpu", *args[place + 1 :])
        return function(*args, **kwargs)

    return accepting


_running: list[Autocast] = []  # the innermost last, if one walk runs within another


def _is_eligible(tensor: torch.Tensor) -> bool:
    return tensor.is_meta and tensor.is_floating_point() and tensor.dtype != torch.float64


@contextmanager
def _switch_autocast(device: str, dtype: torch.dtype | None) -> Iterator[None]:
    """Switch a device's autocast on, or off for a dtype of None, even if this machine lacks the device."""
    before = torch.is_autocast_enabled(device), torch.get_autocast_dtype(device)
    torch.set_autocast_enabled(device, dtype is not None)
    torch.set_autocast_dtype(device, dtype or before[1])
    try:
        yield
    finally:
        torch.set_autocast_enabled(device, before[0])
        torch.set_autocast_dtype(device, before[1])


@functools.cache
def _install_kernels() -> tuple[Library, ...]:
    """Register the kernels once; they stay registered while the returned libraries are referenced."""
    rest, aten = (Library(namespace, "IMPL", NAME) for namespace in ("_", "aten"))  # type: ignore[no-untyped-call]
    rest.fallback(fallthrough_kernel, NAME)  # type: ignore[no-untyped-call]
    for name in sorted(policies("cpu").keys() | policies("cuda").keys()):
        packet, _, overload = name.partition(".")
        op = getattr(getattr(torch.ops.aten, packet), overload or "default")
        aten.impl(op, _kernel(op, name), with_keyset=True)  # type: ignore[no-untyped-call]
    return rest, aten


def _kernel(op: Any, name: str) -> Callable[..., Any]:
    key = torch._C.DispatchKeySet(KEY)
    below = torch._C._dispatch_keyset_full_after(KEY)

    def cast_and_run(keys: Any, *args: Any, **kwargs: Any) -> Any:
        autocast = _running[-1]
        policy = autocast.policy(name)
        if policy is None:  # not on the lists, but its component operators may be
            return op.redispatch(keys & below, *args, **kwargs)
        with torch._C._ExcludeDispatchKeyGuard(key):
            return autocast.run(op, policy, args, kwargs)

    return cast_and_run
