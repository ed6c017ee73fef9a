"""What is known of a value that an operator reads or makes, as far as it tells what the parameters are.

A value that depends on no input of the network is `Made`, of parameters, buffers and constants. Any other is `Data`.

A normalisation that is written with operators is known by its division: a value divided by a statistic of the same
value, that is by something computed from it through a reduction (a mean, a variance, a norm, an average pool) and
operators on each element, or multiplied with the inverse of one. In eval mode a buffer of more than one element holds
the statistic. What is divided so is `normalised`; the parameter that multiplies it first is its scale, what is added
then its shift. A product of any kind, and an activation function, begin a new value.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from archcost.records import TensorSpec

UNSCALED = 0


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
    reductions; `level` counts the reductions. `inverse` says that it divides by such a statistic. `scale` is None where
    nothing is normalised, else the elements of the scale that it was multiplied with. `columns` are the outputs of the
    weight whose product it is, 0 where it is none.
    """

    root: int
    level: int = 0
    inverse: bool = False
    scale: int | None = None
    columns: int = 0

    @property
    def normalised(self) -> bool:
        """Whether a parameter that multiplies it is the scale of a normalisation."""
        return self.inverse or self.scale == UNSCALED

    def takes_shift(self, spec: TensorSpec) -> bool:
        """Whether a parameter that is added to it shifts a normalisation: no larger than the scale was, if any.

        What is larger, an embedding of positions for example, has a meaning of its own.
        """
        if self.scale:
            return spec.elements <= self.scale
        return self.normalised and spec.elements == max(spec.shape, default=1)


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
    return Data(first.root, min(value.level for value in values))


def join(values: list[Value], index: int, *, plain: bool = False) -> Value:
    """Return what operator `index` makes of values of both kinds; one that it only moves stays what it is."""
    data = [value for value in values if isinstance(value, Data)]
    made = [value for value in values if isinstance(value, Made)]
    if not data:
        return join_made(made, plain=plain)
    return data[0] if len(data) == 1 and not any(value.params for value in made) else join_data(data, index)
