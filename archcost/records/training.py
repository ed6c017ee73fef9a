"""Options of a training step: the optimizer, the loss, and the trained parameters."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Self

from archcost.choices import LOSSES, OPTIMIZERS, check_choice
from archcost.errors import ArgumentError

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True, kw_only=True)
class Training:
    """One training step: the loss, its gradients, and one step of one of torch's optimizers.

    `optimizer` is one of `choices.OPTIMIZERS`, with torch's defaults ("momentum" is SGD with momentum 0.9,
    "adamw-fused" is AdamW with `fused=True`). `loss` is one of `choices.LOSSES`: the mean cross-entropy of each output
    against one class per position, or the sum of all output elements. The losses of several outputs are added; a
    network that returns losses itself (tensors without dimensions) trains on those alone. Parameters that match a
    pattern in `freeze` do not train; with `train_only`, only parameters that match one of its patterns train.

    Raises:
        ArgumentError: an unknown optimizer or loss; names the known ones.
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
        """Return the training step that a caller's arguments describe; None if `train` is None.

        Raises:
            ArgumentError: an unknown value, or an option of training without `train`.
        """
        freeze = (freeze,) if isinstance(freeze, str) else tuple(freeze)
        train_only = (train_only,) if isinstance(train_only, str) else tuple(train_only)
        if train is not None:
            return cls(optimizer=train, loss=loss, freeze=freeze, train_only=train_only)
        check_choice("loss", loss, LOSSES)
        if freeze or train_only:
            raise ArgumentError("freeze and train_only choose the trained parameters: they need train, an optimizer")
        return None

    @property
    def partial(self) -> bool:
        """Whether only a part of the parameters trains."""
        return bool(self.freeze or self.train_only)

    @property
    def full(self) -> Self:
        """The same training step for all parameters."""
        return replace(self, freeze=(), train_only=())
