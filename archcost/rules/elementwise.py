"""Elementwise operators: one operation for each element of the result, whatever the function.

An exponential costs a processor more than an addition; how much more depends on the processor, so it is not guessed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from archcost.rules._registry import rule
from archcost.rules.work import Pointwise, Work

if TYPE_CHECKING:
    from archcost.records import OpCall

ACTIVATIONS = """
    celu elu gelu glu hardshrink hardsigmoid hardswish hardtanh leaky_relu log_sigmoid_forward mish prelu _prelu_kernel
    relu relu6 rrelu rrelu_with_noise rrelu_with_noise_functional selu sigmoid silu softplus softshrink tanh threshold
"""
ARITHMETIC = """
    abs add sub rsub mul div true_divide floor_divide divide remainder fmod neg pow float_power square sqrt rsqrt
    reciprocal exp exp2 expm1 log log2 log10 log1p sin cos tan asin acos atan atan2 sinh cosh asinh acosh atanh
    erf erfc erfinv lgamma digamma special_erfcx special_xlog1py xlogy sinc logit
    ceil floor round trunc frac sign sgn copysign clamp clamp_min clamp_max clip maximum minimum fmax fmin
    lerp addcmul addcdiv nan_to_num hypot logaddexp logaddexp2 angle conj_physical polar complex ldexp
"""
FOREACH = """
    _foreach_add _foreach_sub _foreach_mul _foreach_div _foreach_lerp _foreach_addcmul _foreach_addcdiv _foreach_sqrt
    _foreach_neg _foreach_pow _foreach_reciprocal _foreach_maximum
"""
COMPARISONS = """
    eq ne lt le gt ge isnan isinf isfinite logical_and logical_or logical_xor logical_not bitwise_and bitwise_or
    bitwise_xor bitwise_not bitwise_left_shift bitwise_right_shift __lshift__ __rshift__ __and__ __or__ __xor__
    where masked_fill heaviside signbit isin bucketize searchsorted
"""
# what torch's own decompositions are made of: the derivatives of jvp, for one
PRIMITIVES = "abs add sub mul div neg pow sqrt rsqrt exp log sin cos tanh maximum minimum eq ne lt le gt ge where"
RANDOM = """
    bernoulli normal uniform random rand randn randint rand_like randn_like randint_like
    exponential multinomial randperm
"""
LOSSES = """
    mse_loss l1_loss smooth_l1_loss huber_loss binary_cross_entropy binary_cross_entropy_with_logits
    nll_loss_forward nll_loss2d_forward soft_margin_loss
"""
BACKWARD = """
    threshold_backward gelu_backward silu_backward mish_backward elu_backward hardswish_backward hardsigmoid_backward
    hardtanh_backward leaky_relu_backward sigmoid_backward tanh_backward softplus_backward softshrink_backward
    hardshrink_backward glu_backward log_sigmoid_backward rrelu_with_noise_backward
    _prelu_kernel_backward native_dropout_backward logit_backward mse_loss_backward smooth_l1_loss_backward
    huber_loss_backward binary_cross_entropy_backward nll_loss_backward nll_loss2d_backward
    infinitely_differentiable_gelu_backward
"""


def _aten(*lists: str) -> tuple[str, ...]:
    return tuple(f"aten.{name}" for names in lists for name in names.split())


@rule(*_aten(ACTIVATIONS), role="activation", sees=Pointwise())
@rule(
    *_aten(ARITHMETIC, COMPARISONS, RANDOM),
    *(f"prims.{name}" for name in PRIMITIVES.split()),
    role="elementwise",
    sees=Pointwise(),
)
def elementwise(call: OpCall) -> Work:
    """One operation for each element of the result; of a sparse result, for each stored element.

    other_ops = output elements
    """
    outputs = call.outputs
    return Work(other_ops=outputs[0].held if len(outputs) == 1 else max([each.held for each in outputs], default=0))


@rule("aten.native_dropout", "aten._fused_dropout", role="elementwise", sees=Pointwise())
def fused_dropout(call: OpCall) -> Work:
    """Dropout: a random number, its scaling, the product, as where torch takes it apart.

    other_ops = 3 * elements
    """
    return Work(other_ops=3 * call.inputs[0].elements)


@rule(*_aten(FOREACH), role="elementwise", sees=Pointwise())
def every(call: OpCall) -> Work:
    """One operation for each element of each tensor in a list.

    other_ops = sum of the elements of all tensors
    """
    return Work(other_ops=sum(spec.elements for spec in call.args["self"]))


@rule("aten._fused_adam_", "aten._fused_adamw_", "aten._fused_sgd_", role="elementwise", sees=Pointwise())
def fused_step(call: OpCall) -> Work:
    """An optimizer's step, counted as where torch takes it apart.

    other_ops = 7 * elements of all parameters with Adam
    other_ops = 8 * elements of all parameters with AdamW, which decays them
    other_ops = elements of all parameters with SGD
    other_ops = 3 * elements of all parameters with SGD and momentum
    """
    operations = {"aten._fused_adam_": 7, "aten._fused_adamw_": 8}.get(call.op, 3 if call.args.get("momentum") else 1)
    return Work(other_ops=operations * sum(spec.elements for spec in call.args["self"]))


@rule(*_aten(LOSSES), role="other", sees=Pointwise())
def loss(call: OpCall) -> Work:
    """Loss: one operation for each element of the prediction.

    other_ops = elements of the prediction
    """
    return Work(other_ops=call.inputs[0].elements)


@rule(*_aten(BACKWARD), role="elementwise")
def elementwise_backward(call: OpCall) -> Work:
    """Backward pass: one operation for each element of the gradient.

    other_ops = elements of the gradient
    """
    return Work(other_ops=max((output.elements for output in call.outputs), default=0))
