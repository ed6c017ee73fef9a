"""One training step: the loss, the backward pass and the optimizer's step, and how a walk records them."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import torch
from torch.nn import functional

from archcost.errors import WalkError
from archcost.walk.optimizers import make_optimizer, make_state
from archcost.walk.tensors import find_tensors

if TYPE_CHECKING:
    from collections.abc import Iterable

    from torch import nn

    from archcost.records import Training
    from archcost.walk.recorder import Recorder


class TrainingStep:
    """The phases of a training step after the forward pass: a walk records them, a clock times them.

    Parameters that require a gradient train. The labels and the optimizer are created once for all steps. `like` is the
    kind of device whose optimizer implementation is used on the meta device.
    """

    def __init__(self, training: Training, parameters: Iterable[nn.Parameter], like: str = "cpu") -> None:
        self.parameters = [parameter for parameter in parameters if parameter.requires_grad]
        self._training, self._like = training, like
        self._roots: list[torch.Tensor] = []
        self._labels: dict[tuple[int, ...], torch.Tensor] | None = None
        self._loss: torch.Tensor | None = None

    @cached_property
    def optimizer(self) -> torch.optim.Optimizer | None:
        """The optimizer, created at the first access; None if no parameter trains."""
        return make_optimizer(self._training, self.parameters, self._like) if self.parameters else None

    def take(self, outputs: list[torch.Tensor]) -> dict[tuple[int, ...], torch.Tensor]:
        """Store the outputs of the forward pass; return their labels.

        Raises:
            WalkError: no output depends on a parameter that requires a gradient.
        """
        self._roots = roots_of(outputs)
        if self._labels is None:
            self._labels = labels_of(self._roots, self._training)
        return self._labels

    def compute_loss(self) -> None:
        """Phase "loss": compute the loss of the outputs, and release them."""
        roots, self._roots = self._roots, []
        with torch.enable_grad():
            self._loss = loss_of(roots, self._labels or {})

    def run_backward(self) -> None:
        """Phase "backward": compute the gradients of the parameters."""
        torch.autograd.backward(self._loss)  # type: ignore[arg-type] # `compute_loss` has left one

    def run_optimizer(self) -> None:
        """Phase "step": update the parameters."""
        if self.optimizer is not None:
            make_state(self.optimizer)
            self.optimizer.step()

    def clear(self) -> None:
        """Release the loss and the gradients, as a training loop does before its next step."""
        self._loss = None
        if self.optimizer is not None:
            self.optimizer.zero_grad()


def take_loss(recorder: Recorder, step: TrainingStep, outputs: list[torch.Tensor]) -> None:
    """Record the loss of a network's outputs.

    Raises:
        WalkError: no output depends on a parameter that requires a gradient.
    """
    for label in step.take(outputs).values():
        recorder.number(label, "label")
    recorder.phase = "loss"
    with recorder:
        step.compute_loss()


def take_step(recorder: Recorder, step: TrainingStep) -> None:
    """Record the backward pass and the optimizer's step.

    The gradients stay on the parameters. The recorder restores the parameters' values (`Recorder.put_back`).
    """
    recorder.phase = "backward"
    with recorder:
        step.run_backward()
    recorder.rename([p.grad for p in step.parameters if p.grad is not None], "gradient")
    recorder.phase = "step"
    if step.optimizer is None:
        return
    with recorder, torch.device("cpu"):  # an optimizer's step counts are on the CPU, whatever the user's default device
        step.run_optimizer()
    recorder.rename(find_tensors(list(step.optimizer.state.values())), "state")


def roots_of(outputs: list[torch.Tensor]) -> list[torch.Tensor]:
    """Return the outputs to train on: losses that the network returns, else all outputs that require a gradient.

    Raises:
        WalkError: no output depends on a trainable parameter.
    """
    roots = [tensor for tensor in outputs if tensor.requires_grad]
    if not roots:
        raise WalkError("no output of the network depends on a parameter that requires a gradient: nothing to train")
    return [tensor for tensor in roots if not tensor.dim()] or roots


def labels_of(outputs: list[torch.Tensor], training: Training) -> dict[tuple[int, ...], torch.Tensor]:
    """Return labels of class 0 for each place of the outputs, by shape: outputs of one shape share their labels."""
    labels: dict[tuple[int, ...], torch.Tensor] = {}
    for output in outputs if training.loss == "cross-entropy" else ():
        if output.dim() and _places(output) not in labels:
            labels[_places(output)] = torch.zeros(_places(output), dtype=torch.int64, device=output.device)
    return labels


def loss_of(outputs: list[torch.Tensor], labels: dict[tuple[int, ...], torch.Tensor]) -> torch.Tensor:
    """Return the sum of the losses of all outputs."""
    loss = _loss(outputs[0], labels)
    for tensor in outputs[1:]:
        loss = loss + _loss(tensor, labels)
    return loss


def _places(output: torch.Tensor) -> tuple[int, ...]:
    """Return an output's shape without its class axis, which is the second axis, or the only one."""
    return () if output.dim() == 1 else (output.shape[0], *output.shape[2:])


def _loss(output: torch.Tensor, labels: dict[tuple[int, ...], torch.Tensor]) -> torch.Tensor:
    if labels and output.dim():
        return functional.cross_entropy(output, labels[_places(output)])
    if output.is_complex():
        output = torch.view_as_real(output)
    return output.sum() if output.dim() else output
