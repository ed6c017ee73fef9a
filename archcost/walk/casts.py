"""The treatment of an operator's arguments by torch's autocast, on the CPU and on CUDA.

Autocast affects the operators that have a kernel under a device's autocast key in torch's dispatcher. This file lists
the treatment of arguments that are not simply cast to float32.
"""

from __future__ import annotations

import functools
from typing import Any, Literal, TypeAlias

import torch

Policy: TypeAlias = Literal["lower", "full", "full dtype", "append dtype", "promote", "refuse"]

KEYS = {"cpu": "AutocastCPU", "cuda": "AutocastCUDA"}

# cast to half precision
LOWER = {
    *(
        "_convolution.deprecated",
        "_convolution",
        "convolution",
        "cudnn_convolution",
        "cudnn_convolution_transpose",
        "_cudnn_rnn",
    ),
    *("conv1d", "conv2d", "conv3d", "conv1d.padding", "conv2d.padding", "conv3d.padding", "conv_tbc"),
    *("conv_transpose1d", "conv_transpose2d.input", "conv_transpose3d.input", "prelu"),
    *("addmm", "addmv", "addr", "matmul", "einsum", "mm", "mv", "linalg_vecdot", "linear", "addbmm", "baddbmm", "bmm"),
    *("chain_matmul", "linalg_multi_dot", "_addmm_activation", "mkldnn_rnn_layer", "_native_multi_head_attention"),
    *("_thnn_fused_lstm_cell", "_thnn_fused_gru_cell", "lstm_cell", "gru_cell", "rnn_tanh_cell", "rnn_relu_cell"),
    *("_scaled_dot_product_flash_attention", "scaled_dot_product_attention"),
}
# cast to the widest of their dtypes
PROMOTE = {
    "cpu": {"stack", "cat", "index_copy", "index_copy.dimname"},
    "cuda": {
        *("addcdiv", "addcmul", "atan2", "bilinear", "cross", "dot", "vdot", "grid_sampler", "index_put", "tensordot"),
        "scatter_add",
    },
}


@functools.cache
def policies(lists: str) -> dict[str, Policy]:
    """Return the policy of a device's autocast, "cpu" or "cuda", for each operator that it affects."""
    registered = torch._C._dispatch_get_registrations_for_dispatch_key(KEYS[lists])
    names = {name.removeprefix("aten::") for name in registered if name.startswith("aten::")}
    if lists == "cuda":
        names.add("_cudnn_rnn")  # builds for the CPU lack it
    return {name: _policy(name, lists) for name in names}


def _policy(name: str, lists: str) -> Policy:
    if name in LOWER:
        return "lower"
    if name in PROMOTE[lists]:
        return "promote"
    return _full_on_cuda(name) if lists == "cuda" else "full"


def _full_on_cuda(name: str) -> Policy:
    """Return how CUDA's autocast obtains a float32 result: by casting arguments, or by the operator's dtype argument.

    The overloads differ between releases of torch (overloads with named dimensions were removed).
    """
    packet, _, overload = name.partition(".")
    if packet == "norm":
        return "append dtype"
    if packet == "binary_cross_entropy":
        return "refuse"
    op = getattr(getattr(torch.ops.aten, packet), overload or "default")
    return "full dtype" if any(argument.name == "dtype" for argument in op._schema.arguments) else "full"


def norm_with_dtype(overload: str) -> Any:
    """Return the overload of `norm` that takes a dtype as well."""
    norm = torch.ops.aten.norm
    return getattr(norm, f"{overload}_dtype", norm.ScalarOpt_dtype)
