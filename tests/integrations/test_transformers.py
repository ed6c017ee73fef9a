"""Hugging Face's Trainer on the CPU: three networks, accumulation, figures in its log."""

from __future__ import annotations

import pytest
import torch
from torch import nn

pytestmark = [
    pytest.mark.extras,
    pytest.mark.filterwarnings("ignore"),  # warnings of the trainer
]
transformers = pytest.importorskip("transformers", reason="no transformers here; pip install transformers accelerate")
pytest.importorskip("accelerate", reason="no accelerate here; pip install accelerate")

TOKENS, WORDS, WIDTH = 6, 11, 8
HEAD = 2 * TOKENS * WIDTH * WORDS  # a batch of two


class Speaker(nn.Module):
    """An embedding, hidden layers, a head."""

    def __init__(self, hidden, *, frozen=False):
        super().__init__()
        self.embedding = nn.Embedding(WORDS, WIDTH)
        self.hidden = nn.Sequential(*(nn.Linear(WIDTH, WIDTH) for _ in range(hidden)))
        self.head = nn.Linear(WIDTH, WORDS)
        if frozen:
            self.embedding.requires_grad_(requires_grad=False)
            self.hidden.requires_grad_(requires_grad=False)

    def forward(self, input_ids, labels):
        found = self.head(self.hidden(self.embedding(input_ids)))
        return {"loss": nn.functional.cross_entropy(found.flatten(0, 1), labels.flatten())}


LAYER = 2 * TOKENS * WIDTH * WIDTH
NETWORKS = {
    "head": (lambda: Speaker(0), 3 * HEAD),
    "two layers": (lambda: Speaker(2), 3 * (2 * LAYER + HEAD)),
    "two frozen": (lambda: Speaker(2, frozen=True), 2 * LAYER + 2 * HEAD),
}


def train(network, folder, *, parts=1, **options):
    from archcost.integrations.transformers import CostLogger

    data = [{"input_ids": torch.arange(TOKENS) % WORDS, "labels": torch.arange(TOKENS) % WORDS} for _ in range(20)]
    settings = transformers.TrainingArguments(
        output_dir=str(folder), max_steps=5, per_device_train_batch_size=2, gradient_accumulation_steps=parts,
        report_to=[], use_cpu=True, save_strategy="no", disable_tqdm=True, logging_steps=1000,
    )  # fmt: skip
    trainer = transformers.Trainer(model=network, args=settings, train_dataset=data)
    if options:
        trainer.add_callback(CostLogger(trainer, **options))
    trainer.train()
    return [entry for entry in trainer.state.log_history if "archcost/macs_per_step" in entry]


@pytest.mark.parametrize("name", NETWORKS)
def test_steps_are_counted_and_logged(name, tmp_path):
    build, macs = NETWORKS[name]
    found = train(build(), tmp_path, every=2, peak=1e15)
    assert [entry["step"] for entry in found] == [3, 5]
    for entry in found:
        assert entry["archcost/macs_per_step"] == macs
        assert entry["archcost/tokens_per_second"] == pytest.approx(
            entry["archcost/flops_per_second"] / (2 * macs) * 2 * TOKENS
        )


def test_batches_whose_gradients_accumulate_are_one_step(tmp_path):
    found = train(Speaker(2), tmp_path, parts=2, every=2)
    assert {entry["archcost/macs_per_step"] for entry in found} == {2 * NETWORKS["two layers"][1]}


def test_training_is_the_same_and_nothing_stays_behind(tmp_path):
    trained = []
    for options in ({}, {"every": 1}):
        torch.manual_seed(0)
        network = Speaker(2)
        train(network, tmp_path, **options)
        trained.append(list(network.parameters()))
        assert not network._forward_pre_hooks
    assert all(torch.equal(a, b) for a, b in zip(*trained, strict=True))
    assert torch._C._len_torch_dispatch_stack() == 0
