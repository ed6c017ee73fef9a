"""For Lightning: `Trainer(callbacks=[CostLogger(peak="NVIDIA H200", dtype="bfloat16")])`."""

from __future__ import annotations

from typing import Any

from lightning.pytorch import Callback

from archcost.integrations.meter import Meter


class CostLogger(Callback):
    """Log the throughput of training steps to the trainer's loggers; a step is one batch.

    Each process logs its own figures: archcost/macs_per_step, archcost/flops_per_second, archcost/utilisation if a peak
    is known, archcost/images_per_second or archcost/tokens_per_second, archcost/predicted_peak_bytes and, on a GPU,
    archcost/measured_peak_bytes.

    Args:
        options: the arguments of `archcost.integrations.meter.Meter`: every, peak, dtype.
    """

    def __init__(self, **options: Any) -> None:
        self.meter = Meter(**options)

    def on_train_start(self, trainer: Any, pl_module: Any) -> None:
        """Tell the meter the network and its device."""
        del trainer
        self.meter.prepare(pl_module.device, pl_module)

    def on_train_batch_start(self, trainer: Any, pl_module: Any, batch: Any, batch_idx: int) -> None:
        """Begin a step."""
        del trainer, pl_module, batch_idx
        self.meter.start_step()
        self.meter.start_part(batch)

    def on_train_batch_end(self, trainer: Any, pl_module: Any, outputs: Any, batch: Any, batch_idx: int) -> None:
        """End a step, and log the figures that are due."""
        del pl_module, outputs, batch, batch_idx
        figures = self.meter.end_step()
        if figures:
            for logger in trainer.loggers:
                logger.log_metrics(figures, step=trainer.global_step)

    def on_validation_start(self, trainer: Any, pl_module: Any) -> None:
        """Leave validation out of the time."""
        del trainer, pl_module
        self.meter.pause()

    def on_exception(self, trainer: Any, pl_module: Any, exception: BaseException) -> None:
        """Stop the meter."""
        del trainer, pl_module, exception
        self.meter.stop()
