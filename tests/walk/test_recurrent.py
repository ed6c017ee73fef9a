"""Recurrent layers cost the same on the meta device and the CPU, row by row and byte by byte."""

import pytest
import torch
from torch import nn

import archcost


class Net(nn.Module):
    def __init__(self, kind, **options):
        super().__init__()
        self.layer = kind(10, 6, **options)

    def forward(self, x):
        return self.layer(x)[0]


OPTIONS = (
    {},
    {"batch_first": True},
    {"num_layers": 2, "bidirectional": True},
    {"num_layers": 2, "dropout": 0.5},
    {"bias": False},
)
PROJECTED = (
    {"proj_size": 3, "batch_first": True},
    {"proj_size": 3, "num_layers": 2, "bidirectional": True, "bias": False},
)
CASES = [(kind, options) for kind in (nn.LSTM, nn.RNN, nn.GRU) for options in OPTIONS]
CASES += [(nn.LSTM, options) for options in PROJECTED]
pytestmark = pytest.mark.filterwarnings("ignore:LSTM with projections")


def check_both_devices(make, x, **asked):
    meta, cpu = (archcost.profile(make(), x, device=device, loss="sum", **asked) for device in ("meta", "cpu"))
    assert meta.layers == cpu.layers
    assert meta.totals == cpu.totals
    assert meta.warnings == cpu.warnings == ()


@pytest.mark.parametrize(("kind", "options"), CASES)
@pytest.mark.parametrize("train", [None, "sgd"])
def test_meta_is_the_cpu(kind, options, train):
    check_both_devices(lambda: Net(kind, **options), torch.ones(4, 3, 10), train=train)


class Packing(nn.Module):
    """Three sequences: one ends after step 2, one after step 4."""

    def __init__(self, kind, **options):
        super().__init__()
        self.layer = kind(5, 4, **options)

    def forward(self, x):
        packed = nn.utils.rnn.pack_padded_sequence(x, torch.tensor([5, 4, 2], device="cpu"))
        return self.layer(packed)[0].data


@pytest.mark.parametrize(("kind", "options"), [case for case in CASES if "batch_first" not in case[1]])
@pytest.mark.parametrize("train", [None, "sgd"])
def test_a_packed_sequence_on_meta_is_that_of_the_cpu(kind, options, train):
    check_both_devices(lambda: Packing(kind, **options), torch.ones(5, 3, 5), train=train)


def test_a_packed_sequence_multiplies_what_is_in_it():
    report = archcost.profile(Packing(nn.GRU), torch.ones(5, 3, 5))
    assert report.totals.macs == (5 + 4 + 2) * 3 * 4 * (5 + 4)


halves = pytest.mark.skipif(
    not torch.ops.mkldnn._is_mkldnn_bf16_supported(), reason="this CPU does not compute in bfloat16"
)


@halves
@pytest.mark.parametrize("kind", [nn.LSTM, nn.GRU])
@pytest.mark.parametrize("train", [None, "sgd"])
def test_mixed_precision_is_that_of_the_cpu(kind, train):
    """On the CPU the fused layer and its workspace are in half precision, its gradients are not."""
    options = {"num_layers": 2, "bidirectional": True}
    check_both_devices(lambda: Net(kind, **options), torch.ones(4, 3, 10), train=train, amp="cpu:bf16")


@pytest.mark.parametrize("dtype", [pytest.param(torch.bfloat16, marks=halves), torch.float64])
@pytest.mark.parametrize("train", [None, "sgd"])
def test_other_precisions_are_those_of_the_cpu(dtype, train):
    check_both_devices(lambda: Net(nn.LSTM).to(dtype), torch.ones(4, 3, 10, dtype=dtype), train=train)


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
    """Its workspace, which depends only on the sizes, is the largest part of a fused LSTM's saved bytes."""

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
