"""Elementwise operators: the values that they compute, and the parameters that are scales, shifts or biases."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from archcost.account.values import Data, Made, Value, join, join_data, join_made
from archcost.records import OpCall, TensorSpec

if TYPE_CHECKING:
    from archcost.account.values import Found

Operand: TypeAlias = tuple[Value, TensorSpec]

MULTIPLY = {"mul", "multiply"}
DIVIDE = {"div", "divide", "true_divide"}
ADD = {"add", "sub", "rsub"}
LINEAR = MULTIPLY | DIVIDE | ADD
INVERT = {"rsqrt", "reciprocal"}


def combine(op: OpCall, values: list[Value], found: Found) -> Value:
    """Return the value that an elementwise operator computes; record in `found` how it uses parameters."""
    name = op.op.partition(".")[2].strip("_")
    first, second, third = [*zip(values, op.inputs, strict=True), None, None, None][:3]
    if first and second and third and name == "addcmul":
        product = _multiply(op.index, second, third, found, divides=False)
        return _add(op.index, first, (product, op.outputs[0]), found)
    if first and second and name in LINEAR:  # otherwise one of the two is a number
        if name in ADD:
            return _add(op.index, first, second, found)
        return _multiply(op.index, first, second, found, divides=name in DIVIDE)
    value = join(values, op.index)
    inverts = name in INVERT or (name == "pow" and _is_negative(op.args.get("exponent")))
    if isinstance(value, Made):
        return value._replace(inverse=value.divides) if inverts else value
    if second is None and name not in LINEAR:
        inverse = value.inverse or (inverts and value.level > 0)
        return Data(value.root, value.level, inverse=inverse, factors=value.factors)
    return value


def _multiply(  # noqa: PLR0911 - one return for each pair of kinds
    index: int, one: Operand, two: Operand, found: Found, *, divides: bool
) -> Value:
    """Return the value of a product or a quotient."""
    (a, _), (b, spec) = one, two
    if isinstance(a, Made):
        if isinstance(b, Made):
            return join_made([a, b])._replace(inverse=a.inverse or b.inverse or (divides and b.divides))
        if not divides:
            return _multiply(index, two, one, found, divides=False)
        return _scale(b._replace(inverse=b.level > 0, divided=False), a, one[1], found)
    if isinstance(b, Made):
        if b.inverse or (divides and b.divides):
            a = _normalise(index, a, a.factors, found)
        return _scale(a, b, spec, found)
    if not divides and a.inverse and a.level > b.level:
        a, b = b, a
    joined = join_data([a, b], index)
    if joined.root == index:
        return joined
    if b.level > a.level and (divides or b.inverse):
        scaled = joined._replace(scale=b.scale or (a.scale if a.factors - b.factors else 0))
        return _normalise(index, scaled, a.factors ^ b.factors, found)
    if a.inverse or b.inverse or a.level != b.level:
        inverse, divided = a.inverse or b.inverse, a.divided or b.divided
        return joined._replace(inverse=inverse, divided=divided, scale=max(a.scale, b.scale))
    return joined


def _normalise(index: int, value: Data, scales: frozenset[int], found: Found) -> Data:
    found.normalising.add(index)
    found.others |= scales
    return value._replace(divided=True, inverse=False, factors=frozenset(), columns=0)


def _scale(value: Data, by: Made, spec: TensorSpec, found: Found) -> Data:
    """Return the value of data times parameters: they are the scale if the data is normalised, before or after."""
    if not by.params:
        return value
    if value.takes_scale:
        found.others |= by.params
        return value._replace(scale=spec.elements, columns=0)
    if value.divided:
        return Data(value.root, value.level)
    return value._replace(factors=value.factors | by.params, scale=spec.elements, columns=0)


def _add(index: int, one: Operand, two: Operand, found: Found) -> Value:
    """Return the value of a sum or a difference: parameters shift normalised data, or are the bias of a product."""
    (a, _), (b, spec) = one, two
    if isinstance(a, Made):
        return join_made([a, b]) if isinstance(b, Made) else _add(index, two, one, found)
    if isinstance(b, Data):
        joined = join_data([a, b], index)
        if joined.root == index or a.level == b.level:
            return joined
        inverse, divided = a.inverse and b.inverse, a.divided or b.divided
        return joined._replace(inverse=inverse, divided=divided, scale=max(a.scale, b.scale))
    if not b.params:
        return a
    if a.takes_shift(spec):
        found.others |= b.params
    elif spec.elements <= a.columns:
        found.others |= b.params
        found.aside.add(index)
    return Data(a.root, a.level) if a.divided else a._replace(columns=0)


def _is_negative(exponent: object) -> bool:
    return isinstance(exponent, int | float) and exponent < 0
