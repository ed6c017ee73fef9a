"""Shape rules of elementwise operators: their results keep the operands' order in memory."""

from __future__ import annotations

from typing import Any

import torch

from archcost.walk.shapes.results import dense, floating, has_settled_strides, new, new_strided, usual

INTEGERS = {torch.int64, torch.int32}


def unary(image: torch.Tensor, *others: Any, **_: Any) -> Any:
    """Return the result for one tensor and plain numbers."""
    if not image.dtype.is_floating_point or (others and _unusual(others)):
        return NotImplemented
    return _result(image.shape, (image,))


def unary_in_place(image: torch.Tensor, *others: Any, **_: Any) -> Any:
    """Return the tensor itself."""
    return NotImplemented if not image.dtype.is_floating_point or (others and _unusual(others)) else image


def binary(first: torch.Tensor, second: Any, *, alpha: float = 1) -> Any:
    """Return the result for two broadcast tensors, or for a tensor and a plain number."""
    if not isinstance(second, torch.Tensor):
        return with_number(first, second, alpha)
    dtype = first.dtype if first.dtype == second.dtype else torch.result_type(first, second)
    if not dtype.is_floating_point or isinstance(alpha, complex):
        return NotImplemented
    shape = first.shape if first.shape == second.shape else broadcast(first.shape, second.shape)
    return NotImplemented if shape is None else _result(shape, (first, second), dtype)


def quotient(first: torch.Tensor, second: Any) -> Any:
    """Return the result as for any two operands; integers divided by a number have the default dtype."""
    if first.dtype not in INTEGERS or not isinstance(second, (int, float)):
        return binary(first, second)
    return _result(first.shape, (first,), torch.get_default_dtype())


def with_number(image: torch.Tensor, *others: Any) -> Any:
    """Return the result for a tensor and a plain number: the CPU orders all dimensions, even those of size 1."""
    if not image.dtype.is_floating_point or _unusual(others) or usual(image) or not image.numel():
        return unary(image, *others)
    return new_strided(image.shape, _stack(image.shape, _order(image.shape, (image,))), image)


def power(base: float, exponent: torch.Tensor) -> Any:
    """Return the result of a plain number to the power of a tensor."""
    return unary(exponent, base)


def binary_in_place(first: torch.Tensor, second: Any, *, alpha: float = 1) -> Any:
    """Return the first tensor, if the second one can be broadcast to its shape."""
    if not isinstance(second, torch.Tensor):
        return unary_in_place(first, second, alpha)
    if not floating(first, second) or isinstance(alpha, complex):
        return NotImplemented
    return first if broadcast(first.shape, second.shape) == first.shape else NotImplemented


def fake_quantised(image: torch.Tensor, *_: Any) -> Any:
    """Return the quantised image, and a mask of the elements within the range."""
    return torch.empty_like(image), torch.empty_like(image, dtype=torch.bool)


def _unusual(others: tuple[Any, ...]) -> bool:
    return any(isinstance(other, (torch.Tensor, complex)) for other in others)


def shape_update(parameter: torch.Tensor, *others: Any, **_: Any) -> Any:
    """Return the first operand of an optimizer's in-place step, if all operands have its shape and dtype."""
    tensors = [parameter, *(other for other in others if isinstance(other, torch.Tensor))]
    same = all(tensor.shape == parameter.shape for tensor in tensors)
    return parameter if same and floating(*tensors) else NotImplemented


def fused_step(*_: Any, **__: Any) -> None:
    """Return None, as a fused optimizer kernel does, which updates all parameters in place."""


def broadcast(first: torch.Size, second: torch.Size) -> torch.Size | None:
    """Return the broadcast shape of two operands; None if they are incompatible."""
    if len(first) < len(second):
        first, second = second, first
    sizes = list(first)
    for place, size in enumerate(second, start=len(first) - len(second)):
        if sizes[place] != size and 1 not in {sizes[place], size}:
            return None
        sizes[place] = size if sizes[place] == 1 else sizes[place]
    return torch.Size(sizes)


def _result(shape: torch.Size, operands: tuple[torch.Tensor, ...], dtype: torch.dtype | None = None) -> Any:
    """Return a new tensor, of the first operand's dtype by default, with the operands' order in memory."""
    first = operands[0]
    if usual(first) and (len(operands) == 1 or usual(operands[1])):
        return new(shape, first, dtype)
    if (
        not shape.numel()
        or all(operand.shape != shape for operand in operands)
        or not all(usual(operand) or has_settled_strides(operand) for operand in operands)
    ):
        return NotImplemented
    alike = all(operand.shape == shape for operand in operands)
    if alike and all(operand.stride() == first.stride() for operand in operands) and dense(first):
        return new_strided(shape, first.stride(), first, dtype)
    return new_strided(shape, _stack(shape, _order(shape, operands)), first, dtype)


def _stack(shape: torch.Size, order: list[int]) -> list[int]:
    """Return the strides of dimensions with a given order in memory, the innermost first."""
    strides, step = [0] * len(shape), 1
    for dim in order:
        strides[dim] = step
        step *= shape[dim]
    return strides


def _order(shape: torch.Size, operands: tuple[torch.Tensor, ...]) -> list[int]:
    """Return the dimensions of a result in memory order, the innermost first.

    torch sorts them by insertion, from the last dimension on. The first operand with different, nonzero strides along
    two dimensions decides which of them is inner; of equal strides it is the smaller dimension.
    """
    strides = [_stretch_shape(operand, shape) for operand in operands]

    def inner(a: int, b: int) -> bool | None:
        for along in strides:
            if along[a] == 0 or along[b] == 0:
                continue
            if along[a] != along[b]:
                return along[a] < along[b]
            if shape[a] > shape[b]:
                return False
        return None

    order = list(reversed(range(len(shape))))
    for start in range(1, len(order)):
        place = start
        for other in reversed(range(start)):
            first = inner(order[other], order[place])
            if first is False:
                order[other], order[place] = order[place], order[other]
                place = other
            elif first:
                break
    return order


def _stretch_shape(operand: torch.Tensor, shape: torch.Size) -> list[int]:
    """Return the strides of an operand under a broadcast shape: 0 along broadcast dimensions."""
    missing = len(shape) - operand.dim()
    own = zip(operand.shape, operand.stride(), shape[missing:], strict=True)
    return [0] * missing + [0 if size == 1 and wanted != 1 else stride for size, stride, wanted in own]
