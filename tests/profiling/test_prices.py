"""Prices of blocks: additive quantities of a chain add exactly, others are refused."""

from __future__ import annotations

import pytest
import torch
from torch import nn

import archcost
from archcost.errors import ArgumentError
from archcost.profiling.prices import ADDING, TRAINED

IMAGE = (2, 3, 16, 16)


class Shortcut(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.body = nn.Sequential(nn.Conv2d(channels, channels, 3, padding=1), nn.BatchNorm2d(channels), nn.ReLU())

    def forward(self, x):
        return x + self.body(x)


BLOCKS = {
    "stem": lambda: nn.Sequential(nn.Conv2d(3, 8, 3, 2, 1), nn.BatchNorm2d(8), nn.ReLU()),
    "shortcut": lambda: Shortcut(8),
    "wide": lambda: nn.Sequential(nn.Conv2d(8, 12, 5, padding=2), nn.ReLU()),
    "in place": lambda: nn.Sequential(nn.Conv2d(12, 12, 1), nn.ReLU(inplace=True)),
    "nothing": nn.Identity,
    "pool": lambda: nn.AvgPool2d(2),
    "flat": nn.Flatten,
    "head": lambda: nn.Linear(12 * 16, 5),
}
CHAINS = [
    ["stem", "shortcut", "shortcut", "wide", "in place", "pool"],
    ["stem", "wide", "nothing", "in place", "pool", "flat", "head"],
    ["stem", "nothing", "nothing", "wide"],
]


def build(key):
    return BLOCKS[key]()


@pytest.mark.parametrize("train", [None, "sgd"])
@pytest.mark.parametrize("keys", CHAINS, ids=" ".join)
def test_a_chain_costs_what_its_blocks_add_up_to(keys, train):
    names = [name for name in ADDING if train or name not in TRAINED]
    whole = nn.Sequential(*map(build, keys))
    report = archcost.profile(whole, torch.zeros(IMAGE), train=train, loss="sum")
    image = report.layers[0]  # belongs to the network, not to a block
    expected = {name: getattr(report.totals, name) - getattr(image, name) for name in names if name in TOTALS}

    table = archcost.PriceTable(build, [*expected], train=train)

    assert table.total(keys, IMAGE) == expected
    chain = table.chain(keys, IMAGE)
    assert {name: chain[name] for name in expected} == expected
    assert chain.outputs == (report.layers[-1].outputs[0],)
    assert chain.receptive_field == (None if "flat" in keys else report.totals.receptive_field)


TOTALS = set(archcost.profile(nn.ReLU(), torch.zeros(1)).totals.__dataclass_fields__)


def test_a_block_is_built_once_for_each_shape():
    built = []

    def note(key):
        built.append(key)
        return build(key)

    table = archcost.PriceTable(note)
    for _ in range(3):
        table.total(["stem", "shortcut", "shortcut"], IMAGE)
    table.total(["stem"], (1, 3, 8, 8))

    assert built == ["stem", "shortcut", "stem"]
    assert len(table) == 3


def test_a_price_by_hand():
    found = archcost.price(nn.Linear(8, 4), (3, 8))

    assert (found["params"], found["macs"], found["activation_bytes"]) == (36, 3 * 8 * 4, 4 * 3 * 4)
    assert found.outputs == ((3, 4),)


@pytest.mark.parametrize("name", ["peak_inference_bytes", "receptive_field", "nonsense"])
def test_what_does_not_add_is_refused(name):
    with pytest.raises(ArgumentError, match="profile the candidate itself, or ask for params"):
        archcost.PriceTable(build, [name])
    with pytest.raises(ArgumentError, match=name):
        archcost.price(nn.Linear(2, 2), (1, 2))[name]


@pytest.mark.parametrize("name", sorted(TRAINED))
def test_what_training_saves_needs_a_training_step(name):
    with pytest.raises(ArgumentError, match="train"):
        archcost.PriceTable(build, [name])


def test_a_block_in_the_middle_returns_one_tensor():
    class Two(nn.Module):
        def forward(self, x):
            return x + 1, x + 2

    table = archcost.PriceTable(lambda key: Two() if key == "two" else nn.ReLU())

    with pytest.raises(ArgumentError, match="'two' returns 2 tensors"):
        table.total(["two", "one"], (1, 2))
    for ask in (table.chain, table.total):
        with pytest.raises(ArgumentError, match="at least one block"):
            ask([], (1, 2))


@pytest.mark.parametrize("shape", [(-1, 8), (True, 8), (2, 10**30)])
def test_what_is_no_shape_is_refused(shape):
    with pytest.raises(ArgumentError, match="is not the shape of a tensor"):
        archcost.price(nn.Linear(8, 4), shape)


@pytest.mark.parametrize("train", [None, "sgd"])
def test_measured_times_are_columns(train):
    table = archcost.PriceTable(build, ["params"], train=train, measured={"ms": lambda _, shape: shape[-1] / 4})

    assert table.total(["stem", "shortcut"], IMAGE) == {"params": 224 + 16 + 584 + 16, "ms": 4.0 + 2.0}


def test_modules_are_built_without_values():
    with archcost.unfilled():
        layer = nn.Linear(4, 4)
    with archcost.unfilled("cpu"):
        real = nn.Linear(4, 4)

    assert layer.weight.is_meta
    assert real.weight.device.type == "cpu"


def test_one_context_is_used_again_within_itself_and_within_another():
    here = torch.empty(0).device.type
    unfilled = archcost.unfilled()
    with torch.device("cpu"), unfilled:
        assert torch.empty(0).is_meta
    with unfilled:
        with unfilled:
            assert torch.empty(0).is_meta
        assert torch.empty(0).is_meta
    assert torch.empty(0).device.type == here
    assert torch.get_default_device().type == here
    assert not torch._C._len_torch_function_stack()
