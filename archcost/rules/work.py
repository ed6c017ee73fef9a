"""The results of rules: the work of an operator, and the input elements that one output element sees."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from archcost.records import TensorSpec

COMPLEX_MACS = 4  # (a + bi)(c + di) is four real multiplications


@dataclass(slots=True)
class Work:
    """The work of one call of one operator.

    Attributes:
        macs: multiply-adds.
        other_ops: scalar operations that are not part of a multiply-add.
        read_bytes: bytes that it has to read at least once; None: all of its tensor arguments.
        written_bytes: bytes that it has to write at least once; None: all of its results.
        layers: weighted layers in a row that it stands for when one of its operands is a parameter.
        layer_outputs: elements that those layers put out; None: its first result; 0 where it is not a convolution or
            linear layer.
    """

    macs: int = 0
    other_ops: int = 0
    read_bytes: int | None = None
    written_bytes: int | None = None
    layers: int = 1
    layer_outputs: int | None = None


class Sight:
    """The input elements that one output element of an operator sees; receptive fields follow from it."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Pointwise(Sight):
    """The element at the same place of every input, shapes aligned from the right as in broadcasting."""


class Window(NamedTuple):
    """A window of a convolution or a pool, by axis."""

    kernel: tuple[int, ...]
    stride: tuple[float, ...]
    padding: tuple[float, ...]
    dilation: tuple[int, ...]
    transposed: bool = False


class Slides(Window, Sight):
    """A window over the last axes of the first input, all channels; `transposed` for the opposite direction."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Mixes(Sight):
    """Everything along some dimensions of the first input; they vanish from the result unless `keeps`."""

    dims: tuple[int, ...]
    keeps: bool = True


@dataclass(frozen=True, slots=True)
class Contracts(Sight):
    """A matrix product: a row of the first operand and a column of the second; further inputs pointwise.

    `first` and `second` are the places of the operands among the tensor inputs.
    """

    first: int = 0
    second: int = 1


@dataclass(frozen=True, slots=True)
class Reshapes(Sight):
    """The same elements in the same order under another shape."""


@dataclass(frozen=True, slots=True)
class Permutes(Sight):
    """The dimensions in another order."""

    order: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Picks(Sight):
    """One place along a dimension, which vanishes."""

    dim: int


@dataclass(frozen=True, slots=True)
class Cuts(Sight):
    """Every `step`-th place along a dimension from `start` on."""

    dim: int
    start: int
    step: int


@dataclass(frozen=True, slots=True)
class Pads(Sight):
    """`before[i]` new places in front of the i-th dimension from the right."""

    before: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Scales(Sight):
    """Interpolation over the last axes: output places per input place, and input places that one output reads."""

    factor: tuple[float, ...]
    taps: int


@dataclass(frozen=True, slots=True)
class Everything(Sight):
    """All of every input."""


@dataclass(frozen=True, slots=True)
class Nothing(Sight):
    """No element of any input: only shapes are asked for, or nothing at all."""


@dataclass(frozen=True, slots=True)
class Unknown(Sight):
    """Nothing is known; the receptive field ends here."""


@lru_cache(maxsize=1024)
def slide(
    kernel: tuple[int, ...],
    stride: tuple[int, ...],
    padding: tuple[int, ...],
    dilation: tuple[int, ...],
    transposed: bool = False,
) -> Slides:
    """Return a window with a stride, padding and dilation for each axis: torch lets one stand for all."""
    axes = len(kernel)
    return Slides(kernel, per_axis(stride, axes), per_axis(padding, axes), per_axis(dilation, axes), transposed)


def real_macs(macs: int, *operands: TensorSpec) -> int:
    """Multiply-adds in real arithmetic: a product of complex numbers is four."""
    for operand in operands:
        if "complex" not in operand.dtype:
            return macs
    return macs * COMPLEX_MACS


def per_axis(value: tuple[int, ...], axes: int) -> tuple[int, ...]:
    """Return one value for each axis: torch lets one stand for all."""
    return tuple(value) * axes if len(value) == 1 else tuple(value)
