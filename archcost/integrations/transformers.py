"""For Hugging Face: `trainer.add_callback(CostLogger(trainer, peak="NVIDIA H200", dtype="bfloat16"))`."""

from __future__ import annotations

from typing import Any

from transformers import TrainerCallback

from archcost.integrations.meter import Meter


class CostLogger(TrainerCallback):
    """Log the throughput of training steps by the trainer's own `log`, so that it reaches all of its loggers.

    A step is one optimizer step, with all batches whose gradients accumulate in it. Each process logs its own figures:
    archcost/macs_per_step, archcost/flops_per_second, archcost/utilisation if a peak is known,
    archcost/tokens_per_second or archcost/images_per_second, archcost/predicted_peak_bytes and, on a GPU,
    archcost/measured_peak_bytes.

    Args:
        trainer: the trainer that logs the figures.
        options: the arguments of `archcost.integrations.meter.Meter`: every, peak, dtype.
    """

    def __init__(self, trainer: Any, **options: Any) -> None:
        self.trainer = trainer
        self.meter = Meter(**options)
        self._hook: Any = None
        self._stepping = False

    def on_train_begin(self, args: Any, state: Any, control: Any, **known: Any) -> None:
        """Tell the meter the network and its device, and hook the network to see each batch."""
        del state, control
        self.meter.prepare(args.device, known["model"])
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
        """Stop the meter and remove the hook."""
        del args, state, control, known
        self.stop()

    def stop(self) -> None:
        """Stop the meter and remove the hook; call this yourself if training fails, because the trainer does not."""
        self._stepping = False
        self.meter.stop()
        if self._hook is not None:
            self._hook.remove()
            self._hook = None

    def _start_part(self, _model: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        if self._stepping:
            self.meter.start_part(kwargs or args)
