"""torch's schemas of operators: arguments, kernels, and the properties that a recorder needs."""

from __future__ import annotations

import functools
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch._C import DispatchKey

from archcost.indices import find_index_places
from archcost.walk import answers
from archcost.walk.autocast import KEY
from archcost.walk.storages import dtype_name
from archcost.walk.tensors import PLAIN_TENSORS, find_tensors

if TYPE_CHECKING:
    from collections.abc import Iterator

COPY, EMPTY = torch.ops.aten._to_copy.default, torch.ops.aten.empty.memory_format
PLAIN_TYPES = (int, float, bool, str, complex, type(None))
BACKENDS = {"meta": "Meta", "cuda": "CUDA"}  # the dispatcher's names of devices; "CPU" for all others
SPARSE_SUM = "aten._sparse_addmm"
SIZED_BY_VALUES = {"torchvision.nms", "aten.masked_select", "aten.nonzero", "aten.repeat_interleave"}
ASKING = {"aten._local_scalar_dense", "aten.is_nonzero", "aten.item"}  # they return a tensor's value to Python
RESOLVING = (DispatchKey.Conjugate, DispatchKey.Negative, DispatchKey.ZeroTensor)
LEARNING = (DispatchKey.ADInplaceOrView, DispatchKey.AutogradFunctionality)
CASTING = (DispatchKey.AutocastCPU, DispatchKey.AutocastCUDA, KEY)


@dataclass(frozen=True, slots=True)
class Schema:
    """An operator: its name, the names and defaults of its arguments, and the arguments that it writes into."""

    func: Any
    op: str
    names: tuple[str, ...]
    defaults: dict[str, Any]
    written: tuple[tuple[int, str], ...]  # their places and their names
    in_place: bool  # it writes into its first argument alone
    composite: bool
    noteworthy: bool  # the report may need a note about it
    by_values: bool  # the values of its arguments determine the size of its results
    mark: bool  # changes no data: a profiler mark of torch's optimizers, or the last operator of `torch.tensor`
    primitive: bool  # a primitive of torch's own decompositions
    free: bool  # some of its calls cost nothing, and are not recorded
    of_unknown: bool  # the values of its results may be known although its inputs' are not
    indices: tuple[int, ...]  # the places of its arguments that are indices

    def written_of(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[torch.Tensor, ...]:
        """Return the tensors among a call's arguments that it writes into."""
        if self.in_place and args and type(args[0]) in PLAIN_TENSORS:  # almost always
            return args[:1]
        given = [args[place] if place < len(args) else kwargs.get(name) for place, name in self.written]
        return tuple([tensor for value in given for tensor in find_tensors(value)])


SCHEMAS: dict[int, Schema] = {}  # by the id of operators, which are slow to hash; each schema holds its operator


def read_schema(func: Any) -> Schema:
    """Return the schema of an operator, and cache it."""
    arguments = func._schema.arguments
    op = func._schema.name.replace("::", ".")
    by_values = torch.Tag.dynamic_output_shape in func.tags or op in SIZED_BY_VALUES
    written = tuple((i, a.name) for i, a in enumerate(arguments) if a.alias_info is not None and a.alias_info.is_write)
    schema = SCHEMAS[id(func)] = Schema(
        func=func,
        op=op,
        names=tuple(argument.name for argument in arguments if not argument.kwarg_only),
        defaults={a.name: describe_constant(a.default_value) for a in arguments if a.has_default_value()},
        written=written,
        in_place=[place for place, _ in written] == [0],
        composite=_has_kernel(func, "CompositeImplicitAutograd"),
        noteworthy=by_values or op in ASKING or op == SPARSE_SUM,
        by_values=by_values,
        mark=op.startswith("profiler.") or func is torch.ops.aten.detach_.default,
        primitive=(primitive := op.startswith("prims.")),
        free=primitive or func in {COPY, EMPTY},
        of_unknown=func in answers.OF_UNKNOWN,
        indices=find_index_places(func),
    )
    return schema


def has_own_kernel(func: Any, args: tuple[Any, ...]) -> bool:
    """Whether the device of a call's tensors has its own kernel for a composite operator."""
    tensors = find_tensors(args)
    return bool(tensors) and _has_kernel(func, BACKENDS.get(tensors[0].device.type, "CPU"))


@contextmanager
def as_outside(func: Any, args: tuple[Any, ...]) -> Iterator[None]:
    """Let torch resolve conjugates and apply autocast as outside of a dispatch mode.

    A function that autocast itself has cast runs without further casts. In inference mode torch no longer recognises
    views of a parameter and multiplies by them with other operators, so it is switched off for calls with parameters.
    """
    learns = torch.is_inference_mode_enabled() and any(tensor.requires_grad for tensor in find_tensors(args))
    learns = learns and not read_schema(func).written  # inference tensors can be written only in inference mode
    with ExitStack() as around:
        if learns:
            around.enter_context(torch.inference_mode(mode=False))
            around.enter_context(torch.no_grad())
        excluded = torch._C._dispatch_tls_local_exclude_set()
        with torch._C._RestorePythonTLSSnapshot():  # type: ignore[attr-defined] # not in torch's stubs
            included, outside = torch._C._dispatch_tls_local_include_set(), torch._C._dispatch_tls_local_exclude_set()
        casting = [key for key in CASTING if not _has_kernel(func, key.name)]
        for key in (*RESOLVING, *casting):
            excluded = excluded if outside.has(key) else excluded.remove(key)
        if learns:
            for key in LEARNING:
                excluded = excluded.remove(key)
            included = included.add(DispatchKey.ADInplaceOrView)
        around.enter_context(torch._C._ForceDispatchKeyGuard(included, excluded))
        yield


@functools.cache
def _has_kernel(func: Any, key: str) -> bool:
    return bool(torch._C._dispatch_has_kernel_for_dispatch_key(func.name(), key))


def describe_constant(value: Any) -> Any:
    """Describe an argument that holds no tensor."""
    if isinstance(value, list | tuple):
        return tuple(describe_constant(item) for item in value)
    if isinstance(value, PLAIN_TYPES):
        return value
    return dtype_name(value) if isinstance(value, torch.dtype) else str(value)
