"""Recurrent layers on the meta device cost what they cost on the CPU, row by row and byte by byte."""

import pytest
import torch
from torch import nn

import archcost


class Net(nn.Module):
    def __init__(self, kind, **options):
        super().__init__()
        self.layer = kind(100, 64, **options)

    def forward(self, x):
        return self.layer(x)[0]


OPTIONS = (
    {},
    {"batch_first": True},
    {"num_layers": 2, "bidirectional": True},
    {"num_layers": 2, "dropout": 0.5},
    {"bias": False},
)
CASES = [(kind, options) for kind in (nn.LSTM, nn.RNN) for options in OPTIONS]
# of several GRU layers in eval mode the CPU holds one output less
CASES += [(nn.GRU, options) for options in OPTIONS if "dropout" not in options]


@pytest.mark.parametrize(("kind", "options"), CASES)
@pytest.mark.parametrize("train", [None, "sgd"])
def test_meta_is_the_cpu(kind, options, train):
    meta, cpu = (
        archcost.profile(Net(kind, **options), torch.ones(20, 3, 100), device=device, train=train, loss="sum")
        for device in ("meta", "cpu")
    )
    assert meta.layers == cpu.layers
    assert meta.totals == cpu.totals
    assert meta.warnings == cpu.warnings == ()


@pytest.mark.parametrize("device", ["meta", "cpu"])
def test_a_sequence_without_a_batch_and_a_given_state(device):
    class Given(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = nn.LSTM(4, 3)

        def forward(self, x, hidden, cells):
            return self.layer(x, (hidden, cells))[0]

    report = archcost.profile(Given(), (torch.ones(5, 4), torch.ones(1, 3), torch.ones(1, 3)), device=device)
    assert report.totals.macs == 5 * 4 * (3 * 4 + 3 * 3)
    assert report.layers[-1].operators.count("aten.mkldnn_rnn_layer") == 1


@pytest.mark.parametrize(
    ("steps", "batch", "width", "hidden"),
    [(3, 2, 4, 5), (30, 2, 4, 5), (10, 8, 32, 64), (20, 8, 64, 32), (7, 3, 100, 100), (5, 4, 300, 512)],
)
def test_what_the_cpus_kernel_keeps_is_known(steps, batch, width, hidden):
    """Its workspace, which follows from the sizes alone, is most of what a fused LSTM saves."""

    class Sized(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = nn.LSTM(width, hidden)

        def forward(self, x):
            return self.layer(x)[0]

    saved = [
        archcost.profile(Sized(), torch.ones(steps, batch, width), device=device, train="sgd").totals.saved_bytes
        for device in ("meta", "cpu")
    ]
    assert saved[0] == saved[1] > 0
