"""Devices by their makers' names."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedDevice:
    """A device from the table of datasheets: its memory and, for a GPU, its compute capability.

    A CPU has neither: the machine determines its memory.
    """

    name: str
    source: str
    memory_bytes: int | None
    capability: tuple[int, int] | None
