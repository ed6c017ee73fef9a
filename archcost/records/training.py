"""What a training walk is asked to do: which optimizer steps, on which loss, and which parameters train."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Self

from archcost.choices import LOSSES, OPTIMIZERS, check_choice
from archcost.errors import ArgumentError

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True, kw_only=True)
class Training:
    """One training step: a loss of the network's outputs, its gradients, and one step of one of torch's optimizers.

    `optimizer` is one of `choices.OPTIMIZERS`, with torch's own defaults ("momentum" is SGD with momentum 0.9,
    "adamw-fused" is AdamW with `fused=True`).
    `loss` is one of `choices.LOSSES`: the mean cross-entropy of each output against one class for each place, or the
    sum of all output elements. Several outputs have their losses added; a network that returns losses itself (tensors
    without dimensions) is trained on those alone.
    Parameters that match a pattern of `freeze` do not train; where `train_only` is given, those that match none of its
    patterns do not either.

    Raises:
        ArgumentError: an optimizer or a loss that does not exist, with those that do.
    """

    optimizer: str = "sgd"
    loss: str = "cross-entropy"
    freeze: tuple[str, ...] = ()
    train_only: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        check_choice("train", self.optimizer, OPTIMIZERS)
        check_choice("loss", self.loss, LOSSES)

    @classmethod
    def of(
        cls, train: str | None, loss: str, freeze: str | Sequence[str] = (), train_only: str | Sequence[str] = ()
    ) -> Self | None:
        """Return what a caller's arguments ask for; None where `train` is.

        Raises:
            ArgumentError: an argument that does not exist, or that says how to train where nothing trains.
        """
        asked = cls(
            optimizer=OPTIMIZERS[0] if train is None else train,
            loss=loss,
            freeze=(freeze,) if isinstance(freeze, str) else tuple(freeze),
            train_only=(train_only,) if isinstance(train_only, str) else tuple(train_only),
        )
        if train is not None:
            return asked
        if asked.partial:
            raise ArgumentError("freeze and train_only say what trains: they need train, an optimizer")
        return None

    @property
    def partial(self) -> bool:
        """Whether it says which parameters train."""
        return bool(self.freeze or self.train_only)

    @property
    def full(self) -> Self:
        """The same training, of every parameter."""
        return replace(self, freeze=(), train_only=())
