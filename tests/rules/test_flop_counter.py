"""torch's own counter gives twice our multiply-adds wherever it is right."""

import pytest
import torch
from counting import report
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from archcost import zoo

NETS = {
    "convolutions": (lambda: nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU(), nn.Conv2d(8, 8, 3, groups=4)), (1, 3, 9, 9)),
    "dilated, strided": (lambda: nn.Conv2d(3, 8, 3, stride=2, dilation=2, padding=2), (2, 3, 16, 16)),
    "transposed": (lambda: nn.ConvTranspose2d(3, 8, 3, stride=2), (1, 3, 9, 9)),
    "volumes": (lambda: nn.Conv3d(2, 4, 3), (1, 2, 5, 5, 5)),
    "signals": (lambda: nn.Conv1d(2, 4, 3), (1, 2, 9)),
    "perceptron": (lambda: nn.Sequential(nn.Linear(8, 16), nn.GELU(), nn.Linear(16, 4)), (3, 8)),
    "encoder": (lambda: nn.TransformerEncoderLayer(8, 2, 16, batch_first=True), (2, 5, 8)),
    "recurrent": (lambda: nn.LSTM(4, 5, bidirectional=True), (7, 3, 4)),
    "googlenet": (lambda: zoo.build(zoo.REGISTRY.find("googlenet")), (1, 3, 224, 224)),
    "resnet18": (lambda: zoo.build(zoo.REGISTRY.find("resnet18")), (1, 3, 224, 224)),
}


@pytest.mark.parametrize("name", NETS)
def test_forward(name):
    build, shape = NETS[name]
    with torch.device("meta"):
        network = build().eval()
    with FlopCounterMode(display=False) as counter, torch.no_grad(), torch.device("meta"):
        network(torch.empty(shape))
    assert counter.get_total_flops() == 2 * report(network, torch.ones(shape)).totals.macs


@pytest.mark.parametrize("name", ["dilated, strided", "transposed", "volumes", "signals", "perceptron"])
def test_backward_without_groups(name):
    build, shape = NETS[name]
    with torch.device("meta"):
        network = build()
    with FlopCounterMode(display=False) as counter, torch.device("meta"):
        network(torch.empty(shape)).sum().backward()
    totals = report(network, torch.ones(shape), train="sgd").totals
    assert counter.get_total_flops() == 2 * (totals.macs + totals.backward_macs)
