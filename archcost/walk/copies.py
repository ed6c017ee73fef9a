"""Networks without weights: copies on the meta device, and construction without filling the parameters."""

from __future__ import annotations

import copy
import copyreg
import functools
from collections import Counter
from contextlib import suppress
from types import FunctionType, MappingProxyType
from typing import TYPE_CHECKING, Any, Self

import torch
from torch import nn
from torch.nn import init
from torch.nn.modules.batchnorm import _NormBase
from torch.nn.parameter import UninitializedTensorMixin  # type: ignore[attr-defined]
from torch.utils._device import DeviceContext

from archcost.errors import WalkError, first_line
from archcost.walk.arguments import opaque_within
from archcost.walk.attributes import ATOMS, CONTAINERS
from archcost.walk.tensors import wraps

META = torch.device("meta")
STRINGS = frozenset((str,))
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from archcost.walk.parts import Named, Parts
    from archcost.walk.values import Values

INITIALISERS = frozenset(function for name, function in vars(init).items() if name[0] != "_" and name[-1] == "_")
FILLS = frozenset(
    getattr(torch.Tensor, name)
    for name in "normal_ uniform_ erfinv_ fill_ zero_ copy_ add_ sub_ mul_ div_ clamp_".split()  # noqa: SIM905
)


class Unfilled(DeviceContext):
    """`torch.device(...)` as a context in which parameters stay unfilled, as no figure depends on their values.

    A constructor that needs the values of other tensors runs as usual. A network of 645 million parameters that
    computes its widths with tensors is built in milliseconds on the CPU.
    """

    def __init__(self, device: str | torch.device | None = None) -> None:
        super().__init__(torch.get_default_device() if device is None else device)
        self._outer: list[tuple[Any, Any]] = []  # torch notes what was on before for one use alone, and forgets none

    def __enter__(self) -> Self:
        """Go in, maybe once more."""
        self._outer.append((self.prev_mode, getattr(self, "old_device", None)))
        self.prev_mode = None
        super().__enter__()  # type: ignore[no-untyped-call]
        return self

    def __exit__(self, *exception: object) -> None:
        """Put back what was on before."""
        super().__exit__(*exception)  # type: ignore[no-untyped-call]
        self.prev_mode, self.old_device = self._outer.pop()

    def __torch_function__(self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None) -> Any:
        """Run one function of torch, unless it fills a parameter."""
        initialises = _initialises(func)
        if initialises or func in FILLS:
            filled = args[0] if args else kwargs["tensor"]
            allowed = initialises or not (filled.requires_grad and torch.is_grad_enabled())
            if isinstance(filled, nn.Parameter) and allowed:
                return filled
        return super().__torch_function__(func, types, args, kwargs)  # type: ignore[no-untyped-call]


def _initialises(func: Any) -> bool:
    """Whether a function is one of `torch.nn.init`, or a library's replacement for one, as in transformers."""
    return func in INITIALISERS or (type(func) is FunctionType and vars(init).get(func.__name__) is func)


def unfilled(device: str | torch.device = "meta") -> Unfilled:
    """Return a context in which modules are built without filling their parameters, on a device.

    Filling parameters (`nn.init`, `weight.data.normal_()`) takes half of a constructor's time, and an account reads no
    weights. Buffers and all other results of the constructor are as usual.

    Example:
        >>> from torch import nn
        >>> import archcost
        >>> with archcost.unfilled():
        ...     layer = nn.Linear(1000, 1000)
        >>> layer.weight.device.type
        'meta'
    """
    return Unfilled(device)


def meta_copy(parts: Parts, values: Values | None = None) -> nn.Module:
    """Copy a network's modules and attributes with every tensor replaced by one on the meta device.

    Shared tensors stay shared. The original's weights are neither changed nor copied; `values` learns the contents of
    its other tensors. Objects that cannot be copied (a lock, a Python module) are shared.

    Raises:
        WalkError: the network cannot be copied; the cause is a NotImplementedError.
    """
    with suppress(Exception):
        return _copy_to_meta(parts, values)
    try:
        return _copy_to_meta(parts, values, opaque_within([vars(module) for module in parts.modules.values()]))
    except Exception as error:  # noqa: BLE001 - a user's attribute may raise anything
        reason = first_line(error)
        cause = NotImplementedError(f"the network cannot be copied: {type(error).__name__}: {reason}")
        raise WalkError(f"{cause}; try --device cpu, which runs the network itself") from cause


def normal_copy(parts: Parts) -> nn.Module:
    """Copy a network built under inference_mode, with normal tensors that share its memory.

    Outside of inference mode torch refuses to write into an inference tensor, and multiplies by it with other
    operators.
    """
    held = (*[named.tensor for named in (*parts.parameters, *parts.buffers)], *parts.attributes.tensors)
    return _copy(parts, {id(tensor): _make_normal(tensor) for tensor in held})


def _copy_to_meta(parts: Parts, values: Values | None, shared_objects: Iterable[Any] = ()) -> nn.Module:
    memo: dict[int, Any] = {id(value): value for value in shared_objects}
    registered = [named.tensor for named in (*parts.parameters, *parts.buffers)]
    with torch.no_grad():
        held = {id(tensor): tensor for tensor in (*registered, *parts.attributes.tensors)}
        shared = _shared_storages(held.values())
        for key, tensor in held.items():
            memo[key] = _on_meta(tensor, shared)
    if values is not None:
        for tensor in (*[named.tensor for named in parts.buffers if not _counts(named)], *parts.attributes.tensors):
            values.learn(memo[id(tensor)], tensor)
    return _copy(parts, memo)


