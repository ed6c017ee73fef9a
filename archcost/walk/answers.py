"""Operators on tensors whose values are known: they run on the meta device and also on the CPU.

Values are computed only if all values that an operator reads are known; otherwise torch raises its usual error on the
meta device.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import Tag

from archcost.walk import shapes
from archcost.walk.tensors import find_tensors, map_tensors
from archcost.walk.values import SMALL

if TYPE_CHECKING:
    from archcost.records import TensorSpec
    from archcost.walk.values import Values

Tensors = tuple[torch.Tensor, ...]
aten = torch.ops.aten
CPU = torch.device("cpu")
COPY, SELECT, PACK = aten._to_copy.default, aten.masked_select.default, aten._pack_padded_sequence.default
INDEX = frozenset((aten.index.Tensor, aten._unsafe_index.Tensor))
# they read no values of their first tensor
MAKERS = frozenset(
    (
        *(aten.zeros_like.default, aten.ones_like.default, aten.full_like.default),
        *(aten.new_zeros.default, aten.new_ones.default, aten.new_full.default),
    )
)
FILLS = frozenset((aten.fill_.Scalar, aten.fill_.Tensor, aten.zero_.default, aten.copy_.default))
# the values of their results may be known although some of their arguments are not
OF_UNKNOWN = MAKERS | FILLS | INDEX | {COPY, SELECT, PACK}
UNDEFINED = frozenset(("empty", "empty_like", "empty_strided", "empty_permuted", "new_empty", "new_empty_strided"))
# their work is not proportional to the sizes of their tensors
PRODUCTS = frozenset(("mm", "bmm", "addmm", "baddbmm", "convolution", "_cdist_forward"))


def _may_be_known(values: Values, func: Any, inputs: list[TensorSpec]) -> bool:
    """Whether an operator's results may have twins: all of its inputs have twins, or it does not need all of them."""
    if not inputs or func in OF_UNKNOWN:
        return True
    return bool(values.real) and all([spec.storage in values.real for spec in inputs])  # noqa: C419 - quicker


def run(
    values: Values, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any], seen: tuple[list[TensorSpec], Tensors]
) -> Any:
    """Return an operator's results on the meta device; the results have twins if their values are known.

    `seen` holds the descriptions of its input tensors, and the tensors that it writes into.
    """
    inputs, written = seen
    if not _may_be_known(values, func, inputs):
        if written:
            values.forget_all(written)
        return shapes.run(func, args, kwargs)
    if not _is_of_meta(args, kwargs):
        return shapes.run(func, args, kwargs)
    known = _arguments(values, func, args, kwargs) if _is_determined(func) else None
    if known is None:
        values.forget_all(written)
        return _run_on_meta(values, func, args, kwargs)
    if not all([tensor.is_meta for tensor in written]):  # noqa: C419 - quicker
        return func(*known[0], **known[1])  # it writes into a tensor on the CPU, which is real
    if not _asks(func):
        try:
            result = _run_on_meta(values, func, args, kwargs)
        except NotImplementedError:  # torch has a kernel on the CPU only
            result = NotImplemented
        if result is not NotImplemented:
            _pair(values, result, (func, *known), written)
            return result
    real = _compute(func, *known)
    return shapes.run(func, args, kwargs) if real is NotImplemented else _bring(values, real)


def read(values: Values, args: tuple[Any, ...], kwargs: Any) -> torch.Tensor | None:
    """Return the result of a copy (`_to_copy`) to the CPU, if the values are known and only the device changes.

    A network on the CPU runs no operator for this copy, so the walk records nothing.
    """
    if kwargs is None or kwargs.get("device") != CPU or not args[0].is_meta:
        return None
    return values.read(args[0]) if kwargs.get("dtype") in {None, args[0].dtype} else None


def _is_of_meta(args: Any, kwargs: Any) -> bool:
    """Whether an operator reads, writes or creates a tensor on the meta device."""
    device = kwargs.get("device")
    if device is not None and device.type == "meta":
        return True
    return any([tensor.is_meta for tensor in find_tensors((args, kwargs))])  # noqa: C419 - quicker


