"""Notes about a walk for the reader of its figures, collected while it runs."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from torch import nn

if TYPE_CHECKING:
    from collections.abc import Mapping

# the padding mask of attention modules: its name, and its place among the arguments
PADDED = {
    nn.TransformerEncoder: ("src_key_padding_mask", 2),
    nn.TransformerEncoderLayer: ("src_key_padding_mask", 2),
    nn.MultiheadAttention: ("key_padding_mask", 3),
}
UNPADDED: set[type] = set()  # classes known to lack such a mask


class Notes:
    """Sentences about a walk, each once, in the order in which they were added."""

    def __init__(self) -> None:
        self._kinds: dict[str, dict[str, None]] = {}

    def add(self, sentence: str, name: str = "") -> None:
        """Add a sentence once; add `name` to the names for its placeholder ("{}")."""
        self._kinds.setdefault(sentence, {})[name] = None

    def sentences(self) -> tuple[str, ...]:
        """Return all sentences, their names filled in."""
        return tuple(sentence.format(", ".join(sorted(names))) for sentence, names in self._kinds.items())

    def add_padding(self, module: nn.Module, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> None:
        """Add a note if a module's attention received a padding mask."""
        name, place = _padding(type(module))  # type: ignore[arg-type] # classes do hash
        if not name:
            UNPADDED.add(type(module))
        elif kwargs.get(name) is not None or _at(args, place) is not None:
            self.add(PADDING)


PADDING = "attention received a padding mask: padded places are counted like all others, whatever the mask holds"
SIZES = (
    "the result sizes of {} depend on values: the figures hold for the values of this walk; with random weights a "
    "network may detect nothing, or as much as it may keep"
)
CHANCE = "the forward depends on random numbers (does it drop layers at random?): another walk may differ"
ATTENTION = "attention runs as on CUDA (Ampere or later) for these shapes and dtypes: by {}"
NOT_COUNTED = "{} is an operator that runs functions, and archcost does not count the operators of these functions"
FLEX_IS_DENSE = "flex_attention is counted dense: the blocks that its mask skips are counted, too"
SPARSE_IS_DENSE = "a product of sparse matrices received a dense operand: it is counted dense"


@functools.cache
def _padding(kind: type[nn.Module]) -> tuple[str, int]:
    return next((found for attention, found in PADDED.items() if issubclass(kind, attention)), ("", 0))


def _at(args: tuple[Any, ...], place: int) -> Any:
    return args[place] if len(args) > place else None
