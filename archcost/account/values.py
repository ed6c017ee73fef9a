"""What is known of a value that an operator reads or makes, as far as it tells what the parameters are.

A value that depends on no input of the network is `Made`, of parameters, buffers and constants. Any other is `Data`.

A normalisation that is written with operators is known by its division: a value divided by a statistic of the same
value, that is by something computed from it through a reduction (a mean, a variance, a norm, an average pool) and
operators on each element, or multiplied with the inverse of one. In eval mode a buffer of more than one element holds
the statistic. A parameter that multiplies what is divided so, or multiplied it or its statistic before (but not both),
is the scale, what is added then the shift. A product of any kind, and an activation function, begin a new value.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from archcost.records import TensorSpec


class Made(NamedTuple):
    """A value of parameters, buffers and constants alone.

    `params` are the parameters' numbers. `plain` says that they are as they were but for their type and layout.
    `statistic` says that a buffer (or constant) of more than one element is in it, and `inverse` that it divides.
    """

    params: frozenset[int] = frozenset()
    plain: bool = True
    statistic: bool = False
    inverse: bool = False

    @property
    def divides(self) -> bool:
        """Whether to divide by it is to normalise: it is a statistic that a buffer holds."""
        return self.statistic and not self.params


class Data(NamedTuple):
    """A value that depends on the network's inputs.

    `root` is the operator (or, negative, the input) whose result it was computed from, one element at a time or by
    reductions; `level` counts the reductions. `inverse` says that it divides by such a statistic, `divided` that it was
    divided by one and still waits for its scale or its shift. `factors` are the parameters that multiplied it before,
    `scale` the elements of the last (0 without one). `columns` are the outputs of the weight whose product it
    is (0 for anything else).
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
        """Whether a parameter that multiplies it is the scale of a normalisation."""
        return self.inverse or (self.divided and not self.scale)

    def takes_shift(self, spec: TensorSpec) -> bool:
        """Whether a parameter that is added to it shifts a normalisation: no larger than the scale was, if any.

        What is larger, an embedding of positions for example, has a meaning of its own.
        """
        fits = spec.elements <= self.scale if self.scale else spec.elements == max(spec.shape, default=1)
        return fits and (self.inverse or self.divided)


Value: TypeAlias = Made | Data


@dataclass(slots=True)
class Found:
    """What the operators say.

    `weights` and `others` are parameters that something reads as a weight, or as anything else. `normalising` are the
    operators that divide data by a statistic of it, `aside` those that read no data at all or add a product's bias.
    """

    weights: set[int] = field(default_factory=set)
    others: set[int] = field(default_factory=set)
    normalising: set[int] = field(default_factory=set)
    aside: set[int] = field(default_factory=set)


def join_made(values: list[Made], *, plain: bool = False) -> Made:
    """Return what an operator makes of parameters, buffers and constants; `plain` where it only moves them."""
    if len(values) == 1 and (plain or not values[0].plain):
        return values[0]
    return Made(
        params=frozenset().union(*[value.params for value in values]),
        plain=plain and all(value.plain for value in values),
        statistic=any(value.statistic for value in values),
        inverse=any(value.inverse for value in values),
    )


def join_data(values: list[Data], index: int) -> Data:
    """Return what operator `index` makes of data by its elements: data of the same root, or the root of new data."""
    first = values[0]
    if any(value.root != first.root for value in values):
        return Data(index)
    factors = first.factors.union(*[value.factors for value in values])
    return Data(first.root, min(value.level for value in values), factors=factors)


def join(values: list[Value], index: int, *, plain: bool = False) -> Value:
    """Return what operator `index` makes of values of both kinds; one that it only moves stays what it is."""
    data = [value for value in values if isinstance(value, Data)]
    made = [value for value in values if isinstance(value, Made)]
    if not data:
        return join_made(made, plain=plain)
    return data[0] if len(data) == 1 and not any(value.params for value in made) else join_data(data, index)
