"""What a training walk is asked to do: which optimizer steps, on which loss."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Training:
    """One training step: a loss of the network's outputs, its gradients, and one step of one of torch's optimizers.

    `optimizer` is one of `choices.OPTIMIZERS`, with torch's own defaults ("momentum" is SGD with momentum 0.9).
    `loss` is one of `choices.LOSSES`: the mean cross-entropy of each output against one class for each place, or the
    sum of all output elements. Several outputs have their losses added; a network that returns losses itself (tensors
    without dimensions) is trained on those alone.
    Parameters that match a pattern of `freeze` do not train; where `train_only` is given, those that match none of its
    patterns do not either.
    """

    optimizer: str = "sgd"
    loss: str = "cross-entropy"
    freeze: tuple[str, ...] = ()
    train_only: tuple[str, ...] = ()
