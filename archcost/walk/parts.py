"""The parts of a network: its modules, parameters and buffers, and the other attributes of its modules."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, NamedTuple

from torch.nn.parameter import UninitializedTensorMixin  # type: ignore[attr-defined]

from archcost.errors import WalkError
from archcost.walk.attributes import attributes_of
from archcost.walk.packed import find_packs
from archcost.walk.tensors import PLAIN_TENSORS, is_fake

if TYPE_CHECKING:
    from torch import Tensor, nn

    from archcost.walk.attributes import Attributes


class Named(NamedTuple):
    """A parameter or buffer, its name, and its module."""

    name: str
    tensor: Any
    owner: nn.Module


class Compiled(NamedTuple):
    """A module that `torch.compile` has wrapped: its parent, its name in the parent, the wrapper and the module."""

    owner: nn.Module
    name: str
    wrapper: nn.Module
    module: nn.Module


class Parts:
    """The parts of a network, as in `named_parameters()` and `named_buffers()`, but in one pass over the modules.

    `modules` are keyed by path, in the order of `named_modules()`. Shared modules, parameters and buffers appear once,
    under their first names. A module that `torch.compile` has wrapped appears itself, under the wrapper's name.

    Raises:
        WalkError: a tensor is sharded over several devices, or has no shape yet; names the first one. With `lazy`, a
            tensor may lack a shape, and its name is kept in `lazy`.
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
            if type(tensor) in PLAIN_TENSORS:  # almost all
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
        """The other contents of its modules, collected at the first access."""
        return attributes_of(self.modules.values())

    @functools.cached_property
    def packs(self) -> frozenset[nn.Module]:
        """The modules that only hold packed weights."""
        return find_packs(self.modules.values())

    def unwrap(self) -> None:
        """Replace the wrappers of `torch.compile` by their modules."""
        for owner, name, _, module in self.compiled:
            owner._modules[name] = module

    @property
    def on_meta(self) -> bool:
        """Whether every tensor, including plain attributes, is on the meta device, and none is fake."""
        for tensor in self._tensors:
            if not tensor.is_meta or (type(tensor) not in PLAIN_TENSORS and is_fake(tensor)):
                return False
        return True

    @property
    def is_fake(self) -> bool:
        """Whether a tensor, including plain attributes, was made within torch's `FakeTensorMode`."""
        return any(type(tensor) not in PLAIN_TENSORS and is_fake(tensor) for tensor in self._tensors)

    @property
    def _tensors(self) -> list[Tensor]:
        return [*[named.tensor for named in (*self.parameters, *self.buffers)], *self.attributes.tensors]

    @property
    def of_inference(self) -> bool:
        """Whether one of its tensors was created under `torch.inference_mode`."""
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
                        # bypasses the constructor of named tuples, a slow Python function
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
    """Return a name that can be written as UTF-8: a lone surrogate is replaced by its escaped number."""
    return name if name.isascii() else name.encode(errors="backslashreplace").decode()
