"""One training step: the loss, the backward pass, the optimizer's step, all written down."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import torch
from torch.nn import functional

from archcost.errors import WalkError
from archcost.walk.tensors import find_tensors

if TYPE_CHECKING:
    from torch import nn

    from archcost.records import Training
    from archcost.walk.recorder import Recorder


class Loss(NamedTuple):
    """A loss, and the labels that it compared the outputs with."""

    value: torch.Tensor
    labels: dict[tuple[int, ...], torch.Tensor]


def make_optimizer(name: str, parameters: list[nn.Parameter]) -> torch.optim.Optimizer:
    """Return one of torch's optimizers with torch's defaults for the parameters' device: a loop on meta and the CPU,
    all parameters at once (foreach) on a GPU.
    """  # noqa: D205 - one sentence
    if name == "adam":
        return torch.optim.Adam(parameters)
    if name == "adamw":
        return torch.optim.AdamW(parameters)
    return torch.optim.SGD(parameters, momentum=0.9 if name == "momentum" else 0)


def take_loss(recorder: Recorder, outputs: list[torch.Tensor], training: Training) -> Loss:
    """Record the loss of a network's outputs.

    Raises:
        WalkError: nothing that the loss depends on requires a gradient.
    """
    roots = roots_of(outputs)
    labels = labels_of(roots, training)
    for label in labels.values():
        recorder.number(label, "label")
    recorder.phase = "loss"
    with torch.enable_grad(), recorder:
        loss = loss_of(roots, labels)
    return Loss(loss, labels)


def take_step(recorder: Recorder, loss: Loss, parameters: list[nn.Parameter], training: Training) -> object:
    """Record backward and step; return the optimizer, which a training loop holds at the end of one.

    Gradients are left on the parameters. The recorder gives the parameters their values back (`parameters_kept`).
    """
    recorder.phase = "backward"
    with recorder:
        torch.autograd.backward(loss.value)
    recorder.rename([p.grad for p in parameters if p.grad is not None], "gradient")
    if not parameters:
        return None
    recorder.phase = "step"
    optimizer = make_optimizer(training.optimizer, parameters)
    with recorder:
        optimizer.step()
    recorder.rename(find_tensors(list(optimizer.state.values())), "state")
    return optimizer


def roots_of(outputs: list[torch.Tensor]) -> list[torch.Tensor]:
    """Return the outputs that a network is trained on: losses that it returns itself, or all that depend on weights.

    Raises:
        WalkError: there are none.
    """
    roots = [tensor for tensor in outputs if tensor.requires_grad]
    if not roots:
        raise WalkError("no output of the network depends on a parameter that requires a gradient: nothing to train")
    return [tensor for tensor in roots if not tensor.dim()] or roots


def labels_of(outputs: list[torch.Tensor], training: Training) -> dict[tuple[int, ...], torch.Tensor]:
    """Return class 0 for each place of the outputs, by shape: outputs of one shape share their labels."""
    labels: dict[tuple[int, ...], torch.Tensor] = {}
    for output in outputs if training.loss == "cross-entropy" else ():
        if output.dim() and _places(output) not in labels:
            labels[_places(output)] = torch.zeros(_places(output), dtype=torch.int64, device=output.device)
    return labels


def loss_of(outputs: list[torch.Tensor], labels: dict[tuple[int, ...], torch.Tensor]) -> torch.Tensor:
    """Return the sum of the outputs' losses."""
    loss = _loss(outputs[0], labels)
    for tensor in outputs[1:]:
        loss = loss + _loss(tensor, labels)
    return loss


def _places(output: torch.Tensor) -> tuple[int, ...]:
    """Return an output's shape without its classes: they lie along its second axis, or its only one."""
    return () if output.dim() == 1 else (output.shape[0], *output.shape[2:])


def _loss(output: torch.Tensor, labels: dict[tuple[int, ...], torch.Tensor]) -> torch.Tensor:
    if labels and output.dim():
        return functional.cross_entropy(output, labels[_places(output)])
    if output.is_complex():
        output = torch.view_as_real(output)
    return output.sum() if output.dim() else output
