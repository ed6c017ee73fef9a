"""Interpolation and sampling: a multiplication and an addition for each place that an output element reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archcost.rules._registry import free, rule
from archcost.rules.work import Scales, Unknown, Work

if TYPE_CHECKING:
    from collections.abc import Callable

    from archcost.records import OpCall

TAP_OPS = 2


def _make_scaling(axes: int, taps: int) -> Callable[[OpCall], Scales]:
    def sees(call: OpCall) -> Scales:
        before, after = call.inputs[0].shape[-axes:], call.outputs[0].shape[-axes:]
        return Scales(tuple(out / size for size, out in zip(before, after, strict=True)), taps)

    return sees


for _axes in (1, 2, 3):
    free(
        f"aten.upsample_nearest{_axes}d",
        f"aten._upsample_nearest_exact{_axes}d",
        why="copies the nearest value",
        role="other",
        sees=_make_scaling(_axes, 1),
    )


def _count_taps(call: OpCall, taps: int) -> Work:
    return Work(other_ops=TAP_OPS * taps * call.outputs[0].elements)


@rule("aten.upsample_linear1d", role="other", sees=_make_scaling(1, 2))
def linear(call: OpCall) -> Work:
    """Linear interpolation between 2 neighbours, 2 operations each.

    other_ops = 4 * output elements
    """
    return _count_taps(call, 2)


@rule("aten.upsample_bilinear2d", "aten._upsample_bilinear2d_aa", role="other", sees=_make_scaling(2, 2))
def bilinear(call: OpCall) -> Work:
    """Bilinear interpolation between 4 neighbours, 2 operations each.

    other_ops = 8 * output elements
    """
    return _count_taps(call, 4)


@rule("aten.upsample_trilinear3d", role="other", sees=_make_scaling(3, 2))
def trilinear(call: OpCall) -> Work:
    """Trilinear interpolation between 8 neighbours, 2 operations each.

    other_ops = 16 * output elements
    """
    return _count_taps(call, 8)


@rule("aten.upsample_bicubic2d", "aten._upsample_bicubic2d_aa", role="other", sees=_make_scaling(2, 4))
def bicubic(call: OpCall) -> Work:
    """Bicubic interpolation between 16 neighbours, 2 operations each.

    other_ops = 32 * output elements

    Not counted: the weights of the neighbours, which depend on the sizes alone.
    """
    return _count_taps(call, 16)


@rule("aten.grid_sampler_2d", "aten.grid_sampler_3d", "aten.cudnn_grid_sampler", role="other", sees=Unknown())
def grid_sample(call: OpCall) -> Work:
    """Sampling between 4 neighbours of an image or 8 of a volume, 2 operations each.

    other_ops = 8 * output elements of an image
    other_ops = 16 * output elements of a volume
    other_ops = 2 * output elements for the nearest neighbour
    """
    neighbours = 1 if call.args.get("interpolation_mode", 0) == 1 else 2 ** (len(call.outputs[0].shape) - 2)
    return _count_taps(call, neighbours)


@rule(
    *(f"aten.upsample_{mode}_backward" for mode in ("linear1d", "bilinear2d", "trilinear3d", "bicubic2d")),
    *(f"aten.upsample_nearest{axes}d_backward" for axes in (1, 2, 3)),
    *(f"aten._upsample_nearest_exact{axes}d_backward" for axes in (1, 2, 3)),
    "aten._upsample_bilinear2d_aa_backward",
    "aten._upsample_bicubic2d_aa_backward",
    "aten.grid_sampler_2d_backward",
    "aten.grid_sampler_3d_backward",
    role="other",
)
def sampling_backward(call: OpCall) -> Work:
    """Backward pass of sampling: a multiplication and an addition for each element of the gradient.

    other_ops = 2 * elements of the gradient
    """
    return Work(other_ops=TAP_OPS * call.inputs[0].elements)


@rule("aten.affine_grid_generator", role="other")
def affine_grid(call: OpCall) -> Work:
    """Each place of the grid times the (2, 3) or (3, 4) matrix of its image.

    macs = output elements * columns of the matrix
    """
    return Work(macs=call.outputs[0].elements * call.args["theta"].shape[-1], layers=0, layer_outputs=0)


@rule("aten._embedding_bag", "aten._embedding_bag_forward_only", role="embedding")
def embedding_bag(call: OpCall) -> Work:
    """Sum of embedding rows: one addition for each element of each row that is looked up.

    other_ops = indices * width of the table
    """
    table, indices = call.args["weight"], call.args["indices"]
    return Work(other_ops=indices.elements * table.shape[-1], layers=0)


@rule("aten._embedding_bag_backward", "aten._embedding_bag_dense_backward", role="embedding")
def embedding_bag_backward(call: OpCall) -> Work:
    """Gradient of the table: the gradient of a sum is added to each row that went into it.

    other_ops = indices * width of the table
    """
    return Work(other_ops=call.args["indices"].elements * call.args["grad"].shape[-1], layers=0)


@rule(
    "aten.embedding_dense_backward",
    "aten.index_put",
    "aten.scatter_add",
    role="other",
)
def accumulate(call: OpCall) -> Work:
    """Accumulation into a table: one addition for each element of the gradient, or of the values put in.

    other_ops = elements of the gradient or the values
    """
    values = call.args.get("grad_output") or call.args.get("grad") or call.inputs[-1]
    return Work(other_ops=values.elements)


@rule("aten.index_add", "aten.scatter_reduce", "aten.index_reduce", role="other")
def scatter_sum(call: OpCall) -> Work:
    """Scattered sum: one addition for each scattered element.

    other_ops = elements of the source
    """
    return Work(other_ops=call.inputs[-1].elements)
