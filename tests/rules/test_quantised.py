"""Quantised networks: logical parameters, multiply-adds of the layers in full precision, one row for a packed layer."""

import pytest
import torch
from torch import nn
from torch.ao.quantization import quantize_dynamic

import archcost
from tests.peer_packages import peer

pytestmark = pytest.mark.filterwarnings("ignore")  # torch has deprecated all of its own quantisation


@pytest.mark.parametrize("name", ["resnet18", "mobilenet_v2"])
def test_a_quantised_network_counts_as_the_one_in_full_precision(name):
    peer("torchvision.models.quantization")
    quantised = archcost.profile(f"torchvision:quantized_{name}?quantize=true")
    full = archcost.profile(f"torchvision:{name}")
    assert quantised.uncovered == {}
    assert quantised.totals.macs == full.totals.macs
    norms = sum(layer.params for layer in full.layers if layer.kind == "BatchNorm2d")
    biases = norms // 2  # a normalisation folded into a convolution leaves a bias
    assert quantised.totals.params == full.totals.params - norms + biases
    if name == "resnet18":
        assert quantised.totals.params == 11_684_712


def _pair(layer, x):
    quantised = quantize_dynamic(nn.Sequential(layer), {type(layer)}, dtype=torch.qint8)
    return [archcost.profile(network, x, device="cpu") for network in (quantised, nn.Sequential(layer))]


@pytest.mark.parametrize(
    ("layer", "shape", "macs"),
    [
        (nn.Linear(4, 3), (5, 4), 5 * 4 * 3),
        (nn.LSTM(4, 3), (2, 5, 4), 10 * 4 * (4 * 3 + 3 * 3)),
        (nn.LSTM(4, 3, num_layers=2, bidirectional=True), (2, 5, 4), 10 * 2 * 4 * (12 + 9 + 18 + 9)),
        (nn.GRU(4, 3), (2, 5, 4), 10 * 3 * (12 + 9)),
        (nn.LSTMCell(4, 3), (5, 4), 5 * 4 * (12 + 9)),
        (nn.GRUCell(4, 3), (5, 4), 5 * 3 * (12 + 9)),
        (nn.RNNCell(4, 3), (5, 4), 5 * (12 + 9)),
    ],
)
def test_a_layer_that_is_quantised_while_it_runs(layer, shape, macs):
    report, full = _pair(layer, torch.ones(shape))
    assert report.totals.macs == full.totals.macs == macs
    assert report.totals.params == full.totals.params
    assert report.uncovered == {}
    assert report.uncalled == ()
    assert [row.name for row in report.layers] == ["input", "0"]
    weights = sum(p.numel() for p in layer.parameters() if p.dim() > 1)
    biases = sum(p.numel() for p in layer.parameters() if p.dim() == 1)
    assert report.totals.param_bytes == weights + 4 * biases
    assert report.totals.depth == full.totals.depth


class Joined(nn.Module):
    def __init__(self):
        super().__init__()
        self.ops = torch.ao.nn.quantized.QFunctional()
        self.pool = nn.MaxPool2d(2)

    def forward(self, x):
        x = torch.quantize_per_tensor(x, 0.1, 0, torch.quint8)
        return torch.dequantize(self.pool(self.ops.cat([self.ops.add_relu(x, x), self.ops.mul(x, x)], dim=1)))


def test_sums_joins_and_pools_of_quantised_tensors():
    report = archcost.profile(Joined(), torch.ones(1, 2, 4, 4), device="cpu")
    assert report.uncovered == {}
    # quantise, sum, product, 4 comparisons for each of 16 windows, dequantise
    assert report.totals.other_ops == 2 * 32 + 32 + 32 + 4 * 16 + 2 * 16


@pytest.mark.parametrize("device", ["meta", "cpu"])
def test_fake_quantisation_has_rules(device):
    class Fake(nn.Module):
        def forward(self, x):
            x = torch.fake_quantize_per_tensor_affine(x, 0.1, 0, 0, 255)
            scales, zeros = torch.ones(4, device=x.device), torch.zeros(4, device=x.device, dtype=torch.int32)
            return torch.fake_quantize_per_channel_affine(x, scales, zeros, 1, 0, 255)

    report = archcost.profile(Fake(), torch.ones(2, 4), device=device)
    assert report.uncovered == {}
    assert report.totals.other_ops == 2 * 4 * 8


def test_training_aware_of_quantisation_has_rules():
    network = nn.Sequential(nn.Linear(4, 3), nn.ReLU()).train()
    network.qconfig = torch.ao.quantization.get_default_qat_qconfig("x86")
    prepared = torch.ao.quantization.prepare_qat(network)
    report = archcost.profile(prepared, torch.ones(2, 4), device="cpu", train="sgd")
    assert report.uncovered == {}
    assert report.totals.macs == 2 * 4 * 3


def test_a_class_of_ones_own_by_the_name_of_torchs_packs_is_a_layer():
    class LinearPackedParams(nn.Linear):
        pass

    report = archcost.profile(nn.Sequential(LinearPackedParams(4, 3)), torch.ones(2, 4))

    assert [(row.name, row.kind, row.macs) for row in report.layers[1:]] == [("0", "LinearPackedParams", 2 * 4 * 3)]
