"""The inputs that a network takes: the default, a choice with its reason, and their places in a call."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from archcost.sources.inputs import InputSpec

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from torch import Tensor

TOKENS = 128  # default length of a sequence
DEFAULT_INPUT = InputSpec(shape=(3, 224, 224))


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Inputs that were chosen for a network, those of its training if they differ, and their origin."""

    inputs: tuple[InputSpec, ...]
    why: str  # such as "its configuration"
    training_inputs: tuple[InputSpec, ...] = ()


class Inputs(NamedTuple):
    """The tensors that a network takes; `arrange` places them in its call, None passes each as an argument."""

    specs: tuple[InputSpec, ...]
    arrange: Callable[[Sequence[Tensor]], tuple[tuple[Any, ...], dict[str, Any]]] | None = None
