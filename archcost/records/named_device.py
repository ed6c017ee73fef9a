"""Devices by their makers' names."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

MAKERS = ("nvidia", "geforce", "tesla")


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedDevice:
    """A device from the table of datasheets: its memory and, for a GPU, its compute capability.

    A CPU has neither: the machine determines its memory.
    """

    name: str
    source: str
    memory_bytes: int | None
    capability: tuple[int, int] | None


def find_name(typed: str, known: Iterable[str]) -> str | None:
    """Return the known name of a device that was typed: "RTX 4090", "4090" and "NVIDIA GeForce RTX 4090" are "rtx4090".

    Spaces, hyphens, case and the maker's words do not count.
    """
    wanted = _fold(typed)
    folded = {_fold(name): name for name in known}
    return folded.get(wanted) or folded.get(f"rtx{wanted}")


def _fold(name: str) -> str:
    folded = re.sub(r"[^a-z0-9]+", "", name.casefold())
    for maker in MAKERS:
        folded = folded.removeprefix(maker)
    return folded
