"""Operators that move, name or make data without arithmetic, each with the reason why it is free."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archcost.rules._registry import free, rule
from archcost.rules.work import Cuts, Nothing, Pads, Permutes, Picks, Pointwise, Reshapes, Sight, Slides, Work

if TYPE_CHECKING:
    from archcost.records import OpCall

RENAMES = "a view of the same data"
COPIES = "only copies data"
MAKES = "only writes constants"
ASKS = "only asks for metadata"

RESHAPES = """
    view _unsafe_view reshape _reshape_alias _reshape_copy squeeze squeeze_copy unsqueeze flatten unflatten
    view_as_real view_as_complex
"""
ALIASES = """
    alias detach lift lift_fresh _conj _neg_view resolve_conj resolve_neg real imag
    expand expand_copy broadcast_to split split_with_sizes unsafe_split unsafe_split_with_sizes chunk unsafe_chunk
"""
SPARSE_PARTS = """
    values indices crow_indices col_indices ccol_indices row_indices _values _indices _coalesced
    _sparse_coo_tensor_with_dims_and_tensors _sparse_coo_tensor_unsafe _sparse_compressed_tensor_unsafe
    sparse_compressed_tensor _sparse_coo_tensor_with_dims
"""
REGIONS = "as_strided diagonal unfold set_ resize narrow"
POINTWISE_COPIES = """
    cat concat clone _to_copy copy contiguous to type_as tril triu channel_shuffle native_channel_shuffle
    _pin_memory lift_fresh_copy
"""
COPYING = """
    stack repeat repeat_interleave tile roll flip rot90 masked_select scatter masked_scatter index_copy index_fill
    slice_scatter select_scatter block_diag diag diag_embed im2col col2im
    slice_backward select_backward unfold_backward value_selecting_reduction_backward
    _coalesce _to_dense _to_sparse _to_sparse_csr _to_sparse_csc _to_sparse_bsr _to_sparse_bsc sparse_mask
    _convert_indices_from_coo_to_csr _convert_indices_from_csr_to_coo
    as_strided_scatter diagonal_scatter _pack_padded_sequence diagonal_copy
"""
MAKING = """
    zeros ones full empty zeros_like ones_like full_like empty_like new_zeros new_ones new_full new_empty
    new_empty_strided empty_strided zero fill arange linspace logspace eye scalar_tensor tril_indices triu_indices
    _efficientzerotensor _new_zeros_with_same_feature_meta hann_window hamming_window blackman_window kaiser_window
"""
ASKING = """
    item _local_scalar_dense is_nonzero equal size stride numel dim sym_size is_same_size is_pinned
    is_coalesced _nnz sparse_dim dense_dim _dimI _dimV
    _has_same_storage_numel _assert_async _assert_scalar _functional_assert_async sym_constrain_range
    _assert_tensor_metadata record_stream _linalg_check_errors
"""


def _aten(names: str) -> tuple[str, ...]:
    return tuple(f"aten.{name}" for name in names.split())


free(*_aten(RESHAPES), why=RENAMES, sees=Reshapes())
free(*_aten(ALIASES), why=RENAMES, sees=Pointwise())
free(*_aten(REGIONS), why=RENAMES)
free(*_aten(POINTWISE_COPIES), why=COPIES, sees=Pointwise())
free(*_aten(SPARSE_PARTS), why="names the parts of a sparse tensor, or makes one of parts")
free(*_aten(COPYING), why=COPIES)
free(*_aten(MAKING), why=MAKES, sees=Nothing())
free(*_aten(ASKING), why=ASKS)


@rule("aten.embedding", role="embedding")
@rule("aten.index_select", "aten.gather", "aten.index", "aten._unsafe_index", "aten.take", role="movement")
def lookup(call: OpCall) -> Work:
    """Lookup without arithmetic: only the rows that are looked up are read, not the whole table.

    read_bytes = bytes of the result + bytes of the indices
    """
    indices = sum(spec.nbytes for spec in call.inputs[1:] if spec.dtype.startswith(("int", "uint", "bool")))
    return Work(read_bytes=call.outputs[0].nbytes + indices, layers=0)


def _see_transpose(call: OpCall) -> Permutes:
    dims = len(call.inputs[0].shape)
    order = list(range(dims))
    first, second = (-2, -1) if "dim0" not in call.args else (call.args["dim0"], call.args["dim1"])
    if dims > 1:
        order[first], order[second] = order[second], order[first]
    return Permutes(tuple(order))


def _see_permutation(call: OpCall) -> Permutes:
    dims = len(call.inputs[0].shape)
    return Permutes(tuple(dim % dims for dim in call.args["dims"]))


def _see_slice(call: OpCall) -> Cuts:
    size = call.inputs[0].shape[call.args["dim"]]
    start = call.args["start"] or 0
    return Cuts(call.args["dim"], min(start + size if start < 0 else start, size), call.args["step"])


def _see_pick(call: OpCall) -> Picks:
    return Picks(call.args["dim"])


free("aten.t", "aten.transpose", why=RENAMES, sees=_see_transpose)
free("aten.permute", "aten.permute_copy", why=RENAMES, sees=_see_permutation)
free("aten.slice", why=RENAMES, sees=_see_slice)
free("aten.select", "aten.unbind", why=RENAMES, sees=_see_pick)


def _see_padding(call: OpCall) -> Pads:
    pads = call.args["pad" if "pad" in call.args else "padding"]
    return Pads(tuple(pads[::2]))


free("aten.constant_pad_nd", "aten.pad", why=COPIES, sees=_see_padding)
for _mode in ("reflection", "replication"):
    free(*(f"aten.{_mode}_pad{axes}d" for axes in (1, 2, 3)), why=COPIES, sees=_see_padding)


@rule(
    *(f"aten.{mode}_pad{axes}d_backward" for mode in ("reflection", "replication") for axes in (1, 2, 3)),
    role="movement",
)
def pad_backward(call: OpCall) -> Work:
    """Backward pass of padding: one addition for each element of the gradient.

    other_ops = elements of the gradient
    """
    return Work(other_ops=call.inputs[0].elements)


def _see_shuffle(call: OpCall) -> Sight:
    factor = call.args.get("upscale_factor")
    if factor is not None:
        return Slides((1, 1), (1 / factor,) * 2, (0, 0), (1, 1))
    factor = call.args["downscale_factor"]  # the places of a block become channels, which what follows mixes
    return Slides((factor,) * 2, (factor,) * 2, (0, 0), (1, 1))


free("aten.pixel_shuffle", "aten.pixel_unshuffle", why=COPIES, sees=_see_shuffle)
