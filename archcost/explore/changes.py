"""describe_change(op): the operators that change shapes and have neither weights nor settings, as steps of a page."""

from __future__ import annotations

from itertools import zip_longest
from typing import TYPE_CHECKING, Any

from archcost.account.axes import group_axes
from archcost.rules.work import Cuts, Mixes, Pads, Pointwise, Reshapes, Scales, Slides

if TYPE_CHECKING:
    from collections.abc import Sequence

    from archcost.records import OpCall, TensorSpec
    from archcost.rules.work import Sight


def describe_change(op: OpCall, sight: Sight, data: Sequence[TensorSpec]) -> dict[str, Any] | None:
    """Return the kind of a step and what its arithmetic needs; None for an operator that a page cannot repeat.

    Args:
        op: the recorded operator.
        sight: the inputs that one of its outputs sees.
        data: its arguments that depend on the network's inputs.
    """
    if len(data) != 1 or "tensors" in op.args:
        return _describe_concatenation(op, sight, data)
    dims = len(data[0].shape)
    match sight:
        case Slides(kernel) if "output_size" in op.args:
            return {"kind": "adapt", "sizes": op.outputs[0].shape[-len(kernel) :]}
        case Mixes(mixed) if "output_size" in op.args:
            return {"kind": "adapt", "sizes": op.outputs[0].shape[-len(mixed) :]}
        case Mixes(mixed, keeps) if len(op.outputs) == 1:
            return _describe_mix(op, data[0], [dim % dims for dim in mixed], keeps=keeps)
    return _describe_move(op, sight, data[0])


def _describe_mix(op: OpCall, data: TensorSpec, dims: Sequence[int], *, keeps: bool) -> dict[str, Any] | None:
    """Describe a reduction, or an operator such as a softmax that keeps the shape."""
    reduces = "keepdim" in op.args
    sizes = [1 if reduces and dim in dims else size for dim, size in enumerate(data.shape)]
    left = tuple(size for dim, size in enumerate(sizes) if keeps or dim not in dims)
    step = {"kind": "mix", "dims": dims, "keeps": keeps, "reduces": reduces}
    return step if left == op.outputs[0].shape else None


def _describe_move(op: OpCall, sight: Sight, data: TensorSpec) -> dict[str, Any] | None:
    match sight:
        case Reshapes() if factors := find_factors(data.shape, op.outputs[0].shape):
            return {"kind": "reshape", "factors": factors, "single": _find_squeezed(op)}
        case Pads(before):
            pads = op.args["pad" if "pad" in op.args else "padding"]
            return {"kind": "pad", "before": before, "after": pads[1::2]}
        case Cuts(dim, _, step):
            end = op.args["end"]
            last = None if end is None or end >= data.shape[dim] else end  # None: to the end, wherever that is
            first = op.args["start"] or 0
            return {"kind": "cut", "dim": dim % len(data.shape), "first": first, "last": last, "step": step}
        case Scales(factor, taps):
            scales = [value for name, value in op.args.items() if name.startswith("scales")]
            resized = not scales or None in scales  # to a size that need not follow the input
            return None if resized else {"kind": "scale", "factor": factor, "taps": taps}
    return None


def _describe_concatenation(op: OpCall, sight: Sight, data: Sequence[TensorSpec]) -> dict[str, Any] | None:
    if not isinstance(sight, Pointwise) or len(data) != len(op.args.get("tensors", ())):
        return None
    return {"kind": "join", "dim": op.args["dim"] % len(data[0].shape)}


def find_factors(before: Sequence[int], after: Sequence[int]) -> list[list[int]] | None:
    """Return, for each new axis of a reshape, the old axes whose sizes it multiplies; None if it divides one.

    Example:
        >>> find_factors((1, 512, 7, 7), (1, 25088)), find_factors((1, 64), (1, 64, 1, 1))
        ([[0], [1, 2, 3]], [[0], [1], [], []])
        >>> find_factors((1, 240, 28, 28), (1, 3, 80, 28, 28)) is None
        True
    """
    factors: list[list[int]] = [[] for _ in after]
    for old, new in group_axes(tuple(before), tuple(after)):
        whole = [axis for axis in new if after[axis] > 1]
        if len(whole) > 1:
            return None
        if old:  # axes of one place at the end belong to the last axis: a flatten multiplies them
            factors[(*whole, *new, len(after) - 1)[0]] += old
    return factors


def _find_squeezed(op: OpCall) -> list[int]:
    """Return the axes that a reshape removes because they have one place."""
    if not op.op.startswith("aten.squeeze"):
        return []
    shape = op.inputs[0].shape
    dims = op.args.get("dim", tuple(range(len(shape))))
    named = (dims,) if isinstance(dims, int) else dims
    return sorted({dim % len(shape) for dim in named if shape[dim] == 1})


def broadcast(specs: Sequence[TensorSpec]) -> tuple[int, ...]:
    """Return the shape of the result of an elementwise operator."""
    columns = zip_longest(*(reversed(spec.shape) for spec in specs), fillvalue=1)
    return tuple(reversed([max(sizes) if all(sizes) else 0 for sizes in columns]))
