"""Lightning's trainer on the CPU: three networks, figures in its loggers, unchanged training."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from benchmarks.live import Storages

pytestmark = [
    pytest.mark.extras,
    pytest.mark.filterwarnings("ignore"),  # the trainer's warnings about few workers and old interfaces
]
lightning = pytest.importorskip("lightning.pytorch", reason="no lightning here; pip install lightning")

NETWORKS = {  # a network, one image, and the multiply-adds of a step of four
    "two layers": (lambda: nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 4)), (8,), 4 * (2 * 128 + 3 * 64)),
    "first layer frozen": (
        lambda: nn.Sequential(nn.Linear(8, 16).requires_grad_(requires_grad=False), nn.Linear(16, 4)),
        (8,),
        4 * (128 + 2 * 64),
    ),
    "convolution": (
        lambda: nn.Sequential(nn.Conv2d(3, 2, 3, padding=1), nn.Flatten(), nn.Linear(32, 4)),
        (3, 4, 4),
        4 * (2 * 16 * 2 * 27 + 3 * 128),
    ),
}


def build_data(side, steps=6):
    generator = torch.Generator().manual_seed(0)
    return [(torch.randn(side, generator=generator), i % 4) for i in range(4 * steps)]


def fit(network, data, callbacks):
    from lightning.pytorch.loggers import Logger

    class Kept(Logger):
        name, version = "kept", 0

        def __init__(self):
            super().__init__()
            self.found = []

        def log_hyperparams(self, *_args, **_known):
            pass

        def log_metrics(self, metrics, step=None):
            self.found.append((step, metrics))

    class Module(lightning.LightningModule):
        def __init__(self):
            super().__init__()
            self.network = network

        def training_step(self, batch, _index):
            images, labels = batch
            return nn.functional.cross_entropy(self.network(images), labels)

        def configure_optimizers(self):
            return torch.optim.SGD([p for p in self.parameters() if p.requires_grad], lr=0.1)

    logger = Kept()
    trainer = lightning.Trainer(
        max_epochs=1, accelerator="cpu", devices=1, logger=logger, callbacks=callbacks, enable_checkpointing=False,
        enable_progress_bar=False, enable_model_summary=False,
    )  # fmt: skip
    trainer.fit(Module(), torch.utils.data.DataLoader(data, batch_size=4))
    return logger.found


@pytest.mark.parametrize("name", NETWORKS)
def test_steps_are_counted_and_logged(name):
    from archcost.integrations.lightning import CostLogger

    build, side, macs = NETWORKS[name]
    found = fit(build(), build_data(side), [CostLogger(every=2, peak=1e15)])
    figures = [(step, metrics) for step, metrics in found if "archcost/macs_per_step" in metrics]
    assert [step for step, _ in figures] == [4, 6]  # two steps are recorded, then two windows of two steps
    for _, metrics in figures:
        assert metrics["archcost/macs_per_step"] == macs
        assert metrics["archcost/utilisation"] == pytest.approx(metrics["archcost/flops_per_second"] / 1e15)
        assert metrics["archcost/images_per_second"] == pytest.approx(
            metrics["archcost/flops_per_second"] / (2 * macs) * 4
        )


@pytest.mark.parametrize("name", NETWORKS)
def test_the_predicted_peak_is_that_of_the_live_tensors(name):
    """The trainer's own tensors, such as the last loss, outlive a step and are not part of the prediction."""
    from archcost.integrations.lightning import CostLogger

    build, side, _ = NETWORKS[name]
    network, data = build(), build_data(side)
    with Storages(*network.parameters()) as live:
        fit(network, data, [])
    found = fit(build(), data, [CostLogger(every=2)])
    predicted = [
        metrics["archcost/predicted_peak_bytes"] for _, metrics in found if "archcost/macs_per_step" in metrics
    ]
    assert predicted[-1] == pytest.approx(live.peak, abs=32)


def test_training_is_the_same():
    from archcost.integrations.lightning import CostLogger

    trained = []
    for callbacks in ([], [CostLogger()]):
        torch.manual_seed(0)
        network = NETWORKS["convolution"][0]()
        fit(network, build_data((3, 4, 4)), callbacks)
        trained.append(list(network.parameters()))
    assert all(torch.equal(a, b) for a, b in zip(*trained, strict=True))


def test_a_failure_leaves_nothing_behind():
    from archcost.integrations.lightning import CostLogger

    class Failing(nn.Module):
        def forward(self, _x):
            raise RuntimeError("by intention")

    with pytest.raises(RuntimeError, match="by intention"):
        fit(nn.Sequential(nn.Linear(8, 4), Failing()), build_data((8,)), [CostLogger()])
    assert torch._C._len_torch_dispatch_stack() == 0
