"""Matrix products: linear layers, batched products, and what einsum and @ become."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

from archcost.rules._registry import rule
from archcost.rules.work import Contracts, Everything, Pointwise, Work, real_macs

if TYPE_CHECKING:
    from archcost.records import OpCall, TensorSpec

PRODUCT = Contracts(0, 1)
ADDED_PRODUCT = Contracts(1, 2)


def _operands(call: OpCall, *names: str) -> tuple[TensorSpec, ...]:
    return tuple(call.args[name] for name in names)


def _product(rows: TensorSpec, columns: TensorSpec, *, batches: int = 1) -> int:
    """(n, m) times (m, p): n * m * p, for each of `batches`; of a sparse operand what it stores.

    Where both are sparse, a row of the second stores as much as another.
    """
    if rows.stored is not None or columns.stored is not None:
        width = columns.shape[-1] if columns.stored is None else columns.stored / max(columns.shape[-2], 1)
        return real_macs(round(rows.held * width), rows, columns)
    return real_macs(batches * prod(rows.shape[-2:]) * columns.shape[-1], rows, columns)


@rule("aten.mm", "aten._int_mm", "aten._scaled_mm", role="linear", sees=PRODUCT)
def mm(call: OpCall) -> Work:
    """A (n, m) matrix times a (m, p) matrix.

    macs = n * m * p
    """
    return Work(macs=_product(call.args["self"], call.args["mat2"]))


@rule("aten.addmm", "aten._addmm_activation", role="linear", sees=ADDED_PRODUCT)
def addmm(call: OpCall) -> Work:
    """A (n, m) matrix times a (m, p) matrix, added to a third: a linear layer with its bias.

    macs = n * m * p

    Not counted: the addition.
    """
    return Work(macs=_product(call.args["mat1"], call.args["mat2"]))


@rule("aten._sparse_addmm", role="linear", sees=ADDED_PRODUCT)
def sparse_addmm(call: OpCall) -> Work:
    """A product with a sparse operand, of which only the stored elements are multiplied.

    macs = stored elements * columns of the other operand

    Not counted: the addition.
    """
    return Work(macs=_product(*_operands(call, "mat1", "mat2")))


@rule("aten._sparse_sparse_matmul", role="linear", sees=PRODUCT)
def sparse_sparse_matmul(call: OpCall) -> Work:
    """A product of two sparse matrices.

    macs = stored elements of the first * stored elements in an average row of the second
    """
    return Work(macs=_product(*_operands(call, "self", "other")))


@rule("aten.bmm", role="linear", sees=PRODUCT)
def bmm(call: OpCall) -> Work:
    """A batch of b products (n, m) times (m, p).

    macs = b * n * m * p
    """
    rows, columns = _operands(call, "self", "mat2")
    return Work(macs=_product(rows, columns, batches=rows.shape[0]))


@rule("aten.baddbmm", "aten.addbmm", role="linear", sees=ADDED_PRODUCT)
def baddbmm(call: OpCall) -> Work:
    """A batch of b products (n, m) times (m, p), added to a tensor.

    macs = b * n * m * p

    Not counted: the addition.
    """
    rows, columns = _operands(call, "batch1", "batch2")
    return Work(macs=_product(rows, columns, batches=rows.shape[0]))


@rule("aten._grouped_mm", "aten._scaled_grouped_mm", role="linear", sees=PRODUCT)
def grouped_mm(call: OpCall) -> Work:
    """Products of groups, as a mixture of experts has them; each row is in one group, whichever.

    Where one operand has no dimension of groups, n, m or p is the sum over the groups. Where both have one, every group
    is a whole product.

    macs = n * m * p
    macs = groups * n * m * p where both operands have a dimension of groups
    """
    rows, columns = _operands(call, "self", "mat2")
    groups = rows.shape[0] if len(rows.shape) > len(columns.shape) else 1
    return Work(macs=real_macs(rows.elements * columns.shape[-1] // max(groups, 1), rows, columns))


@rule("aten.mv", "aten.dot", "aten.vdot", role="linear", sees=Everything())
def vector_product(call: OpCall) -> Work:
    """A matrix times a vector, or a dot product.

    macs = elements of the first operand
    """
    operands = call.inputs[:2]
    return Work(macs=real_macs(operands[0].held, *operands))


@rule("aten.addmv", role="linear", sees=Everything())
def addmv(call: OpCall) -> Work:
    """A matrix times a vector, added to a vector.

    macs = elements of the matrix

    Not counted: the addition.
    """
    operands = _operands(call, "mat", "vec")
    return Work(macs=real_macs(operands[0].held, *operands))


@rule("aten.addr", role="linear", sees=Everything())
def addr(call: OpCall) -> Work:
    """Outer product of two vectors.

    macs = output elements

    Not counted: the addition.
    """
    return Work(macs=real_macs(call.outputs[0].elements, *_operands(call, "vec1", "vec2")))


@rule("aten._trilinear", role="linear", sees=Everything())
def trilinear(call: OpCall) -> Work:
    """The product of nn.Bilinear: three operands, expanded along `expand1..3` and multiplied.

    An expanded dimension takes its size from the other operands.

    macs = product of all dimensions of the expanded operands
    """
    operands = _operands(call, "i1", "i2", "i3")
    dims = [list(operand.shape) for operand in operands]
    for shape, expand in zip(dims, _expansions(call), strict=True):
        for dim in sorted(expand):
            shape.insert(dim, 1)
    return Work(macs=real_macs(prod(max(sizes) for sizes in zip(*dims, strict=True)), *operands))


def _expansions(call: OpCall) -> tuple[tuple[int, ...], ...]:
    return call.args["expand1"], call.args["expand2"], call.args["expand3"]


@rule("aten._weight_norm_interface", role="normalisation", sees=Pointwise())
def weight_norm(call: OpCall) -> Work:
    """Normalisation of a weight: square, add, scale.

    other_ops = 3 * elements of the weight
    """
    return Work(other_ops=3 * call.args["v"].elements)


@rule("aten._weight_norm_interface_backward", role="normalisation", sees=Pointwise())
def weight_norm_backward(call: OpCall) -> Work:
    """Backward pass of a weight's normalisation: twice the forward pass.

    other_ops = 6 * elements of the weight
    """
    return Work(other_ops=6 * call.args["saved_v"].elements)
