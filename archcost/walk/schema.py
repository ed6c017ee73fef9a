"""What torch says of an operator: its arguments, its kernels, and what has to be known before it is recorded."""

from __future__ import annotations

import functools
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

import torch
from torch._C import DispatchKey

from archcost.walk import answers
from archcost.walk.autocast import KEY
from archcost.walk.storages import dtype_name
from archcost.walk.tensors import find_tensors

if TYPE_CHECKING:
    from collections.abc import Iterator

PLAIN_TYPES = (int, float, bool, str, complex, type(None))
BACKENDS = {"meta": "Meta", "cuda": "CUDA"}  # the dispatcher's names for devices; the CPU's for all others
SPARSE_SUM = "aten._sparse_addmm"
SIZED_BY_VALUES = {"torchvision.nms", "aten.masked_select", "aten.nonzero", "aten.repeat_interleave"}
ASKING = {"aten._local_scalar_dense", "aten.is_nonzero", "aten.item"}  # a tensor for its value, to decide by
RESOLVING = (DispatchKey.Conjugate, DispatchKey.Negative, DispatchKey.ZeroTensor)
LEARNING = (DispatchKey.ADInplaceOrView, DispatchKey.AutogradFunctionality)
CASTING = (DispatchKey.AutocastCPU, DispatchKey.AutocastCUDA, KEY)


class Schema(NamedTuple):
    """An operator: its name, its arguments' names and defaults, and the arguments that it writes into."""

    func: Any
    op: str
    names: tuple[str, ...]
    defaults: dict[str, Any]
    written: tuple[tuple[int, str], ...]  # their places and their names
    composite: bool
    noteworthy: bool  # a reader may have to know that it ran
    by_values: bool  # its results have as many elements as the values of its arguments say
    mark: bool  # changes no data: what torch's optimizers leave for its profiler, what `torch.tensor` ends with
    primitive: bool  # what torch's own decompositions are made of
    of_unknown: bool  # its results may have known values though what it reads has none

    def written_of(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[torch.Tensor, ...]:
        """Return the tensors among a call's arguments that it writes into."""
        given = [args[place] if place < len(args) else kwargs.get(name) for place, name in self.written]
        return tuple([tensor for value in given for tensor in find_tensors(value)])


SCHEMAS: dict[int, Schema] = {}  # by the identity of operators, which are slow to hash; each holds its own


def read_schema(func: Any) -> Schema:
    """Return what an operator's schema says, and remember it."""
    arguments = func._schema.arguments
    op = func._schema.name.replace("::", ".")
    by_values = torch.Tag.dynamic_output_shape in func.tags or op in SIZED_BY_VALUES
    schema = SCHEMAS[id(func)] = Schema(
        func=func,
        op=op,
        names=tuple(argument.name for argument in arguments if not argument.kwarg_only),
        defaults={a.name: describe_constant(a.default_value) for a in arguments if a.has_default_value()},
        written=tuple(
            (i, a.name) for i, a in enumerate(arguments) if a.alias_info is not None and a.alias_info.is_write
        ),
        composite=_has_kernel(func, "CompositeImplicitAutograd"),
        noteworthy=by_values or op in ASKING or op == SPARSE_SUM,
        by_values=by_values,
        mark=op.startswith("profiler.") or func is torch.ops.aten.detach_.default,
        primitive=op.startswith("prims."),
        of_unknown=func in answers.OF_UNKNOWN,
    )
    return schema


def has_own_kernel(func: Any, args: tuple[Any, ...]) -> bool:
    """Whether the device of a call's tensors runs a composite operator as one kernel of its own."""
    tensors = find_tensors(args)
    return bool(tensors) and _has_kernel(func, BACKENDS.get(tensors[0].device.type, "CPU"))


@contextmanager
def as_outside(func: Any, args: tuple[Any, ...]) -> Iterator[None]:
    """Have torch resolve conjugates and cast (autocast) as it does outside of a dispatch mode.

    A function that autocast has cast itself runs without further casts. Parts of a parameter are known as such only
    outside of inference mode, too, and torch multiplies them otherwise.
    """
    learns = torch.is_inference_mode_enabled() and any(tensor.requires_grad for tensor in find_tensors(args))
    learns = learns and not read_schema(func).written  # what inference mode has made is written within it alone
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
