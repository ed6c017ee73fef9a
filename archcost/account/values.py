"""The values that operators read and compute, as far as they reveal the kinds of parameters.

A value that depends on parameters, buffers and constants only is `Made`. A value that depends on an input is `Data`.

A hand-written normalisation is recognised by its division: a value is divided by its own statistic, or multiplied with
the inverse of the statistic. A statistic is computed from the value by a reduction (a mean, a variance, a norm, an
average pool) and elementwise operators. In eval mode a buffer of more than one element holds the statistic. The scale
is a parameter that multiplies the quotient, or that multiplied the value or its statistic before (but not both); a
parameter that is added afterwards is the shift. Products of any kind and activation functions begin a new value.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from archcost.records import TensorSpec


class Made(NamedTuple):
    """A value that depends on parameters, buffers and constants only.

    `params` are the parameters' numbers. `plain`: they are unchanged except for their type and layout. `statistic`: a
    buffer (or constant) of more than one element is part of it. `inverse`: the statistic divides.
    """

    params: frozenset[int] = frozenset()
    plain: bool = True
    statistic: bool = False
    inverse: bool = False

    @property
    def divides(self) -> bool:
        """Whether a division by it is a normalisation: it is a statistic that a buffer holds."""
        return self.statistic and not self.params


class Data(NamedTuple):
    """A value that depends on the network's inputs.

    `root` is the operator (or, negative, the input) from whose result it was computed by elementwise operators and
    reductions; `level` counts the reductions. `inverse`: it is the inverse of such a statistic. `divided`: it was
    divided by one, and its scale or shift may follow. `factors` are the parameters that multiplied it before, `scale`
    the number of elements of the last one (0 without a factor). `columns` is the number of outputs of the weight if it
    is a product, else 0.
    """

    root: int
    level: int = 0
    inverse: bool = False
    divided: bool = False
    factors: frozenset[int] = frozenset()
    scale: int = 0
    columns: int = 0

    @property
    def takes_scale(self) -> bool:
        """Whether a parameter that multiplies the value is the scale of a normalisation."""
        return self.inverse or (self.divided and not self.scale)

    def takes_shift(self, spec: TensorSpec) -> bool:
        """Whether a parameter that is added is the shift of a normalisation: it is no larger than the scale, if any.

        A larger parameter, such as a position embedding, is not a shift.
        """
        fits = spec.elements <= self.scale if self.scale else spec.elements == max(spec.shape, default=1)
        return fits and (self.inverse or self.divided)


Value: TypeAlias = Made | Data


@dataclass(slots=True)
class Found:
    """The uses of parameters by the operators.

    `weights` and `others` are parameters that an operator reads as a weight, or as anything else. `normalising` are the
    operators that divide data by its own statistic, `aside` those that read no data or add a product's bias.
    """

    weights: set[int] = field(default_factory=set)
    others: set[int] = field(default_factory=set)
    normalising: set[int] = field(default_factory=set)
    aside: set[int] = field(default_factory=set)


def join_made(values: list[Made], *, plain: bool = False) -> Made:
    """Return the value that an operator computes from `Made` values; `plain` if it only moves elements."""
    if len(values) == 1 and (plain or not values[0].plain):
        return values[0]
    return Made(
        params=frozenset().union(*[value.params for value in values]),
        plain=plain and all(value.plain for value in values),
        statistic=any(value.statistic for value in values),
        inverse=any(value.inverse for value in values),
    )


def join_data(values: list[Data], index: int) -> Data:
    """Return the value that elementwise operator `index` computes from data: new data if the roots differ."""
    first = values[0]
    if any(value.root != first.root for value in values):
        return Data(index)
    factors = first.factors.union(*[value.factors for value in values])
    return Data(first.root, min(value.level for value in values), factors=factors)


def join(values: list[Value], index: int, *, plain: bool = False) -> Value:
    """Return the value that operator `index` computes from values of both kinds; a lone data value is unchanged."""
    if len(values) == 1:
        return values[0] if isinstance(values[0], Data) else join_made([values[0]], plain=plain)
    data = [value for value in values if isinstance(value, Data)]
    made = [value for value in values if isinstance(value, Made)]
    if not data:
        return join_made(made, plain=plain)
    return data[0] if len(data) == 1 and not any(value.params for value in made) else join_data(data, index)
