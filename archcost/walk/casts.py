"""What torch's autocast does with an operator's arguments, on the CPU and on CUDA.

Which operators it touches, torch's dispatcher knows: those that have a kernel for a device's autocast. Said here is
what becomes of their arguments where they are not simply cast to float32.
"""

from __future__ import annotations

import functools
from typing import Literal, TypeAlias

import torch

Policy: TypeAlias = Literal["lower", "full", "full dtype", "append dtype", "promote", "refuse"]

KEYS = {"cpu": "AutocastCPU", "cuda": "AutocastCUDA"}

# into half precision
LOWER = {
    *("_convolution.deprecated", "_convolution", "convolution", "cudnn_convolution", "cudnn_convolution_transpose"),
    *("conv1d", "conv2d", "conv3d", "conv1d.padding", "conv2d.padding", "conv3d.padding", "conv_tbc"),
    *("conv_transpose1d", "conv_transpose2d.input", "conv_transpose3d.input", "prelu"),
    *("addmm", "addmv", "addr", "matmul", "einsum", "mm", "mv", "linalg_vecdot", "linear", "addbmm", "baddbmm", "bmm"),
    *("chain_matmul", "linalg_multi_dot", "_addmm_activation", "mkldnn_rnn_layer", "_native_multi_head_attention"),
    *("_thnn_fused_lstm_cell", "_thnn_fused_gru_cell", "lstm_cell", "gru_cell", "rnn_tanh_cell", "rnn_relu_cell"),
    *("_scaled_dot_product_flash_attention", "scaled_dot_product_attention"),
}
# into the widest of their dtypes
PROMOTE = {
    "cpu": {"stack", "cat", "index_copy"},
    "cuda": {
        *("addcdiv", "addcmul", "atan2", "bilinear", "cross", "dot", "vdot", "grid_sampler", "index_put", "tensordot"),
        "scatter_add",
    },
}
# CUDA's: left as they are, but asked for a result in float32
FULL_DTYPE = {
    *("prod", "prod.dim_int", "softmax.int", "log_softmax.int", "cumprod", "cumsum", "sum", "sum.dim_IntList"),
    *("linalg_vector_norm", "linalg_matrix_norm", "linalg_matrix_norm.str_ord"),
}
# CUDA's: another overload of `norm`, which takes a dtype
APPEND_DTYPE = {"Scalar": "ScalarOpt_dtype", "ScalarOpt_dim": "ScalarOpt_dim_dtype"}


@functools.cache
def policies(lists: str) -> dict[str, Policy]:
    """Return what the autocast of a device, "cpu" or "cuda", does with each operator that it touches."""
    registered = torch._C._dispatch_get_registrations_for_dispatch_key(KEYS[lists])
    names = [name.removeprefix("aten::") for name in registered if name.startswith("aten::")]
    return {name: _policy(name, lists) for name in names}


def _policy(name: str, lists: str) -> Policy:
    if name in LOWER:
        return "lower"
    if name in PROMOTE[lists]:
        return "promote"
    if lists == "cuda" and name in FULL_DTYPE:
        return "full dtype"
    if lists == "cuda" and name.removeprefix("norm.") in APPEND_DTYPE:
        return "append dtype"
    return "refuse" if lists == "cuda" and name == "binary_cross_entropy" else "full"
