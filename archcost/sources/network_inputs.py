"""The inputs that a network takes: the default, a choice with its reason, and their places in a call."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from archcost.sources.inputs import InputSpec

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from torch import Tensor

TOKENS = 128  # of a sequence, unless the user says how many
DEFAULT_INPUT = InputSpec(shape=(3, 224, 224))


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Inputs that were chosen for a network, and what says so: "its configuration"."""

    inputs: tuple[InputSpec, ...]
    why: str


class Inputs(NamedTuple):
    """The tensors that a network takes, and where its call has them; None: as arguments of their own."""

    specs: tuple[InputSpec, ...]
    arrange: Callable[[Sequence[Tensor]], tuple[tuple[Any, ...], dict[str, Any]]] | None = None
