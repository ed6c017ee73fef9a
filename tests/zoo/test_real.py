"""Networks of the zoo with real weights: finite outputs for random input, in both modes, and the meta walk's figures."""

import csv
from pathlib import Path

import pytest
import torch

import archcost
from archcost import zoo

COUNTS = list(csv.DictReader((Path(__file__).parent / "counts.csv").open(encoding="utf-8")))
SMALL = 150_000_000  # multiply-adds that the CPU does at once
DEEP = ["cifar_resnet1202", "cifar_plain1202", "cifar_preresnet1001"]
CHOSEN = [row["id"] for row in COUNTS if int(row["macs"]) < SMALL and "@" not in row["id"]] + DEEP


@pytest.mark.parametrize("name", CHOSEN)
def test_outputs_are_finite_in_both_modes(name):
    entry = zoo.REGISTRY.find(name)
    torch.manual_seed(0)
    network = zoo.build(entry)
    images = torch.randn(2, *entry.input)

    for training in (False, True):
        network.train(training)
        with torch.no_grad():
            output = network(images)
        for scores in output if isinstance(output, tuple) else (output,):
            assert torch.isfinite(scores).all(), "training" if training else "eval"


@pytest.mark.parametrize("name", ["lenet5_1998", "nin_cifar10", "mobilenet_v3_small", "fractalnet_c3_w16_cifar100"])
def test_the_cpu_walk_counts_what_the_meta_walk_counts(name):
    meta, real = (archcost.profile(name, device=device).totals for device in ("meta", "cpu"))

    assert (real.params, real.macs, real.macts, real.depth) == (meta.params, meta.macs, meta.macts, meta.depth)
    assert real.activation_elements == meta.activation_elements


@pytest.mark.gpu
@pytest.mark.parametrize("name", ["vgg16", "resnet50", "mobilenet_v2"])
def test_the_gpu_walk_counts_what_the_meta_walk_counts(name):
    if not torch.cuda.is_available():
        pytest.skip("no CUDA device")
    meta, real = (archcost.profile(name, device=device).totals for device in ("meta", "cuda"))

    assert (real.params, real.macs, real.macts, real.depth) == (meta.params, meta.macs, meta.macts, meta.depth)
