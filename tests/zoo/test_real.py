"""Networks of the zoo with real weights: finite outputs for random input, and the figures of the meta walk."""

import pytest
import torch

import archcost
from archcost import zoo

# small ones of every kind of block, and the deepest ones
CHOSEN = (
    "lenet5_1998", "lenet_caffe", "cifar_resnet20", "cifar_plain56", "cifar_preresnet110", "cifar_densenet_bc_40_12",
    "fractalnet_c3_w16_cifar100", "mobilenet_v1_0.25", "mobilenet_v3_small", "shufflenet_v1_g3", "shufflenet_v2_0.5x",
    "squeezenet1_1", pytest.param("cifar_resnet1202", marks=pytest.mark.extras), "cifar_preresnet1001",
)  # fmt: skip


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
