"""Recomputation to make a batch fit: real steps that follow the advice, and comparison with every choice."""

import copy
import itertools
import json
from dataclasses import replace

import pytest
import torch
from peer_packages import peer
from real_memory import saved_bytes, training_peak
from torch import nn

import archcost
from archcost.account.account import count_work
from archcost.account.choose import list_choices
from archcost.account.memory import live_bytes
from archcost.account.segments import Lives, Segment, list_segments
from archcost.cli import run
from archcost.errors import ArgumentError
from archcost.profiling.feed import Feed
from archcost.profiling.trace import walk_apart
from archcost.records import Training, WalkPlan
from archcost.render import checkpointing
from archcost.sources import parse_input, resolve, wrap_module


def done_as_told(network, found):
    """Return a copy of a network after running the printed code on it."""
    changed = copy.deepcopy(network)
    exec("\n".join(checkpointing.build_page(found, binary=False).lines), {"network": changed})  # noqa: S102
    return changed


class Transformer(nn.Module):
    def __init__(self, layers, width, dropout):
        super().__init__()
        self.stem = nn.Linear(8, width)
        self.layers = nn.ModuleList(
            nn.TransformerEncoderLayer(width, 4, 4 * width, dropout=dropout, batch_first=True) for _ in range(layers)
        )
        self.head = nn.Linear(width, 5)

    def forward(self, tokens):
        tokens = self.stem(tokens)
        for layer in self.layers:
            tokens = layer(tokens)
        return self.head(tokens.mean(1))


def build_vit():
    return peer("torchvision").models.vit_b_16()


NETWORKS = {
    "vgg16": (lambda: resolve("vgg16").build(), (3, 224, 224), 0.93),
    "resnet152": (lambda: resolve("resnet152").build(), (3, 96, 96), 0.9),
    "vit_b_16": (build_vit, (3, 224, 224), 0.8),
    "wide resnet": (lambda: resolve("wrn16_4").build(), (3, 16, 16), 0.8),
    "transformer": (lambda: Transformer(12, 16, 0.0), (24, 8), 0.4),
    "transformer with dropout": (lambda: Transformer(2, 16, 0.1), (24, 8), 0.8),
}


@pytest.mark.parametrize(
    ("name", "optimizer"),
    [
        *itertools.product(("wide resnet", "transformer", "transformer with dropout"), ["sgd"]),
        ("transformer with dropout", "adamw-fused"),
        *[pytest.param(name, "momentum", marks=pytest.mark.extras) for name in ("vgg16", "resnet152", "vit_b_16")],
        pytest.param("vit_b_16", "adamw", marks=pytest.mark.extras),
    ],
)
def test_a_real_step_that_computes_again_as_told_keeps_and_needs_that(name, optimizer):
    """The step runs on the CPU, with the saved tensors of its attention."""
    build, shape, share = NETWORKS[name]
    network, batch = build(), 4
    inputs, images = [parse_input("x".join(map(str, shape)))], torch.randn(batch, *shape)
    asked = {"batch": batch, "inputs": inputs, "train": optimizer, "like": "cpu"}
    kept = archcost.fit(network, 10**12, **asked)
    (point,) = kept.points
    memory = kept.fixed_bytes + int((point.peak_bytes - kept.fixed_bytes) * share)
    found = archcost.fit(network, memory, checkpoint="auto", **asked)
    real = done_as_told(network, found.checkpoint)

    assert found.batch == batch
    assert found.points[0].peak_bytes <= memory < point.peak_bytes == found.checkpoint.all_needed_bytes
    assert found.checkpoint.saved_bytes == saved_bytes(real, images, like="cpu")
    assert found.points[0].peak_bytes == training_peak(real, images, optimizer, like="cpu")
    assert 0 < found.checkpoint.extra_operations < 0.5 * found.checkpoint.operations


class Blocks(nn.Module):
    """Layers of different widths, in blocks; some save many bytes for little work."""

    def __init__(self):
        super().__init__()
        self.first = nn.Sequential(nn.Linear(8, 40), nn.GELU(), nn.Linear(40, 8))
        self.act = nn.SiLU()
        self.second = nn.Sequential(nn.LayerNorm(8), nn.Linear(8, 64), nn.Tanh())
        self.third = nn.Sequential(nn.Linear(64, 20), nn.Softplus())

    def forward(self, x):
        return self.third(self.act(self.second(x + self.first(x))))


class Residual(nn.Module):
    """Convolutions beside a shortcut, then coarser and wider ones."""

    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 3, padding=1)
        self.blocks = nn.ModuleList(
            nn.Sequential(nn.Conv2d(8, 8, 3, padding=1), nn.BatchNorm2d(8), nn.SiLU()) for _ in range(2)
        )
        self.down = nn.Sequential(nn.Conv2d(8, 16, 3, stride=2, padding=1), nn.GELU())
        self.head = nn.Sequential(nn.Flatten(), nn.Linear(16 * 16, 32), nn.Tanh())

    def forward(self, x):
        x = self.stem(x)
        for block in self.blocks:
            x = x + block(x)
        return self.head(self.down(x))


def chain(*layers):
    return nn.Sequential(nn.Linear(8, 8), *layers, nn.Linear(8, 4))


