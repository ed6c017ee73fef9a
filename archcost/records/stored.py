"""A tensor in a file of weights, from the file's header."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """Its name, its shape, its dtype in the file's own spelling, and its bytes in the file."""

    name: str
    shape: tuple[int, ...]
    dtype: str
    nbytes: int

    @property
    def elements(self) -> int:
        """The number of elements."""
        return prod(self.shape)
