"""Layers that changed in one way, told as one: a repeated block that is new, a rename, a wider stage, a split layer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from fractions import Fraction

    from archcost.records.difference import Change

GroupKind = Literal["added", "removed", "renamed", "split", "merged", "scaled", "alike"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Changes of several layers with one cause.

    `before` and `after` are names or patterns of names, where "*" stands for the number of a block. What they say
    depends on `kind`:

    added, removed: `after`, or `before`, names the block's container; `places` are the blocks' own names.
    renamed: the part of the path that differs, on both sides.
    split, merged: the one layer on one side, its parts on the other.
    scaled: the path that holds the layers; every one has `factor` times the channels. `whole` says that the path
        holds no layer with channels that stayed as it was.
    alike: the layer that changed equally in each block.

    `places` are the blocks in which it happened; empty where it happened once.
    """

    kind: GroupKind
    before: tuple[str, ...]
    after: tuple[str, ...]
    changes: tuple[Change, ...]
    places: tuple[str, ...] = ()
    factor: Fraction | None = None
    whole: bool = False

    def delta(self, metric: str) -> int:
        """How much more of a quantity there is in all of its layers."""
        return sum(change.delta(metric) for change in self.changes)
