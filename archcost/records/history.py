"""What networks cost over the commits of a repository."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryPoint:
    """A network at one commit: its totals, or why they are not known.

    `date` is when the commit was made (ISO 8601). `totals` is None where the network is not there (`reason` is then
    empty), or could not be had (`reason` says why).
    """

    commit: str
    date: str
    subject: str
    totals: Mapping[str, int] | None
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """Networks by name, each with its points, the oldest first; `source` says where the figures are from."""

    source: str
    networks: Mapping[str, tuple[HistoryPoint, ...]]