def _is_determined(func: Any) -> bool:
    if Tag.nondeterministic_seeded in getattr(func, "tags", (Tag.nondeterministic_seeded,)):
        return False
    name = func._schema.name.removeprefix("aten::")
    return name not in UNDEFINED and name.removesuffix("_") not in PRODUCTS


def _asks(func: Any) -> bool:
    """Whether an operator's result, or its size, depends on values."""
    return func not in INDEX and (Tag.data_dependent_output in func.tags or Tag.dynamic_output_shape in func.tags)


def _arguments(values: Values, func: Any, args: Any, kwargs: Any) -> tuple[Any, Any] | None:
    """Return an operator's arguments on the CPU; None if it reads unknown values."""
    tensors = find_tensors((args, kwargs))
    twins: dict[int, torch.Tensor] = {}
    for place, tensor in enumerate(tensors):
        twin = values.twin(tensor)
        if twin is None and place == 0:
            twin = _stand_in(func, tensor)
        if twin is None:
            return None
        twins[id(tensor)] = twin
    if not values.may_compute(twins.values()):
        return None
    real: tuple[Any, Any] = map_tensors(lambda tensor: twins[id(tensor)], (args, kwargs))
    if "device" in kwargs:
        real[1]["device"] = CPU
    return real


def _stand_in(func: Any, tensor: torch.Tensor) -> torch.Tensor | None:
    """Return an unfilled CPU tensor in place of an argument whose values the operator does not read, else None."""
    if func in MAKERS:
        return torch.empty((), dtype=tensor.dtype, device=CPU).expand(tensor.shape)
    if func not in FILLS or tensor.numel() > SMALL:  # the memory for a large one may not exist
        return None
    if tensor.numel() * tensor.element_size() == tensor.untyped_storage().nbytes():
        return torch.empty_strided(tensor.size(), tensor.stride(), dtype=tensor.dtype, device=CPU)
    return None


def _compute(func: Any, args: Any, kwargs: Any) -> Any:
    try:
        return func(*args, **kwargs)
    except Exception:  # noqa: BLE001 - after any error the values stay unknown
        return NotImplemented


def _pair(values: Values, result: Any, call: tuple[Any, Any, Any], written: Tensors) -> None:
    """Compute the twins of an operator's results if the results are small."""
    results = find_tensors(result)
    reals = find_tensors(_compute(*call)) if values.may_compute(results) else []
    if len(results) == len(reals):
        for tensor, real in zip(results, reals, strict=True):
            values.pair(tensor, real)
    else:
        values.forget_all((*written, *results))


def _bring(values: Values, real: Any) -> Any:
    """Return a CPU result with its tensors moved to the meta device; numbers are unchanged."""

    def bring(twin: torch.Tensor) -> torch.Tensor:
        tensor = torch.empty_strided(twin.size(), twin.stride(), dtype=twin.dtype, device="meta")
        values.pair(tensor, twin)
        return tensor

    return map_tensors(bring, real)


def _run_on_meta(values: Values, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Run an operator on the meta device; supply the values that determine its result's size."""
    if func is SELECT:
        mask = values.twin(args[1])
        if mask is not None:
            size = torch.broadcast_tensors(args[0], args[1])[0].numel()  # type: ignore[no-untyped-call]
            count = int(mask.sum()) * (size // max(mask.numel(), 1))  # broadcasting repeats each place of the mask
            return torch.empty(count, dtype=args[0].dtype, device="meta")
    elif func in INDEX:
        args = (args[0], [place for index in args[1] for place in _places(values, index)])
    elif func is PACK:
        lengths = values.twin(args[1])
        args = (args[0], args[1] if lengths is None else lengths, *args[2:])
    return shapes.run(func, args, kwargs)


def _places(values: Values, index: torch.Tensor | None) -> list[torch.Tensor | None]:
    """Return an index as a list; a mask is replaced by one index tensor for each of its dimensions."""
    if index is None or not index.is_meta or index.dtype not in {torch.bool, torch.uint8}:
        return [index]
    mask = values.twin(index)
    if mask is None:
        return [index]
    count = int(mask.count_nonzero())
    return [torch.empty(count, dtype=torch.int64, device="meta") for _ in range(max(index.dim(), 1))]
