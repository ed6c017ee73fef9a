"""What a reader has to know about a walk beside its figures, gathered while it runs."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from torch import nn

if TYPE_CHECKING:
    from collections.abc import Mapping

# where attention takes a mask of padded places: its name, and its place among the arguments
PADDED = {
    nn.TransformerEncoder: ("src_key_padding_mask", 2),
    nn.TransformerEncoderLayer: ("src_key_padding_mask", 2),
    nn.MultiheadAttention: ("key_padding_mask", 3),
}
UNPADDED: set[type] = set()  # classes that are known to take no such mask


class Notes:
    """Sentences about a walk, each once, in the order in which they turned out to be true."""

    def __init__(self) -> None:
        self._kinds: dict[str, dict[str, None]] = {}

    def add(self, sentence: str, name: str = "") -> None:
        """Note a sentence; where it has a place for names ("{}"), one more of them."""
        self._kinds.setdefault(sentence, {})[name] = None

    def sentences(self) -> tuple[str, ...]:
        """Return all sentences, their names filled in."""
        return tuple(sentence.format(", ".join(sorted(names))) for sentence, names in self._kinds.items())

    def add_padding(self, module: nn.Module, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> None:
        """Note that a module's attention was given a mask of padded places."""
        name, place = _padding(type(module))  # type: ignore[arg-type] # classes do hash
        if not name:
            UNPADDED.add(type(module))
        elif kwargs.get(name) is not None or _at(args, place) is not None:
            self.add(PADDING)


PADDING = "attention was given a padding mask: padded places are counted like all others, whatever the mask holds"
SIZES = (
    "the sizes of what {} returns follow from values: the figures hold for the values of this walk, and with random "
    "weights a network may find nothing, or the most that it keeps"
)
CHANCE = "what the forward runs is decided by random numbers (layers are dropped at random?): another walk may differ"
ATTENTION = "attention runs as CUDA would run it for these shapes and dtypes, on an Ampere or later: by {}"
NOT_COUNTED = "{} is an operator that runs functions, and archcost does not count what it runs"
FLEX_IS_DENSE = "flex_attention is counted dense: the blocks that its mask leaves out save nothing here"
SPARSE_IS_DENSE = "a product of sparse matrices was given a dense operand: it is counted dense"


@functools.cache
def _padding(kind: type[nn.Module]) -> tuple[str, int]:
    return next((found for attention, found in PADDED.items() if issubclass(kind, attention)), ("", 0))


def _at(args: tuple[Any, ...], place: int) -> Any:
    return args[place] if len(args) > place else None
