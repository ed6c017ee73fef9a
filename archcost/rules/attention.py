"""Attention: every fused scaled_dot_product_attention, nn.MultiheadAttention's fast path, the encoder layer's.

Attention is counted dense: a causal mask saves nothing. On the meta device, and where no fused kernel fits, torch
takes attention apart into products, which `matmul` counts to the same multiply-adds.
"""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

from archcost.rules._registry import rule
from archcost.rules.normalisation import AFFINE_NORM_OPS, SOFTMAX_OPS
from archcost.rules.work import Everything, Work

if TYPE_CHECKING:
    from archcost.records import OpCall, TensorSpec


def _scores(query: TensorSpec, key: TensorSpec) -> int:
    """Elements of query @ key^T: batch and heads of the query, its length, the key's length."""
    return prod(query.shape[:-1]) * key.shape[-2]


@rule(
    "aten._scaled_dot_product_flash_attention",
    "aten._scaled_dot_product_flash_attention_for_cpu",
    "aten._scaled_dot_product_efficient_attention",
    "aten._scaled_dot_product_cudnn_attention",
    "aten._scaled_dot_product_fused_attention_overrideable",
    "higher_order.flex_attention",
    role="attention",
    sees=Everything(),
)
def scaled_dot_product_attention(call: OpCall) -> Work:
    """Attention softmax(q k^T) v, with q (..., l, e), k (..., s, e) and v (..., s, f).

    macs = batch * heads * l * s * (e + f)
    other_ops = elements of q and k (scaling) + 5 * batch * heads * l * s (softmax)
    other_ops = that + batch * heads * l * s where there is a mask or a bias

    Not counted: savings by a causal mask.
    """
    query, key, value = call.args["query"], call.args["key"], call.args["value"]
    scores = _scores(query, key)
    masked = any(call.args.get(name) is not None for name in ("attn_mask", "attn_bias"))
    return Work(
        macs=scores * (query.shape[-1] + value.shape[-1]),
        other_ops=query.elements + key.elements + scores * (SOFTMAX_OPS + int(masked)),
        layers=0,
        layer_outputs=0,
    )


@rule(
    "aten._scaled_dot_product_flash_attention_backward",
    "aten._scaled_dot_product_flash_attention_for_cpu_backward",
    "aten._scaled_dot_product_efficient_attention_backward",
    "aten._scaled_dot_product_cudnn_attention_backward",
    "aten._scaled_dot_product_fused_attention_overrideable_backward",
    role="attention",
)
def scaled_dot_product_attention_backward(call: OpCall) -> Work:
    """Five products: the scores again, then the gradients by v, scores, q and k.

    The forward pass has two products. The fused kernels keep no scores, so they compute them once more.

    macs = batch * heads * l * s * (3 e + 2 f)
    other_ops = 10 * batch * heads * l * s
    """
    query, key, value = call.args["query"], call.args["key"], call.args["value"]
    scores = _scores(query, key)
    return Work(
        macs=scores * (3 * query.shape[-1] + 2 * value.shape[-1]),
        other_ops=scores * 2 * SOFTMAX_OPS,
        layers=0,
        layer_outputs=0,
    )


def _self_attention(tokens: TensorSpec, heads: int, *, projected: int) -> Work:
    """Projections to q, k, v and back, and the attention between them; tokens are (batch, length, width)."""
    batch, length, width = tokens.shape
    rows = batch * length
    scores = batch * heads * length * length
    return Work(
        macs=rows * width * (projected + width) + 2 * scores * (width // heads),
        other_ops=2 * rows * width + scores * SOFTMAX_OPS,
        layers=2,
        layer_outputs=rows * (projected + width),
    )


@rule("aten._native_multi_head_attention", role="attention", sees=Everything())
def multi_head_attention(call: OpCall) -> Work:
    """Projection of `length` tokens to q, k and v, attention in every head, and one projection out.

    macs = batch * length * width * 4 width + 2 * batch * length * length * width
    other_ops = 2 * batch * length * width + 5 * batch * heads * length * length

    Not counted: biases.
    """
    return _self_attention(call.args["query"], call.args["num_head"], projected=call.args["qkv_weight"].shape[0])


@rule("aten._transformer_encoder_layer_fwd", role="attention", sees=Everything())
def transformer_encoder_layer(call: OpCall) -> Work:
    """Self-attention, two linear layers, two normalisations, two residual additions, one activation.

    macs = those of multi_head_attention + 2 * batch * length * width * hidden
    other_ops = those of multi_head_attention + batch * length * (16 width + hidden): 14 in the normalisations

    Not counted: biases.
    """
    tokens = call.args["src"]
    hidden = call.args["ffn_weight_1"].shape[0]
    attention = _self_attention(tokens, call.args["num_heads"], projected=call.args["qkv_weight"].shape[0])
    rows = tokens.shape[0] * tokens.shape[1]
    width = tokens.shape[2]
    return Work(
        macs=attention.macs + 2 * rows * width * hidden,
        other_ops=attention.other_ops + rows * (2 * AFFINE_NORM_OPS * width + 2 * width + hidden),
        layers=4,
        layer_outputs=(attention.layer_outputs or 0) + rows * (hidden + width),
    )