ENUMERATED = {
    "blocks": (Blocks, "8", 64),
    "residual": (Residual, "3x8x8", 16),
    # the first layers, beside parameters; a tensor saved once and read later; a view that is written to
    "dropout": (lambda: chain(nn.Dropout(0.1), nn.LeakyReLU(), nn.ReLU(), nn.ReLU(inplace=True)), "6x8", 32),
    "saved once": (lambda: chain(nn.SiLU(), nn.ReLU(inplace=True), nn.Dropout(0.1), nn.ReLU()), "6x8", 32),
    "in place": (lambda: chain(nn.Linear(8, 8), nn.Linear(8, 8), nn.ReLU(inplace=True)), "6x8", 32),
    "scores": (lambda: chain(nn.Tanh(), nn.SiLU(), nn.Softmax(-1)), "6x8", 32),
}


@pytest.mark.parametrize(
    "name", ["in place", "scores", *[pytest.param(name, marks=pytest.mark.extras) for name in [*ENUMERATED][:4]]]
)
def test_no_choice_is_more_than_a_twentieth_better(name):
    """Walk every set of non-nested modules, and find the one that fits with the least work."""
    build, text, batch = ENUMERATED[name]
    network, specs = build(), (parse_input(text),)
    plan, feed = WalkPlan(device="meta", training=Training(loss="sum")), Feed(specs=specs, batch=batch)
    base = walk_apart(wrap_module(network), feed, plan)
    every = []
    for chosen in list_choices(list_segments(Lives(base, count_work(base))), 100):
        names = tuple(each.path for each in chosen)
        trace = walk_apart(wrap_module(network), feed, replace(plan, checkpoint=names))
        every.append((max(live_bytes(trace)), sum(count_work(trace)) - sum(count_work(base))))
    most, least = max(live_bytes(base)), min(peak for peak, _ in every)
    for part in range(1, 5):
        memory = most - (most - least) * part // 4
        best = min(work for peak, work in every if peak <= memory)
        found = archcost.fit(network, memory, inputs=specs, batch=batch, train="sgd", loss="sum", checkpoint="auto")
        assert found.batch == batch
        assert 0 < found.checkpoint.extra_operations <= 1.05 * best
    assert len(every) > 4


def test_every_choice_of_modules_that_do_not_lie_in_each_other():
    """Of 0-2, 2-4 and 1-3 the first two do not overlap, and the work is 5, 1 and 2: the sums are 0, 1, 2, 5, 6."""
    first, second, middle = (
        Segment(path=name, start=start, end=start + 2, hidden=1, work=work, peak=1)
        for name, start, work in (("a", 0, 5), ("b", 2, 1), ("c", 1, 2))
    )
    assert list_choices([first, second, middle], 5) == [(), (second,), (middle,), (first,), (first, second)]
    assert list_choices([first, second, middle], 4) == []


def test_what_fits_keeps_everything():
    found = archcost.fit("lenet5", "1GB", batch=4, train="sgd", checkpoint="auto")
    assert (found.checkpoint.modules, found.checkpoint.extra_operations) == ((), 0)


def test_what_writes_into_what_it_is_given_is_not_computed_again():
    """An in-place ReLU has overwritten its input by the time of the backward pass."""

    class Inplace(nn.Module):
        def __init__(self):
            super().__init__()
            self.stem, self.head = nn.Linear(8, 400), nn.Linear(400, 8)
            self.block = nn.Sequential(nn.ReLU(inplace=True), nn.GELU(), nn.GELU())

        def forward(self, x):
            return self.head(self.block(self.stem(x)))

    plan = WalkPlan(device="meta", training=Training())
    trace = walk_apart(wrap_module(Inplace()), Feed(specs=(parse_input("8"),), batch=16), plan)
    names = {segment.path for segment in list_segments(Lives(trace, [1] * len(trace.ops)))}
    assert "block" not in names
    assert "block[1:3]" in names
    assert "block[0:2]" not in names


def test_a_network_is_left_as_it_was_found():
    network = Blocks()
    network.act.forward = own = network.act.forward
    archcost.profile(network, torch.zeros(4, 8), device="meta", train="sgd", checkpoint=("act", "third[1:3]", "first"))
    archcost.profile(network, torch.zeros(4, 8), device="cpu", train="sgd", checkpoint=("act", "third[1:3]", "first"))
    assert network.act.__dict__["forward"] is own
    assert not {"forward"} & {*network.third.__dict__, *network.first.__dict__}


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"train": "sgd", "checkpoint": ("firt",)}, "there is no module 'firt'; did you mean first"),
        ({"train": "sgd", "checkpoint": ("act[0:2]",)}, "only a Sequential has consecutive layers"),
    ],
)
def test_what_cannot_be_computed_again(options, says):
    with pytest.raises(ArgumentError, match=says):
        archcost.profile(Blocks(), torch.zeros(4, 8), device="meta", **options)


def test_the_command(capsys):
    wrong = ["fit", "lenet5", "--memory", "1MB", "--checkpoint", "auto"]
    assert run([*wrong, "--batch", "4"]) == 2
    assert "nothing trains" in capsys.readouterr().err
    assert run([*wrong, "--train"]) == 2
    assert "the batch size is missing: add --batch" in capsys.readouterr().err
    asked = ["fit", "wrn16_4", "--memory", "43MB", "--train", "--batch", "8", "--checkpoint", "auto"]
    assert run(asked) == 0
    text = capsys.readouterr().out
    assert "computed again in the backward pass" in text
    assert "checkpoint(part, given, use_reentrant=False)" in text or "partial(checkpoint, module.forward" in text
    assert run([*asked, "--format", "json"]) == 0
    found = json.loads(capsys.readouterr().out)["checkpoint"]
    assert found["modules"]
    assert found["saved_bytes"] < found["all_saved_bytes"]
