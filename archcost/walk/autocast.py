"""Mixed precision: torch's own autocast on a real device, and the same casts on the meta device, where torch has none.

torch runs autocast as kernels of the dispatcher, above autograd, under a key that every device with an autocast has;
the meta device has none. The key of a device for which torch has no kernels (Graphcore's IPU) is lent to it here:
kernels under that key cast arguments as those of the CPU or of CUDA would, keep the casts of parameters, and hand on.
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
SWITCH = ("device_type", "dtype", "enabled", "cache_enabled")  # what torch.autocast takes
KEY = getattr(torch._C.DispatchKey, NAME)


class Autocast:
    """Mixed precision for a walk: `ready` around all of it, `active` around what runs within `torch.autocast`.

    The state that modules may ask for and change themselves (`torch.autocast(..., enabled=False)`) is torch's own, of
    the device whose lists are followed. On the meta device the CPU's has to be on as well: it is the one that
    checkpointing switches on again for what it runs twice.
    """

    def __init__(self, precision: MixedPrecision, device: str) -> None:
        self._lists = precision.lists
        self._wanted = DTYPES[precision.dtype]
        self._on_meta = device == "meta"
        self._keeps = False
        self._casts: dict[int, tuple[torch.Tensor, torch.Tensor]] = {}

    @contextmanager
    def ready(self) -> Iterator[None]:
        """Let tensors on the meta device be cast, wherever autocast is on."""
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
        """`torch.autocast`, on whatever device."""
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
        """Return what is to be done with an operator now."""
        on = torch.is_autocast_enabled("cpu") and torch.is_autocast_enabled(self._lists)
        return policies(self._lists).get(name) if on else None

    def lower(self, value: Any) -> Any:
        """Cast the tensors of a value into half precision."""
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
        # the last argument first, as torch's compiled kernels do: autograd runs the casts' gradients in that order
        named = {name: self._cast_all(kwargs[name], to) for name in reversed(kwargs)}
        cast = [self._cast_all(argument, to) for argument in reversed(args)]
        return op(*reversed(cast), **named)

    def _run_with_dtype(self, op: Any, policy: Policy, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Ask for a result in float32, unless a dtype was asked for already."""
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
        """Cast a tensor; a parameter's cast into half is kept while autocast is on, save in inference mode."""
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
            self._casts[id(tensor)] = (tensor, tensor.to(to))  # the tensor too, so that nothing else takes its number
        return self._casts[id(tensor)][1]


def accept_meta(restoration: Restoration) -> None:
    """Let a forward switch autocast off, and ask for it, by the device of a tensor on meta, where torch has none.

    The meta device has the state of the CPU. Switching autocast on there fails, as ever, unless the walk has it on.
    """
    for owner, name in ((torch.autocast, "__init__"), (torch, "is_autocast_enabled"), (torch, "get_autocast_dtype")):
        function = getattr(owner, name)
        restoration.add(partial(setattr, owner, name, function))
        setattr(owner, name, _accept(function))


@functools.cache
def _accept(function: Any) -> Any:
    """Return a function of torch's that takes the meta device for the CPU."""
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


_running: list[Autocast] = []  # the innermost last, should one walk run within another


def _is_eligible(tensor: torch.Tensor) -> bool:
    return tensor.is_meta and tensor.is_floating_point() and tensor.dtype != torch.float64


@contextmanager
def _switch_autocast(device: str, dtype: torch.dtype | None) -> Iterator[None]:
    """Switch a device's autocast on, or off for a dtype of None, whether or not there is such a device."""
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
    """Register the kernels, once; whoever holds the libraries keeps them."""
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
        if policy is None:  # not on the lists that are followed; what it is made of may be
            return op.redispatch(keys & below, *args, **kwargs)
        with torch._C._ExcludeDispatchKeyGuard(key):
            return autocast.run(op, policy, args, kwargs)

    return cast_and_run
