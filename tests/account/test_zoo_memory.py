"""Memory of the zoo's networks: predicted on the meta device, without weights; counted in a real run on the CPU."""

import csv
import itertools
from pathlib import Path

import pytest
import torch
from real_memory import OPTIMIZERS, inference_peak, saved_bytes, training_peak

import archcost
from archcost import zoo

COUNTS = Path(__file__).parent.parent / "zoo" / "counts.csv"  # tests/zoo compares it with archcost's count
MACS = {row["id"]: int(row["macs"]) for row in csv.DictReader(COUNTS.read_text().splitlines())}
SMALL = [entry for entry in zoo.REGISTRY if MACS.get(entry.id, 0) < 5e9]  # blocks and modules are small
ONE_OF_EACH = {entry.builder: entry.id for entry in reversed(SMALL)}  # the first of each builder in the catalogue
# small images if a network ends in a global pool, so that a real step is fast
TRAINED = {
    "bn_inception_608": 64, "cifar_densenet_bc_40_12": 16, "cifar_preresnet110": 8,
    "densenet121": 64, "efficientnet_b0": 64, "fractalnet_c3_w16_cifar100": 32, "googlenet": 64, "lenet5_simple": 32,
    "mobilenet_v1_1.0": 64, "mobilenet_v2": 64, "mobilenet_v3_small": 64, "nasnet_a_mobile": 64, "nin_cifar10": 32,
    "resnet18_B": 64, "resnet50": 64, "resnext50_32x4d": 64, "se_resnet50": 64, "shufflenet_v1_g3": 64,
    "shufflenet_v2_1x": 64, "squeezenet1_0": 64, "wrn16_4": 16,
}  # fmt: skip


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(entry.id, marks=[] if entry.id == ONE_OF_EACH[entry.builder] else pytest.mark.extras)
        for entry in SMALL
    ],
)
def test_the_peak_of_inference_and_what_training_saves(name):
    """On the network's own input; training needs two images to normalise maps of one position."""
    entry = zoo.REGISTRY.find(name)
    network, images = zoo.build(entry), [torch.randn(2, *entry.input) for _ in range(entry.inputs)]
    inference = archcost.profile(name, device="meta")
    training = archcost.profile(name, device="meta", train="sgd", batch=2)

    assert inference.totals.peak_inference_bytes == inference_peak(network, *[each[:1].clone() for each in images])
    assert training.totals.saved_bytes == saved_bytes(network, *images)
    assert training.totals.saved_bytes == sum(row.saved_bytes for row in training.layers)
    assert inference.totals.macs < 5e9
    assert not training.uncovered


# each network with one optimizer, in turn, and two with all; an optimizer's state does not depend on the network
ALL_OPTIMIZERS = itertools.product(["lenet5_simple", "mobilenet_v2"], ["sgd", "momentum", "adam", "adamw"])
IN_TURN = zip(TRAINED, itertools.cycle(["sgd", "momentum", "adam"]), strict=False)


FUSED = itertools.product(["lenet5_simple", "wrn16_4"], [f"{name}-fused" for name in OPTIMIZERS])


@pytest.mark.parametrize(("name", "optimizer"), dict.fromkeys([*ALL_OPTIMIZERS, *IN_TURN, *FUSED]))
def test_the_peak_of_training(name, optimizer):
    entry = zoo.REGISTRY.find(name)
    images = torch.randn(2, entry.input[0], TRAINED[name], TRAINED[name])
    network = zoo.build(entry)
    report = archcost.profile(network, images, device="meta", train=optimizer)

    assert report.totals.peak_training_bytes == training_peak(network, images, optimizer)
    assert report.totals.peak_training_bytes == report.peak.nbytes == sum(report.peak.live.values())


@pytest.mark.parametrize("name", ["densenet121", "mobilenet_v3_small", "shufflenet_v2_1x", "squeezenet1_0"])
def test_channels_last(name):
    """The walk keeps the user's memory format."""
    entry = zoo.REGISTRY.find(name)
    images = torch.randn(2, *entry.input[:1], 64, 64).to(memory_format=torch.channels_last)
    network = zoo.build(entry).to(memory_format=torch.channels_last)
    inference = archcost.profile(network, images, device="meta")
    training = archcost.profile(network, images, device="meta", train="momentum")

    assert inference.totals.peak_inference_bytes == inference_peak(network, images)
    assert training.totals.saved_bytes == saved_bytes(network, images)
    assert training.totals.peak_training_bytes == training_peak(network, images, "momentum")
