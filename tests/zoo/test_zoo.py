"""Every network of the zoo, against counts worked out without it: a table, and each paper's layer list as integers."""

import csv
from collections import Counter
from functools import cache
from pathlib import Path

import pytest
import torch
from arithmetic import BLOCKS, LAYERS
from torch.nn.modules import module as torch_module

import archcost
from archcost import zoo
from archcost.account.account import SUMS

HERE = Path(__file__).parent
COUNTS = {row["id"]: row for row in csv.DictReader((HERE / "counts.csv").open(encoding="utf-8"))}
ALIASES = {row["alias"]: row["id"] for row in csv.DictReader((HERE / "aliases.csv").open(encoding="utf-8"))}
QUANTITIES = {"params": "params", "weights": "weights", "macs": "macs", "macts": "acts", "depth": "depth"}


@cache
def report(name):
    return archcost.profile(name)


@pytest.mark.parametrize("name", COUNTS)
def test_totals_are_the_tables(name):
    totals = report(name).totals
    expected = {ours: int(COUNTS[name][column]) for ours, column in QUANTITIES.items()}

    assert {ours: getattr(totals, ours) for ours in QUANTITIES} == expected


@pytest.mark.parametrize("name", COUNTS)
def test_weighted_layers_are_the_papers(name):
    """The multiset of (weights, macs) of the rows is what the paper's layer list gives."""
    ours = Counter((layer.weights, layer.macs) for layer in report(name).layers if layer.macs)

    assert ours == Counter((layer.weights, layer.macs) for layer in LAYERS[name]())


@pytest.mark.parametrize("name", COUNTS)
def test_nothing_is_lost(name):
    """No operator without a rule, no module that never ran, rows that sum to the totals, inputs as asked."""
    found = report(name)
    sums = {quantity: sum(getattr(layer, quantity) for layer in found.layers) for quantity in SUMS}

    assert (found.uncovered, found.uncalled, found.warnings) == ({}, (), ())
    assert sums == {quantity: getattr(found.totals, quantity) for quantity in SUMS}
    assert "x".join(map(str, found.network.inputs[0].shape[1:])) == COUNTS[name]["input"]


@pytest.mark.parametrize("name", [entry.id for entry in zoo.REGISTRY])
def test_output_has_one_score_for_each_class(name):
    entry = zoo.REGISTRY.find(name)
    classes = {"ImageNet": 1000, "CIFAR-10": 10, "CIFAR-100": 100, "MNIST": 10}
    if entry.dataset not in classes or entry.id.startswith("inception_") and entry.id.endswith("_block"):
        pytest.skip("a block has no classifier")

    with torch.device("meta"), torch.no_grad():
        output = zoo.build(entry).eval()(torch.empty(2, *entry.input))

    scores = output if isinstance(output, tuple) else (output,)
    assert [tuple(score.shape) for score in scores] == [(2, classes[entry.dataset])] * len(scores)


def test_no_hook_is_left():
    archcost.profile("resnet18")

    assert not torch_module._global_forward_hooks
    assert not torch_module._global_forward_pre_hooks


def test_every_id_and_short_name_is_known():
    for name in COUNTS:
        assert name.partition("@")[0] in zoo.REGISTRY
    assert {alias: zoo.REGISTRY.find(alias).id for alias in ALIASES} == ALIASES


def test_blocks_equal_their_arithmetic():
    """The lectures' worked examples, at their own sizes."""
    compared = 0
    for entry in zoo.REGISTRY.search("block_*"):
        name = entry.id.removeprefix("block_")
        if name in BLOCKS:
            layers = BLOCKS[name](entry.input[0], entry.input[1])
            totals = report(entry.id).totals
            assert (totals.weights, totals.macs) == (
                sum(layer.weights for layer in layers),
                sum(layer.macs for layer in layers),
            ), entry.id
            compared += 1
    assert compared
