"""Receptive field and jump, operator by operator, over any graph.

Along every spatial axis of the network's input, the places that one output element sees form an interval. It is stored
as the interval of the element at index 0 and the jump, which is the distance in input places between the intervals of
neighbours. Where branches meet, the interval is the smallest that contains all of their intervals.

    convolution or pool with kernel k, stride s, padding p, dilation d:
        low' = low - p * jump      high' = high + (d * (k - 1) - p) * jump      jump' = jump * s

The outputs of a transposed convolution or an interpolation see different numbers of inputs in turn. The largest number
is kept for all of them, so the field of a later layer can be one place too large.

A reshape may fold an axis into another dimension (flattened images, tokens), so an axis also stores which digits of
which dimension's index belong to it.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from math import ceil
from typing import TYPE_CHECKING, TypeAlias

from archcost.account.axes import Axis, Extent, Field, each_axis, follow_reshape
from archcost.records import INPUT
from archcost.rules.work import (
    Contracts,
    Cuts,
    Everything,
    Mixes,
    Nothing,
    Pads,
    Permutes,
    Picks,
    Pointwise,
    Reshapes,
    Scales,
    Sight,
    Slides,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from archcost.records import OpCall, TensorSpec, Trace


# of a window along one axis: how far the field grows at its low and its high end, in jumps, and the factor and divisor
# of the jump
Move: TypeAlias = tuple[float, float, float, float]
STAYS: Move = (0, 0, 1, 1)
IMAGE_DIMS = 2  # batch and channels come before the spatial dimensions


def receptive_fields(trace: Trace, sources: Sequence[Sequence[int]], sights: Sequence[Sight]) -> dict[int, Field]:
    """Return the receptive field of one element of each source that sees an input.

    `sources` and `sights` are those of each operator.
    """
    known = _list_entries(trace)
    for index, op in enumerate(trace.forward):
        inputs = []
        for spec in op.inputs:
            origins = spec.sources
            if origins:  # otherwise it is a parameter
                field = known.get(origins[0]) if len(origins) == 1 else _union([known.get(each) for each in origins])
                if field is not None:
                    inputs.append((spec, field))
                    if len(sources[index]) == 1:  # almost always
                        break
        if inputs:
            found = _apply(sights[index], op, inputs)
            if found is not None:
                known[index] = found
    return known


def _list_entries(trace: Trace) -> dict[int, Field]:
    """Return the fields of the network's inputs.

    Axes are those of the first input with spatial dimensions (three dimensions or more).
    """
    axes = 0
    for spec in trace.inputs:
        axes = axes or max(len(spec.shape) - IMAGE_DIMS, 0)
    fields: dict[int, Field] = {}
    for place, spec in enumerate(trace.inputs):
        if axes and len(spec.shape) == axes + IMAGE_DIMS:
            every = [Axis(dim, 1, size, 0, 0, 1) for dim, size in enumerate(spec.shape)]
            fields[INPUT - place] = tuple(every[IMAGE_DIMS:])
    return fields


def _union(fields: Sequence[Field | None]) -> Field | None:
    if len(fields) == 1:
        return fields[0]
    known = [field for field in fields if field is not None]
    if not known:
        return None
    first = known[0]
    if all([field is first for field in known]):  # noqa: C419 - a list is quicker
        return first
    return tuple([_union_axis(extents) for extents in zip(*known, strict=True)])


def _union_axis(extents: Sequence[Extent]) -> Extent:
    if "all" in extents:
        return "all"
    first, *others = extents
    if not isinstance(first, Axis):
        return "unknown"
    dim, inner, low, high, jump = first.dim, first.inner, first.low, first.high, first.jump
    for other in others:
        if not isinstance(other, Axis) or other.dim != dim or other.inner != inner:
            return "unknown"  # or they run along different dimensions
        low, high, jump = min(low, other.low), max(high, other.high), max(jump, other.jump)
    return Axis(dim, inner, first.extent, low, high, jump)


def _apply(  # noqa: C901, PLR0911, PLR0912 - one branch for each kind of sight
    sight: Sight, op: OpCall, inputs: list[tuple[TensorSpec, Field]]
) -> Field | None:
    if not op.outputs:
        return None
    out = op.outputs[0]
    spec, field = inputs[0]
    match sight:
        case Pointwise():
            if len(inputs) == 1:
                return field if spec.shape == out.shape else _align_fields(spec, field, out)
            return _union([_align_fields(each, its_field, out) for each, its_field in inputs])
        case Slides() if spec is op.inputs[0]:
            moved = _apply_window(field, spec, out, _list_moves(sight))
            if len(inputs) == 1:
                return moved
            # weights computed from the input (dynamic convolution) are used at every place
            return _union([moved, *[_blur_field(other) for _, other in inputs[1:]]])
        case Nothing():
            return None
        case Everything():
            return tuple("all" for _ in inputs[0][1])
        case Contracts(first, second):
            return _contract(op, first, second, inputs)
        case Scales():
            return _scale(field, spec, out, sight)
        case Mixes(dims, keeps):
            return _mix(field, spec, {dim % max(len(spec.shape), 1) for dim in dims}, keeps=keeps)
        case Reshapes():
            return follow_reshape(field, spec.shape, out.shape)
        case Permutes(order):
            return each_axis(field, lambda axis: axis if axis.dim is None else axis.along(order.index(axis.dim)))
        case Picks(dim):
            return _drop(field, {dim % len(spec.shape)})
        case Cuts(dim, start, step):
            return each_axis(field, lambda axis: _cut(axis, dim % len(spec.shape), start, step, out))
        case Pads(before):
            return each_axis(field, lambda axis: _pad(axis, len(spec.shape), before, out))
    return _blur_field(_union([field for _, field in inputs]))


def _blur_field(field: Field | None) -> Field | None:
    """Return a field with unknown places on every axis; "all" stays."""
    return None if field is None else tuple("all" if extent == "all" else "unknown" for extent in field)


def _align_fields(spec: TensorSpec, field: Field, out: TensorSpec) -> Field:
    """Return a field after broadcasting: the dimensions of an operand shift if the result has more of them."""
    if spec.shape == out.shape:
        return field
    shift = len(out.shape) - len(spec.shape)
    if not shift and _keeps_places(field, spec, out):
        return field

    def move(axis: Axis) -> Extent:
        if axis.dim is None or not 0 <= axis.dim + shift < len(out.shape):
            return axis.along(None)
        whole = axis.inner == 1 and axis.extent == spec.shape[axis.dim]
        dim = axis.dim + shift
        return Axis(dim, axis.inner, out.shape[dim] if whole else axis.extent, axis.low, axis.high, axis.jump)

    return each_axis(field, move)


def _keeps_places(field: Field, spec: TensorSpec, out: TensorSpec) -> bool:
    """Whether an operand and the result are equally long along the axes; the result may be longer along others."""
    for extent in field:
        if isinstance(extent, Axis):
            dim = extent.dim
            if dim is None or spec.shape[dim] != out.shape[dim]:
                return False
    return True


def _contract(op: OpCall, first: int, second: int, inputs: list[tuple[TensorSpec, Field]]) -> Field | None:
    """Return the field of a matrix product (..., n, m) x (..., m, p): axes along m are mixed."""
    out = op.outputs[0]
    operands = []
    for place, contracted in ((first, -1), (second, -2)):
        for spec, field in inputs:
            if spec is op.inputs[place]:
                dims = len(spec.shape)
                mixed = _mix(field, spec, {dims + contracted}, keeps=True)
                shift = len(out.shape) - dims
                operands.append(_shift_field(mixed, shift) if shift else mixed)
                break
    return _union(operands)


def _shift_field(field: Field, by: int) -> Field:
    return each_axis(field, lambda axis: axis if axis.dim is None else axis.along(axis.dim + by))


def _apply_window(field: Field, spec: TensorSpec, out: TensorSpec, moves: Sequence[Move]) -> Field:
    """Return a field after a window over the last dimensions of a tensor, with one move for each of them.

    An axis folded into a dimension is lost.
    """
    before, after = spec.shape, out.shape
    first, changed = len(before) - len(moves), False
    extents: Field = ()
    for extent in field:
        new = extent
        if isinstance(extent, Axis) and extent.dim is not None:
            dim = extent.dim
            if dim < first:
                # the channels are mixed by a convolution; only the batch passes untouched
                if dim > 0 and extent.extent > 1:
                    new = "all"
            elif extent.inner != 1 or extent.extent != before[dim]:
                new = "unknown"
            elif moves[dim - first] is not STAYS or after[dim] != before[dim]:
                new = _move(extent, moves[dim - first], after[dim])
            changed = changed or new is not extent
        extents += (new,)  # quicker than a list for so few
    return extents if changed else field  # the same, so that it is described once


def _move(axis: Axis, move: Move, extent: int) -> Axis:
    """Return what an element sees along an axis after a window, along which the result has an extent."""
    before, after, up, down = move
    jump = axis.jump
    apart = jump * up if down == 1 else jump * up / down
    if type(apart) is float and apart.is_integer():
        apart = int(apart)
    return Axis(axis.dim, 1, extent, axis.low - before * jump, axis.high + after * jump, apart)


@lru_cache(maxsize=1024)  # few windows are different
def _list_moves(window: Slides) -> tuple[Move, ...]:
    moves: list[Move] = []
    for kernel, stride, padding, dilation in zip(*window[:4], strict=True):
        reach = dilation * (kernel - 1)
        move: Move = padding, reach - padding, stride, 1
        if window.transposed:
            # output o reads input (o + padding - tap) / stride: at most ceil(reach / stride) more places
            move = 0, ceil((reach + 1) / stride) - 1, 1, stride
        moves.append(STAYS if move == STAYS else move)
    return tuple(moves)


def _scale(field: Field, spec: TensorSpec, out: TensorSpec, scale: Scales) -> Field:
    return _apply_window(field, spec, out, [(0, scale.taps - 1, 1, factor) for factor in scale.factor])


def _mix(field: Field, spec: TensorSpec, dims: set[int], *, keeps: bool) -> Field:
    mixed = each_axis(field, lambda axis: "all" if axis.dim in dims and spec.shape[axis.dim or 0] > 1 else axis)
    return mixed if keeps else _drop(mixed, dims)


def _drop(field: Field, dims: set[int]) -> Field:
    def each(axis: Axis) -> Axis:
        if axis.dim is None or axis.dim in dims:
            return axis.along(None)
        return axis.along(axis.dim - sum(dim < axis.dim for dim in dims))

    return each_axis(field, each)


def _cut(axis: Axis, dim: int, start: int, step: int, out: TensorSpec) -> Extent:
    if axis.dim != dim:
        return axis
    if axis.inner != 1:
        return "unknown"
    moved = start * axis.jump
    return replace(axis, low=axis.low + moved, high=axis.high + moved, jump=axis.jump * step, extent=out.shape[dim])


def _pad(axis: Axis, dims: int, before: tuple[int, ...], out: TensorSpec) -> Extent:
    if axis.dim is None or dims - 1 - axis.dim >= len(before):
        return axis
    moved = before[dims - 1 - axis.dim] * axis.jump
    return replace(axis, low=axis.low - moved, high=axis.high - moved, extent=out.shape[axis.dim])
