"""A dispatch mode that records every operator, with named arguments and storage identities."""

from __future__ import annotations

import functools
import gc
import itertools
import sys
import weakref
from threading import get_ident
from typing import TYPE_CHECKING, Any, Literal, Self

import torch
from torch._C import DispatchKey
from torch._ops import HigherOrderOperator

from archcost.indices import refuse_float_indices
from archcost.records import INPUT, OpCall, ParamSpec
from archcost.walk import answers, higher_order, repeats, shapes
from archcost.walk.asking import ask_for_shape, reads_zeros, runs_on_meta
from archcost.walk.eager import COMPILER
from archcost.walk.lines import find_line
from archcost.walk.mode import LightMode
from archcost.walk.notes import CHANCE, FLEX_IS_DENSE, NOT_COUNTED, SIZES, SPARSE_IS_DENSE, Notes
from archcost.walk.operands import Operands
from archcost.walk.schema import (
    ASKING,
    COPY,
    EMPTY,
    PLAIN_TYPES,
    SCHEMAS,
    SPARSE_SUM,
    Schema,
    as_outside,
    has_own_kernel,
    read_schema,
)
from archcost.walk.state import set_version
from archcost.walk.storages import Storages, dtype_name
from archcost.walk.tensors import PLAIN_TENSORS, components, find_tensors

if TYPE_CHECKING:
    from collections.abc import Iterable

    from archcost.records import TensorSpec
    from archcost.walk.parts import Named
    from archcost.walk.repeats import Answer
    from archcost.walk.values import Values

PLAIN = frozenset(PLAIN_TYPES)
LIFT = torch.ops.aten.lift_fresh.default
INDEXED, MASKS = {"aten.index", "aten._unsafe_index"}, {"bool", "uint8"}  # only masks determine a size by their values
RANDOM = {"aten.rand", "aten.rand_like", "aten.uniform", "aten.uniform_", "aten.bernoulli", "aten.bernoulli_"}
RANDOM |= {"aten.randint", "aten.randn", "aten.randn_like", "aten.normal", "aten.normal_", "aten.randperm"}
DISTANCE = 4  # most operators between a random number and the decision: a comparison, a cast, an index
FOUND = frozenset(("parameter", "constant"))  # storages from before the walk; buffers are copied elsewhere
_count_modes, _mode_at = torch._C._len_torch_dispatch_stack, torch._C._get_dispatch_stack_at
NO_PLACES = [0]  # every batch norm requests such a tensor and does not use it


