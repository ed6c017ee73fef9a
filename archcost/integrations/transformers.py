"""For Hugging Face: `trainer.add_callback(CostLogger(trainer, peak="NVIDIA H200", dtype="bfloat16"))`."""

from __future__ import annotations

from typing import Any

from transformers import TrainerCallback

from archcost.integrations.meter import Meter


class CostLogger(TrainerCallback):
    """Log what training steps achieve by the trainer's own `log`, so that all that it reports to has it.

    A step is one of the optimizer, with all batches whose gradients accumulate in it. The figures are those of each
    process: archcost/macs_per_step, archcost/flops_per_second, archcost/utilisation where a peak is known, and
    archcost/tokens_per_second or archcost/images_per_second.

    Args:
        trainer: the trainer, whose `log` is called.
        options: those of `archcost.integrations.meter.Meter`: every, peak, dtype.
    """

    def __init__(self, trainer: Any, **options: Any) -> None:
        self.trainer = trainer
        self.meter = Meter(**options)
        self._hook: Any = None
        self._stepping = False

    def on_train_begin(self, args: Any, state: Any, control: Any, **known: Any) -> None:
        """Find out where the network runs, and be told of each of its batches."""
        del state, control
        self.meter.prepare(args.device)
        self._hook = known["model"].register_forward_pre_hook(self._start_part, with_kwargs=True)

    def on_step_begin(self, args: Any, state: Any, control: Any, **known: Any) -> None:
        """Begin a step."""
        del args, state, control, known
        self._stepping = True
        self.meter.start_step()

    def on_step_end(self, args: Any, state: Any, control: Any, **known: Any) -> None:
        """End a step, and log the figures that are due."""
        del args, state, control, known
        self._stepping = False
        figures = self.meter.end_step()
        if figures:
            self.trainer.log(figures)

    def on_evaluate(self, args: Any, state: Any, control: Any, **known: Any) -> None:
        """Leave evaluation out of the time."""
        del args, state, control, known
        self.meter.pause()

    def on_train_end(self, args: Any, state: Any, control: Any, **known: Any) -> None:
        """Leave nothing behind."""
        del args, state, control, known
        self.stop()

    def stop(self) -> None:
        """Stop, also where training failed, which the trainer tells nobody."""
        self._stepping = False
        self.meter.stop()
        if self._hook is not None:
            self._hook.remove()
            self._hook = None

    def _start_part(self, _model: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        if self._stepping:
            self.meter.start_part(kwargs or args)
