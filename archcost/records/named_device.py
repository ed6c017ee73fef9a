"""A device as its maker sells it, by name."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedDevice:
    """A device of the table of datasheets: its memory and, of a GPU, its compute capability.

    A CPU has neither: its memory is that of the machine.
    """

    name: str
    source: str
    memory_bytes: int | None
    capability: tuple[int, int] | None
