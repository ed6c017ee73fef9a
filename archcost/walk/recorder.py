"""What is running: a dispatch mode that writes every operator down, with named arguments and storage identities."""

from __future__ import annotations

import functools
import weakref
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import torch

from archcost.errors import WalkError
from archcost.records import INPUT, OpCall, ParamSpec, StorageSpec, TensorSpec
from archcost.walk import shapes
from archcost.walk.mode import LightMode
from archcost.walk.tensors import find_tensors

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

PLAIN_TYPES = (int, float, bool, str, complex, type(None))
PLAIN = frozenset(PLAIN_TYPES)


@dataclass(slots=True, eq=False)
class _Storage:
    """What is known of a storage. Tensors in it are known by their offset, shape and strides.

    `values` are the operators that made them, `writes` those that wrote into any part of the storage, and `specs` the
    descriptions that hold until the next operator makes or writes a tensor here.
    """

    number: int
    nbytes: int
    itemsize: int
    kind: Any
    born: int
    died: int | None = None
    writes: list[int] = field(default_factory=list)
    values: dict[tuple[Any, ...], int] = field(default_factory=dict)
    specs: dict[tuple[Any, ...], TensorSpec] = field(default_factory=dict)

    def made(self, tensor: torch.Tensor, by: int) -> None:
        """Say which operator (or input of the network) a tensor comes from."""
        self.values[_place(tensor)] = by
        self.specs.clear()

    def sources(self, place: tuple[Any, ...]) -> tuple[int, ...]:
        """Return the operators whose results lie at a place: the one that made it, and later writes."""
        value = self.values.get(place, self.born if self.born >= 0 else None)
        if self.writes and self.writes[-1] > (-1 if value is None else value):
            since = tuple(index for index in self.writes if value is None or index > value)
            return since if value is None else (value, *since)
        return () if value is None else (value,)


