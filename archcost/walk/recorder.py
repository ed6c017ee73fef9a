"""What is running: a dispatch mode that writes every operator down, with named arguments and storage identities."""

from __future__ import annotations

import functools
import gc
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import torch

from archcost.errors import WalkError
from archcost.records import INPUT, OpCall, ParamSpec
from archcost.walk import shapes
from archcost.walk.mode import LightMode
from archcost.walk.storages import Storages, dtype_name
from archcost.walk.tensors import find_tensors

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from archcost.records import TensorSpec

PLAIN_TYPES = (int, float, bool, str, complex, type(None))
PLAIN = frozenset(PLAIN_TYPES)
COMPILER = "torch._dynamo"  # imported by the first checkpoint, or the first meta kernel that is written in Python
LIFT = torch.ops.aten.lift_fresh.default  # what torch.tensor(...) has just made
EMPTY, NO_PLACES = torch.ops.aten.empty.memory_format, [0]  # what every batch norm asks for, to leave it unused


class Recorder(LightMode):  # type: ignore[no-untyped-call]
    """Record every operator that reaches the dispatcher while the mode is active.

    Storages are known by number. One that an operator returns and nobody has seen before was allocated by it
    ("fresh"); an output whose storage is known already is a view or an in-place result. Which operator made an autograd
    node is noted where a training step follows.
    """

    def __init__(self, *, training: bool = False) -> None:
        super().__init__()
        self._training = training
        self.ops: list[OpCall] = []
        self.running = [-1]  # numbers of module calls, the innermost last; -1 outside of all
        self.phase: Literal["forward", "loss", "backward", "step"] = "forward"
        self.storages = Storages(self.ops)
        self._events = 0
        self._overwritten: dict[int, tuple[Any, Any]] = {}
        self._nodes: dict[int | None, int] = {}
        self._compiler = COMPILER in sys.modules

    def tick(self) -> int:
        """Count one event, so that operators and module calls share one order."""
        self._events += 1
        return self._events

    def introduce_inputs(self, tensors: list[torch.Tensor]) -> tuple[TensorSpec, ...]:
        """Number the network's inputs before the walk."""
        return tuple([self.storages.made(tensor, INPUT - i, "input") for i, tensor in enumerate(tensors)])

    def introduce(self, name: str, tensor: torch.Tensor, kind: Literal["parameter", "buffer"]) -> ParamSpec:
        """Number a parameter or a buffer before the walk."""
        spec = self.storages.describe(tensor, kind)
        return ParamSpec(name, spec.shape, spec.dtype, spec.storage, spec.offset, spec.nbytes, tensor.requires_grad)

    def number(self, tensor: torch.Tensor, kind: str) -> int:
        """Return the number of a tensor's storage; `kind` is what it is if nobody has seen it before."""
        return self.storages.find(tensor, kind).number

    def rename(self, tensors: Iterable[torch.Tensor], kind: str) -> None:
        """Say what storages turned out to be, once the walk has shown it: gradients, an optimizer's state."""
        for tensor in tensors:
            self.storages.find(tensor, kind).kind = kind

    def operator_of(self, node: int) -> int | None:
        """Return the forward operator that made an autograd node, by the node's number."""
        return self._nodes.get(node)

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """Run one operator and write it down."""
        del types
        schema = _schema(func)
        if schema.mark:
            return func(*args, **(kwargs or {}))
        if schema.composite:
            # Under a forward's own inference_mode whole functions arrive (aten.conv2d): take them apart, so that the
            # operators are those of no_grad.
            with self:
                return func.decompose(*args, **(kwargs or {}))
        with torch._C.DisableTorchFunction():  # reading a tensor's shape is not the network's business
            if func is EMPTY and args[0] == NO_PLACES:
                return shapes.run(func, args, kwargs or {})
            return self._record(func, schema, args, kwargs or {})

    def _record(self, func: Any, schema: _Schema, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        inputs: list[TensorSpec] = []
        described = schema.defaults.copy()
        for name, value in zip(schema.names, args, strict=False):
            described[name] = value if type(value) in PLAIN else self._argument(value, inputs)
        for name, value in kwargs.items():
            described[name] = value if type(value) in PLAIN else self._argument(value, inputs)
        if func is LIFT and self.phase == "step":  # an optimizer's own number, which was not there before
            self.storages.date(args[0], len(self.ops))
        written = schema.written_of(args, kwargs) if schema.written else ()
        if written:
            self._keep(written)
        forward_of = None
        if self.phase == "backward":
            forward_of = self._nodes.get(_running_node())
            if forward_of is not None and torch.is_grad_enabled():
                # checkpointing runs a forward again: the gradients of that run belong where it belongs
                self._nodes.setdefault(newest_node(), forward_of)
        elif self._training:
            self._nodes.setdefault(newest_node(), len(self.ops))

        result = shapes.run(func, args, kwargs)
        if not self._compiler and COMPILER in sys.modules:
            # errors that the import ran into, and dealt with, hold the network's tensors through their tracebacks
            self._compiler = True
            gc.collect()

        index = len(self.ops)
        changed = tuple([self.storages.wrote(tensor, index) for tensor in written])
        self.ops.append(
            OpCall(
                index=index,
                order=self.tick(),
                op=schema.op,
                args=described,
                inputs=tuple(inputs),
                outputs=tuple([self.storages.made(tensor, index) for tensor in find_tensors(result)]),
                written=changed,
                module=self.running[-1],
                phase=self.phase,
                forward_of=forward_of,
            )
        )
        return result

    def _keep(self, written: Iterable[torch.Tensor]) -> None:
        """Copy what a parameter holds before an operator first writes into it."""
        for tensor in written:
            known = self.storages.find(tensor, "constant")
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
        if type(value) is list and PLAIN.issuperset(map(type, value)):
            return tuple(value)
        if isinstance(value, torch.Tensor):
            spec = self.storages.describe(value)
            inputs.append(spec)
            return spec
        if isinstance(value, (list, tuple)):
            return tuple([item if type(item) in PLAIN else self._argument(item, inputs) for item in value])
        if isinstance(value, torch.SymInt | torch.SymFloat | torch.SymBool):
            raise WalkError(f"a size of the network is symbolic ({value}); archcost counts networks of fixed sizes")
        return _constant(value)


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
    mark: bool  # what torch's optimizers leave for its profiler

    def written_of(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[torch.Tensor, ...]:
        """Return the tensors among a call's arguments that it writes into."""
        bound = {**dict(zip(self.names, args, strict=False)), **kwargs}
        return tuple(tensor for name in self.written for tensor in find_tensors(bound.get(name)))


@functools.cache
def _schema(func: Any) -> _Schema:
    arguments = func._schema.arguments
    op = func._schema.name.replace("::", ".")
    return _Schema(
        op=op,
        names=tuple(argument.name for argument in arguments if not argument.kwarg_only),
        defaults={a.name: _constant(a.default_value) for a in arguments if a.has_default_value()},
        written=tuple(a.name for a in arguments if a.alias_info is not None and a.alias_info.is_write),
        composite=_has_kernel(func, "CompositeImplicitAutograd") and not _has_kernel(func, "CPU"),
        mark=op.startswith("profiler."),
    )


def _has_kernel(func: Any, key: str) -> bool:
    return bool(torch._C._dispatch_has_kernel_for_dispatch_key(func.name(), key))


def _constant(value: Any) -> Any:
    """Describe an argument that holds no tensor."""
    if isinstance(value, list | tuple):
        return tuple(_constant(item) for item in value)
    if isinstance(value, PLAIN_TYPES):
        return value
    return dtype_name(value) if isinstance(value, torch.dtype) else str(value)
