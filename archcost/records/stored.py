"""A tensor in a file of weights, as the file's header describes it."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """Its name, shape, dtype in the file's own words, and how many bytes it takes there."""

    name: str
    shape: tuple[int, ...]
    dtype: str
    nbytes: int

    @property
    def elements(self) -> int:
        """How many numbers it has."""
        return prod(self.shape)
