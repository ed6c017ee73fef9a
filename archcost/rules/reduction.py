"""Reductions, scans and sorts: one operation for each element that goes in."""

from __future__ import annotations

from math import ceil, log2
from typing import TYPE_CHECKING, Any

from archcost.rules._registry import rule
from archcost.rules.work import Everything, Mixes, Sight, Work

if TYPE_CHECKING:
    from archcost.records import OpCall


def _see_reduction(call: OpCall) -> Sight:
    dim: Any = call.args.get("dim")
    if dim is None or dim == ():
        return Everything()
    return Mixes(dim if isinstance(dim, tuple) else (dim,), keeps=bool(call.args.get("keepdim", False)))


@rule("aten.mean", "aten.amax", role="pooling", sees=_see_reduction)
@rule(
    "aten.sum",
    "aten.nansum",
    "aten.prod",
    "aten.amin",
    "aten.aminmax",
    "aten.max",
    "aten.min",
    "aten.argmax",
    "aten.argmin",
    "aten.any",
    "aten.all",
    "aten.logsumexp",
    "aten.count_nonzero",
    "aten.median",
    "aten.nanmedian",
    "aten.mode",
    "aten._is_all_true",
    "aten._is_any_true",
    "aten.allclose",
    "aten._sparse_sum",
    role="other",
    sees=_see_reduction,
)
def reduction(call: OpCall) -> Work:
    """Reduction: one operation for each input element; the binary forms of max and min count the larger side.

    other_ops = input elements, or output elements where there are more of them
    """
    return Work(other_ops=max(tensor.held for tensor in (call.inputs[0], *call.outputs)))


@rule("aten.var", "aten.std", "aten.var_mean", "aten.std_mean", role="other", sees=_see_reduction)
def variance(call: OpCall) -> Work:
    """Variance: sum, difference and square.

    other_ops = 3 * input elements
    """
    return Work(other_ops=3 * call.inputs[0].elements)


@rule("aten.norm", "aten.linalg_vector_norm", "aten.dist", role="other", sees=_see_reduction)
def norm(call: OpCall) -> Work:
    """Norm: square and sum.

    other_ops = 2 * input elements

    Not counted: the root of each result.
    """
    return Work(other_ops=2 * call.inputs[0].elements)


def _see_scan(call: OpCall) -> Mixes:
    return Mixes((call.args["dim"],))


@rule(
    "aten.cumsum",
    "aten.cumprod",
    "aten.cummax",
    "aten.cummin",
    "aten._cummax_helper",
    "aten.logcumsumexp",
    role="other",
    sees=_see_scan,
)
def scan(call: OpCall) -> Work:
    """Running sum, product or extreme: one operation for each element.

    other_ops = input elements
    """
    return Work(other_ops=call.inputs[0].elements)


@rule(
    "aten.sort",
    "aten.argsort",
    "aten.topk",
    "aten.kthvalue",
    "aten._unique2",
    "aten.unique_dim",
    role="other",
    sees=Everything(),
)
def sort(call: OpCall) -> Work:
    """Sort of n elements along a dimension.

    other_ops = input elements * ceil(log2 n)
    """
    values = call.inputs[0]
    dim = call.args.get("dim", -1)
    along = values.shape[dim if isinstance(dim, int) else -1] if values.shape else 1
    return Work(other_ops=values.elements * ceil(log2(max(along, 2))))


@rule("aten._cdist_forward", "aten._pdist_forward", role="other", sees=Everything())
def distances(call: OpCall) -> Work:
    """Distances of pairs of points: difference, power and sum for each coordinate.

    other_ops = 3 * pairs * coordinates
    """
    return Work(other_ops=3 * call.outputs[0].elements * call.inputs[0].shape[-1])


@rule("aten._euclidean_dist", role="other", sees=Everything())
def euclidean_distances(call: OpCall) -> Work:
    """Distances of n and m points in d dimensions, by one product.

    Each point has its squared length and a one beside its coordinates there.

    macs = n * m * (d + 2)
    other_ops = 2 * elements of both operands (squared lengths) + 2 * n * m (limit and root)
    """
    first, second = call.inputs
    pairs = call.outputs[0].elements
    return Work(
        macs=pairs * (first.shape[-1] + 2),
        other_ops=2 * (first.elements + second.elements) + 2 * pairs,
        layers=0,
        layer_outputs=0,
    )


@rule("aten.nonzero", "aten.bincount", "aten.histc", role="other", sees=Everything())
def scanning(call: OpCall) -> Work:
    """Search or count: one comparison for each input element.

    other_ops = input elements
    """
    return Work(other_ops=call.inputs[0].elements)


@rule("aten.linalg_cross", role="other", sees=Everything())
def cross_product(call: OpCall) -> Work:
    """Cross product: two products and a difference for each element.

    other_ops = 3 * output elements
    """
    return Work(other_ops=3 * call.outputs[0].elements)


@rule("aten.linalg_solve_triangular", "aten.triangular_solve", role="other", sees=Everything())
def substitution(call: OpCall) -> Work:
    """Solution of a triangular n x n system for each of k columns, by substitution.

    n (n - 1) / 2 products, as many differences, and n quotients for each column.

    other_ops = n * n * k for each matrix
    """
    matrix = call.args["A"] if "A" in call.args else call.args["self"]
    return Work(other_ops=call.outputs[0].elements * matrix.shape[-1])


@rule("aten.cholesky_solve", "aten.linalg_lu_solve", role="other", sees=Everything())
def two_substitutions(call: OpCall) -> Work:
    """Solution of an n x n system of two known triangular factors for each of k columns.

    other_ops = 2 * n * n * k for each matrix
    """
    matrix = call.args["LU"] if "LU" in call.args else call.args["input2"]
    return Work(other_ops=2 * call.outputs[0].elements * matrix.shape[-1])


@rule(
    "aten._linalg_det",
    "aten._linalg_eigh",
    "aten._linalg_slogdet",
    "aten._linalg_solve_ex",
    "aten._linalg_svd",
    "aten.linalg_cholesky_ex",
    "aten.linalg_inv_ex",
    "aten.linalg_lu_factor_ex",
    "aten.linalg_matrix_exp",
    "aten.linalg_qr",
    role="other",
    sees=Everything(),
)
def decomposition(call: OpCall) -> Work:
    """Direct method on n x m matrices. Only the order of magnitude: the methods differ by constant factors.

    other_ops = n * n * m for each matrix
    """
    rows = call.inputs[0].shape[-2]
    return Work(other_ops=call.inputs[0].elements * rows)
