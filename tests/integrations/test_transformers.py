"""Hugging Face's Trainer on the CPU: five networks, accumulation, figures in its log."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from benchmarks.live import Storages

pytestmark = [
    pytest.mark.extras,
    pytest.mark.filterwarnings("ignore"),  # warnings of the trainer
]
transformers = pytest.importorskip("transformers", reason="no transformers here; pip install transformers accelerate")
pytest.importorskip("accelerate", reason="no accelerate here; pip install accelerate")

TOKENS, WORDS, WIDTH, RANK = 6, 11, 8, 2
HEAD = 2 * TOKENS * WIDTH * WORDS  # a batch of two


class Adapted(nn.Module):
    """A frozen layer beside a low-rank path that learns."""

    def __init__(self):
        super().__init__()
        self.base = nn.Linear(WIDTH, WIDTH).requires_grad_(requires_grad=False)
        self.down, self.up = nn.Linear(WIDTH, RANK, bias=False), nn.Linear(RANK, WIDTH, bias=False)

    def forward(self, x):
        return self.base(x) + self.up(self.down(x))


class Routed(nn.Module):
    """Four experts; each of the two sequences goes to one of them."""

    def __init__(self):
        super().__init__()
        self.experts = nn.ModuleList(nn.Linear(WIDTH, WIDTH) for _ in range(4))

    def forward(self, x):
        return torch.cat([self.experts[2 * i](row) for i, row in enumerate(x.split(1))])


class Speaker(nn.Module):
    """An embedding, hidden layers, a head."""

    def __init__(self, *hidden, frozen=False):
        super().__init__()
        self.embedding = nn.Embedding(WORDS, WIDTH)
        self.hidden = nn.Sequential(*hidden)
        self.head = nn.Linear(WIDTH, WORDS)
        if frozen:
            self.embedding.requires_grad_(requires_grad=False)
            self.hidden.requires_grad_(requires_grad=False)

    def forward(self, input_ids, labels):
        found = self.head(self.hidden(self.embedding(input_ids)))
        return {"loss": nn.functional.cross_entropy(found.flatten(0, 1), labels.flatten())}


LAYER = 2 * TOKENS * WIDTH * WIDTH
LOW = 2 * TOKENS * WIDTH * RANK


def build_layers():
    return nn.Linear(WIDTH, WIDTH), nn.Linear(WIDTH, WIDTH)


NETWORKS = {
    "head": (Speaker, 3 * HEAD),
    "two layers": (lambda: Speaker(*build_layers()), 3 * (2 * LAYER + HEAD)),
    "two frozen": (lambda: Speaker(*build_layers(), frozen=True), 2 * LAYER + 2 * HEAD),
    # the embedding learns, so the gradient also passes the frozen weight
    "low-rank adapter": (lambda: Speaker(Adapted()), 2 * LAYER + 2 * 3 * LOW + 3 * HEAD),
    "experts": (lambda: Speaker(Routed()), 3 * LAYER + 3 * HEAD),  # not four times as much
}


DATA = [{"input_ids": torch.arange(TOKENS) % WORDS, "labels": torch.arange(TOKENS) % WORDS} for _ in range(20)]
BATCH_BYTES = 8 * 2 * 2 * TOKENS  # two sequences of tokens and labels


def train(network, folder, *, parts=1, **options):
    from archcost.integrations.transformers import CostLogger

    settings = transformers.TrainingArguments(
        output_dir=str(folder), max_steps=6, per_device_train_batch_size=2, gradient_accumulation_steps=parts,
        report_to=[], use_cpu=True, save_strategy="no", disable_tqdm=True, logging_steps=1000,
    )  # fmt: skip
    trainer = transformers.Trainer(model=network, args=settings, train_dataset=DATA)
    if options:
        trainer.add_callback(CostLogger(trainer, **options))
    trainer.train()
    return [entry for entry in trainer.state.log_history if "archcost/macs_per_step" in entry]


@pytest.mark.parametrize("name", NETWORKS)
def test_steps_are_counted_and_logged(name, tmp_path):
    build, macs = NETWORKS[name]
    found = train(build(), tmp_path, every=2, peak=1e15)
    assert [entry["step"] for entry in found] == [4, 6]  # two steps are recorded, then two windows of two steps
    for entry in found:
        assert entry["archcost/macs_per_step"] == macs
        assert entry["archcost/tokens_per_second"] == pytest.approx(
            entry["archcost/flops_per_second"] / (2 * macs) * 2 * TOKENS
        )


def test_batches_whose_gradients_accumulate_are_one_step(tmp_path):
    found = train(Speaker(*build_layers()), tmp_path, parts=2, every=2)
    assert {entry["archcost/macs_per_step"] for entry in found} == {2 * NETWORKS["two layers"][1]}


def test_training_is_the_same_and_nothing_stays_behind(tmp_path):
    trained = []
    for options in ({}, {"every": 1}):
        torch.manual_seed(0)
        network = Speaker(*build_layers())
        train(network, tmp_path, **options)
        trained.append(list(network.parameters()))
        assert not network._forward_pre_hooks
    assert all(torch.equal(a, b) for a, b in zip(*trained, strict=True))
    assert torch._C._len_torch_dispatch_stack() == 0


@pytest.mark.parametrize("name", NETWORKS)
def test_the_predicted_peak_is_that_of_the_live_tensors(name, tmp_path):
    """The trainer's own tensors outlive a step and are not predicted: the next batch, and a few sums of losses."""
    network = NETWORKS[name][0]()
    with Storages(*network.parameters()) as live:
        train(network, tmp_path)
    found = train(NETWORKS[name][0](), tmp_path, every=2)
    assert found[-1]["archcost/predicted_peak_bytes"] == pytest.approx(live.peak - BATCH_BYTES, abs=32)
