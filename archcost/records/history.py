"""Costs of networks over the commits of a repository."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryPoint:
    """A network at one commit: its totals, or the reason why they are unknown.

    `date` is the commit's date (ISO 8601). `totals` is None if the commit lacks the network (`reason` is then empty) or
    if it could not be counted (`reason` says why).
    """

    commit: str
    date: str
    subject: str
    totals: Mapping[str, int] | None
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """The points of each network by name, the oldest first; `source` says where the figures come from."""

    source: str
    networks: Mapping[str, tuple[HistoryPoint, ...]]