class Recorder(LightMode):  # type: ignore[no-untyped-call]
    """Record every operator that reaches the dispatcher while the mode is active.

    Storages are known by number. One that an operator returns and nobody has seen before was allocated by it
    ("fresh"); an output whose storage is known already is a view or an in-place result.

    Values are known by where they lie (storage, offset, shape, strides), so that the operators whose results a
    tensor holds are found again, through views and after in-place writes to any part of its storage.
    """

    def __init__(self) -> None:
        super().__init__()
        self.ops: list[OpCall] = []
        self.running = [-1]  # numbers of module calls, the innermost last; -1 outside of all
        self.phase: Literal["forward", "loss", "backward", "step"] = "forward"
        self.unregistered = 0
        self._events = 0
        self._alive: dict[int, _Storage] = {}
        self._storages: list[_Storage] = []
        self._references: list[weakref.ref[Any]] = []
        self._overwritten: dict[int, tuple[Any, Any]] = {}
        self._nodes: dict[int | None, int] = {}

    def tick(self) -> int:
        """Count one event, so that operators and module calls share one order."""
        self._events += 1
        return self._events

    @property
    def storages(self) -> tuple[StorageSpec, ...]:
        """Every storage seen, by number."""
        return tuple(
            StorageSpec(nbytes=s.nbytes, itemsize=s.itemsize, kind=s.kind, born=s.born, died=s.died)
            for s in self._storages
        )

    def introduce_inputs(self, tensors: list[torch.Tensor]) -> tuple[TensorSpec, ...]:
        """Number the network's inputs before the walk."""
        specs = []
        for position, tensor in enumerate(tensors):
            self._storage(tensor, "input").made(tensor, by=INPUT - position)
            specs.append(self.describe(tensor))
        return tuple(specs)

    def introduce(self, name: str, tensor: torch.Tensor, role: Any) -> ParamSpec:
        """Number a parameter or a buffer before the walk."""
        storage = self._storage(tensor, "buffer" if role == "buffer" else "parameter")
        return ParamSpec(
            name=name,
            shape=tuple(tensor.shape),
            dtype=_dtype(tensor.dtype),
            storage=storage.number,
            offset=int(tensor.storage_offset()),
            nbytes=_addressed_bytes(tensor),
            requires_grad=tensor.requires_grad,
            role=role,
        )

    def number(self, tensor: torch.Tensor, kind: str) -> int:
        """Return the number of a tensor's storage; `kind` is what it is if nobody has seen it before."""
        return self._storage(tensor, kind).number

    def rename(self, tensors: Iterable[torch.Tensor], kind: str) -> None:
        """Say what storages turned out to be, once the walk has shown it: gradients, an optimizer's state."""
        for tensor in tensors:
            self._storage(tensor, kind).kind = kind

    def operator_of(self, node: int) -> int | None:
        """Return the forward operator that made an autograd node, by the node's number."""
        return self._nodes.get(node)

    def describe(self, tensor: torch.Tensor) -> TensorSpec:
        """Describe a tensor as it is now."""
        return _described(tensor, self._storage(tensor, "constant"))

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """Run one operator and write it down."""
        del types
        schema = _schema(func)
        if schema.op.startswith("profiler."):  # the marks that torch's optimizers leave for its profiler
            return func(*args, **(kwargs or {}))
        if schema.composite:
            # Under a forward's own inference_mode whole functions arrive (aten.conv2d): take them apart, so that the
            # operators are those of no_grad.
            with self:
                return func.decompose(*args, **(kwargs or {}))
        with torch._C.DisableTorchFunction():  # reading a tensor's shape is not the network's business
            return self._record(func, schema, args, kwargs or {})

    def _record(self, func: Any, schema: _Schema, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        inputs: list[TensorSpec] = []
        described = schema.defaults.copy()
        for name, value in (*zip(schema.names, args, strict=False), *kwargs.items()):
            described[name] = value if type(value) in PLAIN else self._argument(value, inputs)
        written = schema.written_of(args, kwargs) if schema.written else ()
        if written:
            self._keep(written)
        node = _running_node() if self.phase == "backward" else newest_node()
        forward_of = self._nodes.get(node) if self.phase == "backward" else None
        if forward_of is not None and torch.is_grad_enabled():
            # checkpointing runs a forward again: the gradients of that run belong where it belongs
            self._nodes.setdefault(newest_node(), forward_of)

        result = shapes.run(func, args, kwargs)

        index = len(self.ops)
        changed = [self._storage(tensor, "constant") for tensor in written]
        for storage, tensor in zip(changed, written, strict=True):
            storage.writes.append(index)
            storage.made(tensor, by=index)
        self.ops.append(
            OpCall(
                index=index,
                order=self.tick(),
                op=schema.op,
                args=described,
                inputs=tuple(inputs),
                outputs=tuple([self._output(tensor, index) for tensor in find_tensors(result)]),
                written=tuple([storage.number for storage in changed]),
                module=self.running[-1],
                phase=self.phase,
                forward_of=forward_of,
            )
        )
        if self.phase != "backward":
            self._nodes.setdefault(node, index)
        return result

    def _keep(self, written: Iterable[torch.Tensor]) -> None:
        """Copy what a parameter holds before an operator first writes into it."""
        for tensor in written:
            known = self._storage(tensor, "constant")
            if known.kind == "parameter" and not tensor.is_meta and known.number not in self._overwritten:
                storage = tensor.untyped_storage()
                self._overwritten[known.number] = (storage, storage.clone())  # type: ignore[no-untyped-call]

    @contextmanager
    def parameters_kept(self) -> Iterator[None]:
        """Give parameters that the network writes into the values that they had, even when the body raises."""
        try:
            yield
        finally:
            for storage, before in self._overwritten.values():
                storage.copy_(before, non_blocking=False)

    def _argument(self, value: Any, inputs: list[TensorSpec]) -> Any:
        if isinstance(value, torch.Tensor):
            spec = self.describe(value)
            inputs.append(spec)
            return spec
        if isinstance(value, list | tuple):
            return tuple([item if type(item) in PLAIN else self._argument(item, inputs) for item in value])
        if isinstance(value, torch.SymInt | torch.SymFloat | torch.SymBool):
            raise WalkError(f"a size of the network is symbolic ({value}); archcost counts networks of fixed sizes")
        return _constant(value)

    def _output(self, tensor: torch.Tensor, index: int) -> TensorSpec:
        storage = self._storage(tensor, "fresh")
        storage.made(tensor, by=index)
        return _described(tensor, storage)

    def _storage(self, tensor: torch.Tensor, kind: str) -> _Storage:
        """Return what is known of a tensor's storage; `kind` is what it is if nobody has seen it before."""
        plain = _plain_storage(tensor)
        key = plain._cdata
        storage = self._alive.get(key)
        if storage is None:
            storage = self._alive[key] = _Storage(
                number=len(self._storages),
                nbytes=plain.nbytes(),
                itemsize=tensor.element_size(),
                kind=kind,
                born=len(self.ops) if kind in {"fresh", "gradient"} else -1,
            )
            if kind == "constant" and tensor.requires_grad and tensor.is_leaf:
                self.unregistered += 1
            self._storages.append(storage)
            self._references.append(weakref.ref(plain, functools.partial(self._died, key, storage)))
        return storage

    def _died(self, key: int, storage: _Storage, _reference: Any) -> None:
        storage.died = len(self.ops)
        self._alive.pop(key, None)


def _plain_storage(tensor: torch.Tensor) -> Any:
    failure = None
    if not tensor.is_nested:  # a nested tensor has a storage, but neither a shape nor strides
        try:
            return tensor.untyped_storage()
        except (NotImplementedError, RuntimeError) as error:
            failure = error
    layout = "nested" if tensor.is_nested else str(tensor.layout).removeprefix("torch.")
    raise WalkError(
        f"a {layout} tensor of {_dtype(tensor.dtype)} has no plain storage, so its memory cannot be accounted "
        "for; archcost counts networks on strided tensors"
    ) from failure


def newest_node() -> int:
    """Number of the autograd node of a forward operator: torch counts up just before the dispatch mode sees it."""
    return int(torch._C._autograd._get_sequence_nr()) - 1


def _running_node() -> int | None:
    """Number of the autograd node that a backward operator belongs to."""
    node = torch._C._current_autograd_node()
    return None if node is None else int(node._sequence_nr())


class _Schema(NamedTuple):
    op: str
    names: tuple[str, ...]
    defaults: dict[str, Any]
    written: tuple[str, ...]
    composite: bool

    def written_of(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[torch.Tensor, ...]:
        """Return the tensors among a call's arguments that it writes into."""
        bound = {**dict(zip(self.names, args, strict=False)), **kwargs}
        return tuple(tensor for name in self.written for tensor in find_tensors(bound.get(name)))


@functools.cache
def _schema(func: Any) -> _Schema:
    arguments = func._schema.arguments
    return _Schema(
        op=func._schema.name.replace("::", "."),
        names=tuple(argument.name for argument in arguments if not argument.kwarg_only),
        defaults={a.name: _constant(a.default_value) for a in arguments if a.has_default_value()},
        written=tuple(a.name for a in arguments if a.alias_info is not None and a.alias_info.is_write),
        composite=_has_kernel(func, "CompositeImplicitAutograd") and not _has_kernel(func, "CPU"),
    )


def _has_kernel(func: Any, key: str) -> bool:
    return bool(torch._C._dispatch_has_kernel_for_dispatch_key(func.name(), key))


@functools.cache
def _dtype(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")


def _constant(value: Any) -> Any:
    """Describe an argument that holds no tensor."""
    if isinstance(value, list | tuple):
        return tuple(_constant(item) for item in value)
    if isinstance(value, PLAIN_TYPES):
        return value
    return _dtype(value) if isinstance(value, torch.dtype) else str(value)


def _place(tensor: torch.Tensor) -> tuple[Any, ...]:
    return tensor.storage_offset(), tensor.shape, tensor.stride()


def _described(tensor: torch.Tensor, storage: _Storage) -> TensorSpec:
    place = _place(tensor)
    key = (tensor.dtype, place)
    spec = storage.specs.get(key)
    if spec is None:
        spec = storage.specs[key] = TensorSpec(
            shape=tuple(tensor.shape),
            dtype=_dtype(tensor.dtype),
            storage=storage.number,
            offset=int(tensor.storage_offset()),
            nbytes=_addressed_bytes(tensor),
            sources=storage.sources(place),
        )
    return spec


def _addressed_bytes(tensor: torch.Tensor) -> int:
    elements = tensor.numel()
    if elements and 0 in tensor.stride():
        for size, stride in zip(tensor.shape, tensor.stride(), strict=True):
            if stride == 0:
                elements //= size
    return elements * tensor.element_size()
