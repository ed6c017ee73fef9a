"""The table of shape rules by operator."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import torch

from archcost.walk.shapes import backward, bags, elementwise, layouts, losses, norms, products, recurrent, windows

if TYPE_CHECKING:
    from collections.abc import Callable

aten = torch.ops.aten
SHAPES: dict[Any, Callable[..., Any]] = {
    aten._fused_sgd_.default: elementwise.fused_step,
    aten.convolution.default: products.convolution,
    aten.convolution_backward.default: backward.convolution,
    aten.addmm.default: products.addmm,
    aten.mm.default: products.mm,
    aten.bmm.default: products.bmm,
    aten._grouped_mm.default: products.grouped_mm,
    aten._scaled_dot_product_flash_attention_for_cpu.default: products.attention,
    aten.mkldnn_rnn_layer.default: recurrent.lstm_layer,
    aten.mkldnn_rnn_layer_backward.default: recurrent.lstm_layer_backward,
    aten.native_batch_norm.default: norms.batch_norm,
    aten.native_layer_norm.default: norms.layer_norm,
    aten.native_group_norm.default: norms.group_norm,
    aten._softmax.default: norms.softmax,
    aten._log_softmax.default: norms.softmax,
    aten._safe_softmax.default: norms.safe_softmax,
    aten.max_pool2d_with_indices.default: windows.max_pool,
    aten.avg_pool2d.default: windows.average_pool,
    aten.avg_pool3d.default: partial(windows.average_pool, axes=3),
    aten._adaptive_avg_pool2d.default: windows.adaptive_average_pool,
    aten.upsample_nearest2d.default: windows.interpolate,
    aten.upsample_bilinear2d.default: windows.interpolate,
    aten.upsample_bicubic2d.default: windows.interpolate,
    **dict.fromkeys([aten.mse_loss.default, aten.smooth_l1_loss.default, aten.soft_margin_loss.default], losses.loss),
    aten.binary_cross_entropy.default: losses.weighted_loss,
    aten.col2im.default: losses.fold,
    aten.mean.dim: layouts.mean,
    aten.sum.dim_IntList: layouts.mean,
    aten.amax.default: layouts.amax,
    aten.linalg_vector_norm.default: layouts.vector_norm,
    aten.cat.default: layouts.cat,
    aten.stack.default: layouts.stack,
    aten.clone.default: layouts.clone,
    aten._unsafe_view.default: layouts.unsafe_view,
    aten.constant_pad_nd.default: layouts.pad,
    aten.embedding.default: layouts.embedding,
    aten._embedding_bag.default: bags.embedding_bag,
    aten.empty.memory_format: layouts.empty,
    aten.roll.default: layouts.roll,
    **dict.fromkeys([aten.arange.default, aten.arange.start, aten.arange.start_step], layouts.arange),
    **dict.fromkeys(
        [
            aten.fake_quantize_per_tensor_affine_cachemask.default,
            aten.fake_quantize_per_channel_affine_cachemask.default,
            aten._fake_quantize_per_tensor_affine_cachemask_tensor_qparams.default,
        ],
        elementwise.fake_quantised,
    ),
    aten.div.Tensor: elementwise.quotient,
    aten.pow.Scalar: elementwise.power,
    aten.native_batch_norm_backward.default: backward.batch_norm,
    aten.threshold_backward.default: backward.threshold,
    **dict.fromkeys(
        [
            *(aten.relu.default, aten.leaky_relu.default, aten.hardtanh.default, aten.elu.default),
            *(aten.sigmoid.default, aten.hardsigmoid.default, aten.tanh.default, aten.softplus.default),
            *(aten.gelu.default, aten.silu.default, aten.hardswish.default, aten.mish.default),
            *(aten.exp.default, aten.log.default, aten.sqrt.default, aten.rsqrt.default, aten.neg.default),
            *(aten.abs.default, aten.sin.default, aten.cos.default, aten.clamp.default, aten.clamp_min.default),
            *(aten.pow.Tensor_Scalar, aten.add.Scalar, aten.mul.Scalar, aten.div.Scalar, aten.rsub.Scalar),
        ],
        elementwise.unary,
    ),
    **dict.fromkeys(
        [
            *(aten.relu_.default, aten.leaky_relu_.default, aten.hardtanh_.default, aten.elu_.default),
            *(aten.sigmoid_.default, aten.hardsigmoid_.default, aten.tanh_.default),
            *(aten.silu_.default, aten.hardswish_.default, aten.mish_.default),
        ],
        elementwise.unary_in_place,
    ),
    **dict.fromkeys(
        [aten.add.Tensor, aten.sub.Tensor, aten.mul.Tensor, aten.maximum.default],
        elementwise.binary,
    ),
    **dict.fromkeys(
        [aten.add_.Tensor, aten.sub_.Tensor, aten.mul_.Tensor, aten.div_.Tensor], elementwise.binary_in_place
    ),
    **dict.fromkeys([aten.addcmul_.default, aten.addcdiv_.default, aten.lerp_.Scalar], elementwise.shape_update),
}
RULES = {id(func): rule for func, rule in SHAPES.items()}  # by id, as operators are slow to hash
