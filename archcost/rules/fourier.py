"""Fast Fourier transforms, by the usual count of 5 n log2 n operations for a complex transform of n points."""

from __future__ import annotations

from math import ceil, log2, prod
from typing import TYPE_CHECKING

from archcost.rules._registry import rule
from archcost.rules.work import Mixes, Work

if TYPE_CHECKING:
    from archcost.records import OpCall, TensorSpec

FFT_OPS = 5


def _along(call: OpCall) -> Mixes:
    return Mixes(tuple(call.args["dim"]))


def _transforms(points: TensorSpec, dims: tuple[int, ...]) -> int:
    along = prod(points.shape[dim] for dim in dims)
    return ceil(FFT_OPS * points.elements * log2(max(along, 2)))


@rule("aten._fft_c2c", role="other", sees=_along)
def fft(call: OpCall) -> Work:
    """Complex Fourier transforms of n points each.

    other_ops = 5 * n * log2 n for each transform
    """
    return Work(other_ops=_transforms(call.inputs[0], tuple(call.args["dim"])))


@rule("aten._fft_r2c", "aten._fft_c2r", role="other", sees=_along)
def real_fft(call: OpCall) -> Work:
    """Fourier transforms of n real points: half of a complex transform, since the other half is its mirror image.

    other_ops = 5 * n * log2 n / 2 for each transform
    """
    real = call.inputs[0] if call.op == "aten._fft_r2c" else call.outputs[0]
    return Work(other_ops=_transforms(real, tuple(call.args["dim"])) // 2)
