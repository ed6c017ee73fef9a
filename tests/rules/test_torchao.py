"""Weights of a tensor subclass, integers with scales: parameters by number, bytes as stored."""

import warnings

import pytest
import torch
from torch import nn

import archcost

DEVICES = ("meta", "cpu")
WEIGHTS, ROWS = 256 * 512 + 512 * 64, 512 + 64


@pytest.fixture(scope="module")
def torchao():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pytest.importorskip("torchao")
        from torchao import quantization

        return quantization


def _network():
    return nn.Sequential(nn.Linear(256, 512, bias=False), nn.ReLU(), nn.Linear(512, 64, bias=False)).eval()


@pytest.mark.filterwarnings("ignore")  # a warning of the library
@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("kind", ["Int8WeightOnlyConfig", "Int8DynamicActivationInt8WeightConfig"])
def test_integers_are_parameters_and_take_their_bytes(torchao, kind, device):
    network = _network()
    torchao.quantize_(network, getattr(torchao, kind)())
    stored = network[0].weight.__tensor_flatten__()[0]
    each_row = 4 + ("zero_point" in stored)  # a scale, and one more byte for a zero point
    totals = archcost.profile(network, torch.ones(2, 256), device=device)
    assert totals.totals.params == totals.totals.weights == WEIGHTS
    assert totals.totals.param_bytes == WEIGHTS + each_row * ROWS
    assert totals.totals.macs == 2 * WEIGHTS
    assert totals.uncovered == {}


@pytest.mark.filterwarnings("ignore")
def test_the_peak_follows_what_is_stored(torchao):
    network = _network()
    torchao.quantize_(network, torchao.Int8WeightOnlyConfig())
    meta, cpu = (archcost.profile(network, torch.ones(2, 256), device=device).totals for device in DEVICES)
    full = archcost.profile(_network(), torch.ones(2, 256)).totals
    assert meta == cpu
    # the integers, and one layer's weight in full precision during its product
    assert 4 * 256 * 512 < meta.peak_inference_bytes - meta.param_bytes < full.peak_inference_bytes