def _copy(parts: Parts, memo: dict[int, Any]) -> nn.Module:
    """Copy a network's modules and attributes; `memo` maps the id of each tensor to its replacement."""
    modules = parts.modules.values()
    if any(isinstance(module, torch.jit.ScriptModule) for module in modules):
        raise TypeError("a ScriptModule holds its weights in C++, out of reach")
    plain = [module for module in modules if _is_plain(type(module))]  # type: ignore[arg-type] # classes do hash
    memo.update({id(module): type(module).__new__(type(module)) for module in plain})
    memo.update({id(wrapper): copy.deepcopy(module, memo) for _, _, wrapper, module in parts.compiled})
    for module in plain:
        # the same result as `copy.deepcopy`, in a third of the time
        state = module.__getstate__()  # type: ignore[no-untyped-call]
        copied = {name: value if type(value) in ATOMS else _attribute(value, memo) for name, value in state.items()}
        memo[id(module)].__setstate__(copied)
    return copy.deepcopy(parts.network, memo)


def _counts(named: Named) -> bool:
    """Whether a buffer belongs to a batch norm with a fixed momentum, whose forward does not read the batch count."""
    return isinstance(named.owner, _NormBase) and named.owner.momentum is not None


@functools.cache
def _is_plain(kind: type[nn.Module]) -> bool:
    """Whether deepcopy would copy modules of a class by their attribute dictionaries alone."""
    usual = (getattr(kind, name) is getattr(object, name) for name in ("__new__", "__reduce__", "__reduce_ex__"))
    own = any(hasattr(kind, name) for name in ("__deepcopy__", "__getnewargs__", "__getnewargs_ex__"))
    return all(usual) and not own and not copyreg._slotnames(kind)  # type: ignore[attr-defined]


def _attribute(value: Any, memo: dict[int, Any]) -> Any:
    """Copy an attribute; most are a module's hook tables (usually empty), parameters, buffers and submodules."""
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


def deep_copy(parts: Parts) -> nn.Module:
    """Copy a network with its weights, including lazy tensors without a shape, which torch refuses to copy."""
    lazy = [
        tensor for _, tensor, _ in (*parts.parameters, *parts.buffers) if isinstance(tensor, UninitializedTensorMixin)
    ]
    return copy.deepcopy(parts.network, {id(tensor): _without_shape(tensor, tensor.device) for tensor in lazy})


def _without_shape(tensor: torch.Tensor, device: torch.device) -> torch.Tensor:
    kind: Any = type(tensor)
    lazy: torch.Tensor = kind(requires_grad=tensor.requires_grad, device=device, dtype=tensor.dtype)
    return lazy


def _make_normal(tensor: torch.Tensor) -> torch.Tensor:
    """Return a tensor, or a normal tensor that shares the memory of an inference tensor."""
    if not tensor.is_inference() or wraps(tensor) or tensor.layout != torch.strided:
        return tensor
    place = tensor.untyped_storage(), tensor.storage_offset(), tensor.size(), tensor.stride()
    with torch.no_grad():
        normal = torch.empty(0, dtype=tensor.dtype, device=tensor.device).set_(*place)
    if isinstance(tensor, nn.Parameter):
        return nn.Parameter(normal, requires_grad=tensor.requires_grad)
    return normal.requires_grad_(tensor.requires_grad)


def _shared_storages(tensors: Iterable[torch.Tensor]) -> dict[int, torch.UntypedStorage]:
    """Return a meta storage for each storage of several tensors, by its identity, so that views stay views."""
    plain = [t for t in tensors if type(t) in {torch.Tensor, nn.Parameter} and t.layout == torch.strided]
    storages = [tensor.untyped_storage() for tensor in plain]
    several = Counter(storage._cdata for storage in storages)
    return {
        storage._cdata: torch.UntypedStorage(storage.nbytes(), device=META)  # type: ignore[no-untyped-call]
        for storage in storages
        if several[storage._cdata] > 1
    }


def _on_meta(tensor: torch.Tensor, shared: Mapping[int, torch.UntypedStorage] = MappingProxyType({})) -> torch.Tensor:
    if isinstance(tensor, UninitializedTensorMixin):
        return _without_shape(tensor, META)
    if wraps(tensor):
        names, context = tensor.__tensor_flatten__()  # type: ignore[attr-defined] # of such a class
        parts = {name: _on_meta(getattr(tensor, name)) for name in names}
        kind: Any = type(tensor)
        like: torch.Tensor = kind.__tensor_unflatten__(parts, context, tensor.size(), tensor.stride())
    elif type(tensor) in {torch.Tensor, nn.Parameter} and shared and tensor.untyped_storage()._cdata in shared:
        there, place = shared[tensor.untyped_storage()._cdata], tensor.storage_offset()
        like = torch.empty(0, dtype=tensor.dtype, device=META).set_(there, place, tensor.size(), tensor.stride())
    else:
        like = torch.empty_strided(tensor.size(), tensor.stride(), dtype=tensor.dtype, device=META)
    if isinstance(tensor, nn.Parameter):
        return nn.Parameter(like, requires_grad=tensor.requires_grad)
    return like.requires_grad_(tensor.requires_grad) if tensor.is_leaf else like
