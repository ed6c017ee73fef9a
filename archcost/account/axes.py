"""The input places that an element sees along each axis of the network's input, and how a reshape moves the axes."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, prod
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(slots=True)  # not frozen, because that takes several times as long to create
class Axis:
    """The input places that an element sees along one axis of the network's input.

    The place along the axis is (index of dimension `dim` // `inner`) % `extent`; `dim` is None if no dimension of the
    tensor runs along the axis any more.
    """

    dim: int | None
    inner: int
    extent: int
    low: float
    high: float
    jump: float

    def along(self, dim: int | None) -> Axis:
        """Return the same places along another dimension."""
        return Axis(dim, self.inner, self.extent, self.low, self.high, self.jump)


Extent: TypeAlias = Axis | Literal["all", "unknown"]
Field: TypeAlias = tuple[Extent, ...]
Sizes: TypeAlias = tuple[int | Literal["all"] | None, ...]
Jumps: TypeAlias = tuple[float | None, ...]


def describe_field(field: Field | None) -> tuple[Sizes | None, Jumps | None]:
    """Return the number of input places seen along each axis, and the distance in them between neighbours.

    A number is "all" if the axis is seen whole; both are None where they are unknown.
    """
    if field is None:
        return None, None
    sizes: Sizes = ()
    jumps: Jumps = ()
    for extent in field:
        if isinstance(extent, Axis):
            size = extent.high - extent.low + 1
            sizes += (size if isinstance(size, int) else ceil(size),)  # quicker than a list for so few
            jumps += (extent.jump,)
        else:
            sizes += ("all" if extent == "all" else None,)
            jumps += (None,)
    return sizes, jumps


def each_axis(field: Field, change: Callable[[Axis], Extent]) -> Field:
    """Return a field with `change` applied to every known axis; "all" and "unknown" stay."""
    if Axis not in map(type, field):
        return field  # the same, so that it is described once
    return tuple([change(extent) if isinstance(extent, Axis) else extent for extent in field])


def follow_reshape(field: Field, before: tuple[int, ...], after: tuple[int, ...]) -> Field:
    """Return a field after a reshape: dimensions are grouped so that the products of their sizes agree."""
    groups = group_axes(before, after)

    def each(axis: Axis) -> Extent:
        if axis.dim is None:
            return axis
        for old, new in groups:
            if axis.dim in old:
                inner = axis.inner * prod(before[axis.dim + 1 : old[-1] + 1])
                for dim in new:
                    right = prod(after[dim + 1 : new[-1] + 1])
                    if right <= inner and inner * axis.extent <= right * after[dim] and inner % right == 0:
                        return Axis(dim, inner // right, axis.extent, axis.low, axis.high, axis.jump)
        # an axis of one place needs no dimension; a longer axis that is split over two dimensions is lost
        return axis.along(None) if axis.extent == 1 else "unknown"

    return each_axis(field, each)


def group_axes(before: tuple[int, ...], after: tuple[int, ...]) -> list[tuple[list[int], list[int]]]:
    """Return the old and new dimensions of a reshape in groups with equal numbers of elements; the rest comes last."""
    groups: list[tuple[list[int], list[int]]] = []
    i = j = 0
    while i < len(before) and j < len(after):
        start, begin = i, j
        left, right = before[i], after[j]
        i, j = i + 1, j + 1
        while left != right and (i < len(before) if left < right else j < len(after)):
            if left < right:
                left, i = left * before[i], i + 1
            else:
                right, j = right * after[j], j + 1
        groups.append((list(range(start, i)), list(range(begin, j))))
    groups.append((list(range(i, len(before))), list(range(j, len(after)))))
    return groups
