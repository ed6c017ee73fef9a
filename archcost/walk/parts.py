"""What a network is made of: its modules, parameters and buffers, and whatever else its modules hold."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, NamedTuple

from torch.nn.parameter import UninitializedTensorMixin  # type: ignore[attr-defined]

from archcost.errors import WalkError
from archcost.walk.attributes import attributes_of
from archcost.walk.tensors import PLAIN_TENSORS

if TYPE_CHECKING:
    from torch import nn

    from archcost.walk.attributes import Attributes


class Named(NamedTuple):
    """A parameter or buffer, its name, and the module that has it."""

    name: str
    tensor: Any
    owner: nn.Module


class Compiled(NamedTuple):
    """A module that `torch.compile` has wrapped: its owner, its name there, the wrapper and the module itself."""

    owner: nn.Module
    name: str
    wrapper: nn.Module
    module: nn.Module


class Parts:
    """A network taken apart, as `named_parameters()` and `named_buffers()` do with a walk through all modules each.

    `modules` are by path, in the order of `named_modules()`. They, `parameters` and `buffers` are there once each,
    under their first names. Of what `torch.compile` has wrapped the module itself is taken, under the wrapper's name.

    Raises:
        WalkError: naming the first tensor that is sharded over several machines, or that has no shape yet, unless it
            may be `lazy`: the name is kept then.
    """

    def __init__(self, network: nn.Module, *, lazy: bool = False) -> None:
        self.network = network
        self.modules: dict[str, nn.Module] = {}
        self.parameters: list[Named] = []
        self.buffers: list[Named] = []
        self.lazy: str | None = None
        self.compiled: list[Compiled] = []
        self._take_apart(network, "", set())
        for name, tensor, _ in (*self.parameters, *self.buffers):
            if type(tensor) in PLAIN_TENSORS:  # nearly all
                continue
            if hasattr(tensor, "placements"):
                raise WalkError(
                    f"{name} is sharded (a {type(tensor).__name__}, as fully_shard or a parallel plan leaves behind): "
                    "archcost counts whole networks; profile it before it is sharded"
                )
            if isinstance(tensor, UninitializedTensorMixin):
                self.lazy = self.lazy or name
                if lazy:
                    continue
                raise WalkError(f"{name} has no shape yet (a lazy module); run the network once before it is profiled")

    @functools.cached_property
    def attributes(self) -> Attributes:
        """What its modules hold besides, at the time when this is first asked for."""
        return attributes_of(self.modules.values())

    def unwrap(self) -> None:
        """Put modules in the places of the wrappers that `torch.compile` made."""
        for owner, name, _, module in self.compiled:
            owner._modules[name] = module

    @property
    def on_meta(self) -> bool:
        """Whether every tensor, plain attributes included, is on the meta device."""
        registered = [named.tensor for named in (*self.parameters, *self.buffers)]
        return all([tensor.is_meta for tensor in (*registered, *self.attributes.tensors)])  # noqa: C419 - quicker

    @property
    def of_inference(self) -> bool:
        """Whether a tensor of its own was made under `torch.inference_mode`."""
        registered = [named.tensor for named in (*self.parameters, *self.buffers)]
        return any(tensor.is_inference() for tensor in (*registered, *self.attributes.tensors))

    def _take_apart(self, module: nn.Module, path: str, seen: set[int]) -> None:
        seen.add(id(module))
        self.modules[path] = module
        prefix = f"{path}." if path else ""
        for tensors, table in ((self.parameters, module._parameters), (self.buffers, module._buffers)):
            if table:
                for name, tensor in table.items():
                    if tensor is not None and id(tensor) not in seen:
                        seen.add(id(tensor))
                        # past the named tuple's constructor: see `storages`
                        tensors.append(tuple.__new__(Named, (prefix + _write_name(name), tensor, module)))
        for name, given in module._modules.items():
            child = given
            while child is not None and "_orig_mod" in child._modules:
                child = child._modules["_orig_mod"]
            if child is None:
                continue
            if child is not given and given is not None:
                self.compiled.append(Compiled(module, name, given, child))
            if id(child) not in seen:
                self._take_apart(child, prefix + _write_name(name), seen)


@functools.lru_cache(maxsize=1 << 10)
def _write_name(name: str) -> str:
    """Return a name that a file can hold: half of a surrogate pair by its number."""
    return name if name.isascii() else name.encode(errors="backslashreplace").decode()