class Recorder(LightMode):  # type: ignore[no-untyped-call]
    """Record every operator that reaches the dispatcher while the mode is active.

    Storages are identified by number. A new storage in an operator's results was allocated by the operator ("fresh");
    an output with a known storage is a view or an in-place result. If a training step follows, the operator of each
    autograd node is recorded; with `lines`, the source line of each forward operator. With `restorable`, storages are
    copied before the network first writes into them, so that `put_back` can restore them.
    """

    supports_higher_order_operators = True
    _innermost = 0  # the id of the recorder that started last; a hook may start a walk within a walk

    def __init__(
        self, *, training: bool = False, values: Values | None = None, lines: bool = False, restorable: bool = True
    ) -> None:
        super().__init__()
        self._training, self._restorable = training, restorable
        self.ops: list[OpCall] = []
        self.running = [-1]  # numbers of the running module calls, the innermost last; -1 outside of all modules
        self.phase: Literal["forward", "loss", "backward", "step"] = "forward"
        self.storages = Storages(self.ops)
        self.values = values
        if values is not None:
            values.attach(self.storages)
        self.real = False  # whether the network is on a real device, not on meta
        self.notes = Notes()
        self.lines: list[str] | None = [] if lines else None
        self.tick = itertools.count(1).__next__  # counts events, so that operators and module calls share one order
        self._overwritten: dict[int, tuple[weakref.ref[Any], Any]] = {}
        self._versions: dict[int, tuple[weakref.ref[torch.Tensor], int]] = {}
        self._nodes: dict[int | None, int] = {}
        self._operands = Operands(self.storages)
        self._compiler = COMPILER in sys.modules
        # where it runs: the number of modes, the thread, the recorder around it
        self._height = self._thread = self._outer = 0

    @property
    def is_on(self) -> bool:
        """Whether this recorder is recording the operators of this thread now."""
        height = _count_modes()
        if height == self._height and Recorder._innermost == id(self) and get_ident() == self._thread:  # almost always
            return True  # asking for the modes themselves takes ten times as long
        return any(_mode_at(place) is self for place in range(height))

    def __enter__(self) -> Self:
        """Start; or go on, within an operator that torch has handed to this recorder."""
        super().__enter__()  # type: ignore[no-untyped-call]
        if not self._height:
            self._height, self._thread = _count_modes(), get_ident()
            self._outer, Recorder._innermost = Recorder._innermost, id(self)
        return self

    def __exit__(self, *exception: object) -> None:
        """Stop."""
        if _count_modes() == self._height:
            self._height, Recorder._innermost = 0, self._outer
        super().__exit__(*exception)  # type: ignore[no-untyped-call]

    def introduce_inputs(self, tensors: list[torch.Tensor]) -> tuple[TensorSpec, ...]:
        """Number the network's inputs before the walk."""
        return tuple([self.storages.made(tensor, INPUT - i, "input") for i, tensor in enumerate(tensors)])

    def introduce_all(self, named: list[Named], kind: Literal["parameter", "buffer"]) -> list[ParamSpec]:
        """Number parameters or buffers before the walk."""
        if not named:
            return []
        tensors = [tensor for _, tensor, _ in named]
        if not PLAIN_TENSORS.issuperset(map(type, tensors)):
            return [self.introduce(name, tensor, kind) for name, tensor, _ in named]
        names, learns = [name for name, _, _ in named], [tensor.requires_grad for tensor in tensors]
        rows = zip(names, self.storages.hold(tensors, kind), learns, strict=True)
        return [
            ParamSpec(name, spec.shape, spec.dtype, spec.storage, spec.offset, spec.nbytes, learn)
            for name, spec, learn in rows
        ]

    def introduce(self, name: str, tensor: torch.Tensor, kind: Literal["parameter", "buffer"]) -> ParamSpec:
        """Number a parameter or a buffer before the walk, including the tensors that it wraps."""
        if type(tensor) not in PLAIN_TENSORS and (parts := components(tensor))[0] is not tensor:
            specs = [self.storages.describe(part, kind) for part in parts]
            largest, nbytes = max(specs, key=lambda spec: spec.nbytes), sum(spec.nbytes for spec in specs)
            dtype, shape = dtype_name(tensor.dtype), tuple(tensor.shape)
            return ParamSpec(name, shape, dtype, largest.storage, 0, nbytes, tensor.requires_grad)
        spec = self.storages.describe(tensor, kind)
        return ParamSpec(name, spec.shape, spec.dtype, spec.storage, spec.offset, spec.nbytes, tensor.requires_grad)

    def introduce_packed(self, name: str, packed: Any, place: int, tensor: torch.Tensor) -> ParamSpec:
        """Number a packed weight, which operators receive as the tensor at a place of a packed object."""
        parameter = self.introduce(name, tensor, "parameter")
        self._operands.packed[hash(packed), place] = self.storages.describe(tensor)
        return parameter

    def number(self, tensor: torch.Tensor, kind: str) -> int:
        """Return the number of a tensor's storage; a new storage is registered with `kind`."""
        return self.storages.find(tensor, kind).number

    def rename(self, tensors: Iterable[torch.Tensor], kind: str) -> None:
        """Set the kind of storages once the walk has revealed it: gradients, an optimizer's state."""
        for tensor in tensors:
            self.storages.find(tensor, kind).kind = kind

    def operator_of(self, node: int) -> int | None:
        """Return the forward operator that created an autograd node, by the node's number."""
        return self._nodes.get(node)

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """Run one operator and record it."""
        if types and any(map(_wraps, types)):
            return NotImplemented  # the subclass decomposes the operator itself, into the operators that really run
        schema = SCHEMAS.get(id(func))
        if schema is None:
            if isinstance(func, HigherOrderOperator):
                return self._run_functions(func, args, kwargs or {})
            schema = read_schema(func)
        if schema.mark:
            return func(*args, **(kwargs or {}))
        if schema.composite and not has_own_kernel(func, args):
            # Under inference_mode composite functions arrive whole (aten.conv2d): decompose them as under no_grad.
            # `func.decompose` would prefer a decomposition for torch's compiler, with other operators.
            with self, as_outside(func, args):
                return func._op_dk(DispatchKey.CompositeImplicitAutograd, *args, **(kwargs or {}))
        if schema.indices:
            refuse_float_indices(func, args, schema.indices)
        with torch._C.DisableTorchFunction():  # reading a shape must not trigger the network's function modes
            if schema.free or self.real:
                result = self._run_unrecorded(func, schema, args, kwargs or {})
                if result is not NotImplemented:
                    return result
            return self._record(func, schema, args, kwargs or {})

    def _run_unrecorded(self, func: Any, schema: Schema, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Return the result of an operator that costs nothing; NotImplemented for any other operator."""
        if func is EMPTY and args[0] == NO_PLACES:
            return shapes.run(func, args, kwargs)
        if func is COPY and self.values is not None:
            known = answers.read(self.values, args, kwargs)
            return NotImplemented if known is None else known
        if self.real and runs_on_meta(args, kwargs):
            return func(*args, **kwargs)
        if schema.primitive and reads_zeros(args, self.storages, self.ops):
            return ask_for_shape(func, args, kwargs, self.storages)
        return NotImplemented

    def _run_functions(self, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Run an operator that takes functions: by the operators of these functions, if archcost knows how."""
        name = func.name()
        run = higher_order.RUN.get(name)
        if run is not None:
            with self:
                return run(*args, **kwargs)
        attends = name == higher_order.FLEX
        self.notes.add(FLEX_IS_DENSE if attends else NOT_COUNTED, name)
        if attends and any(tensor.is_meta for tensor in find_tensors(args[:3])):
            func = higher_order.attend_on_meta
        schema = Schema(
            func,
            f"higher_order.{name}",
            ("query", "key", "value"),
            {},
            (),
            in_place=False,
            composite=False,
            noteworthy=False,
            by_values=False,
            mark=False,
            primitive=False,
            free=False,
            of_unknown=False,
            indices=(),
        )
        tensors = args[:3] if attends else ()
        with torch._C.DisableTorchFunction():
            return self._record(lambda *_: func(*args, **kwargs), schema, tensors, {})

    def _record(self, func: Any, schema: Schema, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        # a tensor that torch has just created from Python numbers, without a recorded operator
        lifted = self.storages.find(args[0], "lifted") if func is LIFT else None
        described, inputs, form = self._operands.describe(func, schema, args, kwargs)
        written = schema.written_of(args, kwargs) if schema.written else ()
        if written and self._restorable:
            self._keep(written)
        forward_of = self._link() if self._training else None
        if schema.noteworthy:
            self._note(schema, inputs)
        if self.lines is not None and self.phase == "forward":
            self.lines.append(find_line())
        values, answer = self.values, None
        if values is None or (inputs and not values.real and not schema.of_unknown) or self.phase == "step":
            answer = repeats.find(form)  # no value is known or needed
            result = shapes.by_rule(func, args, kwargs) if answer is None else answer.repeat(args)
            if result is NotImplemented:
                form[0] = 0
                result = func(*args, **kwargs)
        else:
            form[0] = 0
            result = answers.run(values, func, args, kwargs, (inputs, written))
        if not self._compiler and COMPILER in sys.modules:
            # tracebacks of errors that the compiler's import has handled hold the network's tensors
            self._compiler = True
            gc.collect()

        self.storages.bury()
        index = len(self.ops)
        if lifted is not None and lifted.kind == "lifted":
            lifted.kind, lifted.born = "fresh", index
        changed, outputs = self._describe_results(result, written, answer, inputs)
        order, module = self.tick(), self.running[-1]
        read, phase = tuple(inputs), self.phase
        self.ops.append(OpCall(index, order, schema.op, described, read, outputs, changed, module, phase, forward_of))
        if answer is None and form[0]:
            in_place = len(written) == 1 and result is written[0] is (args[0] if args else None)
            if in_place or not written:
                made = [self.storages.filled(spec) for spec in outputs]
                repeats.learn(form, result, made, in_place=in_place)
        return result

    def _link(self) -> int | None:
        """Note the autograd node that the running operator creates; in a backward pass, return its forward operator."""
        if self.phase != "backward":
            self._nodes.setdefault(newest_node(), len(self.ops))
            return None
        forward_of = self._nodes.get(_running_node())
        if forward_of is not None and torch.is_grad_enabled():
            # checkpointing recomputes a forward: the gradients of the new nodes belong to the same operator
            self._nodes.setdefault(newest_node(), forward_of)
        return forward_of

    def _describe_results(
        self, result: Any, written: tuple[torch.Tensor, ...], answer: Answer | None, inputs: list[TensorSpec]
    ) -> tuple[tuple[int, ...], tuple[TensorSpec, ...]]:
        """Return the numbers of the storages that an operator has written into, and the descriptions of its results."""
        storages, index = self.storages, len(self.ops)
        if answer is None:
            changed = tuple([storages.wrote(tensor, index) for tensor in written]) if written else ()
            return changed, tuple([storages.made(tensor, index) for tensor in find_tensors(result)])
        if not answer.new:
            return (inputs[0].storage,), (storages.wrote_again(result, index, inputs[0]),)
        if answer.alone:
            return (), (storages.made_again(result, index, answer.new[0]),)
        return (), tuple([storages.made_again(each, index, new) for each, new in zip(result, answer.new, strict=True)])

    def _note(self, schema: Schema, inputs: list[TensorSpec]) -> None:
        if schema.op == SPARSE_SUM and inputs[1].stored is inputs[2].stored is None:
            self.notes.add(SPARSE_IS_DENSE)
        asked = schema.op not in INDEXED or any(spec.dtype in MASKS for spec in inputs[1:])
        if schema.by_values and asked and self.phase == "forward":
            self.notes.add(SIZES, schema.op.partition(".")[2].strip("_"))
        if schema.op in ASKING and self._is_random(inputs):
            self.notes.add(CHANCE)

    def _is_random(self, tensors: list[TensorSpec]) -> bool:
        """Whether a number comes from a random operator, at most DISTANCE operators before."""
        sources = [source for tensor in tensors for source in tensor.sources]
        for _ in range(DISTANCE):
            ops = [self.ops[source] for source in sources if source >= 0]
            if any(op.op in RANDOM for op in ops):
                return True
            sources = [source for op in ops for spec in op.inputs for source in spec.sources]
        return False

    def _keep(self, written: Iterable[torch.Tensor]) -> None:
        """Copy a storage from before the walk when an operator first writes into it.

        A weak reference is enough; it does not prolong the life of a storage that was created during the walk.
        """
        for tensor in written:
            if tensor.is_meta or (known := self.storages.find(tensor, "constant")).kind not in FOUND:
                continue
            storage = tensor.untyped_storage()
            if known.number not in self._overwritten:
                self._overwritten[known.number] = (weakref.ref(storage), storage.clone())  # type: ignore[no-untyped-call]
            if id(tensor) not in self._versions and not tensor.is_inference():
                self._versions[id(tensor)] = (weakref.ref(tensor), tensor._version)

    def put_back(self) -> None:
        """Restore the storages that the network has written into, and their version counters, which autograd checks."""
        for reference, before in self._overwritten.values():
            storage = reference()
            if storage is not None:
                storage.copy_(before, non_blocking=False)
        for tensor_reference, version in self._versions.values():
            tensor = tensor_reference()
            if tensor is not None:
                set_version(tensor, version)


@functools.cache
def _wraps(kind: type[torch.Tensor]) -> bool:
    """Whether tensors of a class wrap others and dispatch their operators themselves."""
    return hasattr(kind, "__tensor_flatten__")


def newest_node() -> int:
    """Return the number of a forward operator's autograd node: torch counts up just before the dispatch mode runs."""
    return int(torch._C._autograd._get_sequence_nr()) - 1


def _running_node() -> int | None:
    """Return the number of the autograd node that a backward operator belongs to."""
    node = torch._C._current_autograd_node()
    return None if node is None else int(node._sequence_nr())
