"""The repeated work that a clock times: one forward pass or one whole training step."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import torch

from archcost.clock.regime import autocast
from archcost.walk.freezing import choose_trainable
from archcost.walk.modes import set_mode
from archcost.walk.tensors import find_tensors
from archcost.walk.training import TrainingStep

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from torch import nn

    from archcost.profiling.feed import Given
    from archcost.records import TimingPlan, WalkPlan


class Iteration:
    """One iteration by its phases, "forward" first; without a `step` it is the only phase.

    `run` is the forward pass; `autocast` is the context for it and the loss.
    """

    def __init__(
        self,
        run: Callable[[], Any],
        autocast: Callable[[], AbstractContextManager[Any]],
        step: TrainingStep | None = None,
    ) -> None:
        self._run, self._autocast, self._step = run, autocast, step
        self._outputs: Any = None
        self.phases: tuple[tuple[str, Callable[[], None]], ...] = (("forward", self._run_forward),)
        if step is not None:
            loss, update = partial(self._compute_loss, step), partial(_move_parameters, step)
            self.phases += (("loss", loss), ("backward", step.run_backward), ("step", update))

    def whole(self) -> None:
        """Run every phase."""
        for _, phase in self.phases:
            phase()
        self._outputs = None

    @property
    def state(self) -> list[Any]:
        """The optimizer's state between steps."""
        optimizer = None if self._step is None else self._step.optimizer
        return [] if optimizer is None else list(optimizer.state.values())

    def _run_forward(self) -> None:
        with torch.set_grad_enabled(self._step is not None), self._autocast():
            self._outputs = self._run()

    def _compute_loss(self, step: TrainingStep) -> None:
        step.take(find_tensors(self._outputs))
        self._outputs = None
        with self._autocast():
            step.compute_loss()


def _move_parameters(step: TrainingStep) -> None:
    step.run_optimizer()
    step.clear()


def make_iteration(
    module: nn.Module, given: Given, asked: WalkPlan, plan: TimingPlan, device: torch.device
) -> Iteration:
    """Put a module into the mode of its walk; return its iteration."""
    if asked.walked_mode != "as-is":
        set_mode(module, training=asked.walked_mode == "train")
    step = None
    if asked.training is not None:
        choose_trainable(module, asked.training)
        step = TrainingStep(asked.training, module.parameters())
    run = torch.compile(module) if plan.compiled else module
    args, kwargs = given
    return Iteration(partial(run, *args, **kwargs), partial(autocast, plan, device), step)
