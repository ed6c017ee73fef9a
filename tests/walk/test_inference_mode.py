"""Under inference_mode torch passes whole functions to the walk; the operators must still equal those under no_grad."""

import contextlib
import warnings

import pytest
import torch
from torch import nn
from torch.nn import functional

import archcost
from archcost.walk.meta import MetaDevice
from archcost.walk.recorder import Recorder
from archcost.walk.tensors import map_tensors

DEVICES = ("meta", "cpu")


class Dropped(nn.Module):
    """A dropout that keeps everything in eval mode, and returns the very same tensor."""

    def __init__(self):
        super().__init__()
        self.first, self.drop, self.second = nn.Linear(4, 3), nn.Dropout(), nn.Linear(3, 2)

    def forward(self, x):
        return self.second(self.drop(self.first(x)))


class Resized(nn.Module):
    def forward(self, x):
        return functional.interpolate(x[None, None], scale_factor=2.0, mode="bilinear")


class Recurrent(nn.Module):
    """A composite operator, not cast itself, whose inner operators autocast casts."""

    def __init__(self):
        super().__init__()
        self.gru = nn.GRU(4, 3)

    def forward(self, x):
        return self.gru(x)[0]


class Spectrum(nn.Module):
    """A real spectrum's inverse: its conjugate is written out before the transform reads it."""

    def forward(self, x):
        return torch.fft.hfft(x.to(torch.complex64))


class Turned(nn.Module):
    """A linear layer with a non-contiguous input: torch copies it if the weight learns.

    In inference mode torch no longer sees that the transposed weight learns, and multiplies it for each row.
    """

    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(4, 3)

    def forward(self, x):
        return self.linear(x.expand(3, 2, 4).transpose(0, 1))


class Attending(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.TransformerEncoderLayer(4, 2, 8, batch_first=True)

    def forward(self, x):
        return self.layer(x.expand(3, 2, 4))


def decorated(kind):
    class Decorated(kind):
        @torch.inference_mode()
        def forward(self, x):
            return super().forward(x)

    Decorated.__name__ = kind.__name__
    return Decorated()


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("kind", [Dropped, Resized, Recurrent, Spectrum, Turned, Attending])
def test_a_forward_under_inference_mode_counts_as_without(kind, device):
    x = torch.ones(2, 4)
    plain = archcost.profile(kind(), x, device=device)
    within = archcost.profile(decorated(kind), x, device=device)
    network = kind()
    with torch.inference_mode():
        around = archcost.profile(network, x, device=device)
    assert within.layers == around.layers == plain.layers
    assert within.totals == around.totals == plain.totals


class Counting(nn.Module):
    """Writes into its buffer, into a tensor of another attribute, and into its weight."""

    def __init__(self):
        super().__init__()
        self.weight, self.seen = nn.Parameter(torch.ones(4)), [torch.zeros(4)]
        self.register_buffer("calls", torch.zeros(()))

    def forward(self, x):
        self.calls += 1
        self.seen[0] += x.sum(0)
        self.weight.data.mul_(2)
        return x * self.weight + self.calls


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("kind", [Dropped, Resized, Recurrent, Spectrum, Turned, Attending, Counting])
def test_a_network_built_in_inference_mode_counts_like_any_other(kind, device):
    plain = archcost.profile(kind(), torch.ones(2, 4), device=device)
    with torch.inference_mode():
        network, x = kind(), torch.ones(2, 4)
    built = archcost.profile(network, x, device=device)
    assert built.layers == plain.layers
    assert built.totals == plain.totals


def test_a_network_built_in_inference_mode_is_left_as_found():
    with torch.inference_mode():
        network = Counting()
    before = network.weight, network.calls, network.seen[0]
    archcost.profile(network, torch.ones(2, 4), device="cpu")
    assert all(now is then for now, then in zip((network.weight, network.calls, network.seen[0]), before, strict=True))
    assert (network.weight.tolist(), network.calls.item(), network.seen[0].tolist()) == ([1] * 4, 0, [0] * 4)


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("kind", [Dropped, Resized, Recurrent])
def test_mixed_precision_casts_the_parts_of_a_function_too(kind, device):
    x = torch.ones(2, 4)
    plain = archcost.profile(kind(), x, device=device, amp="cpu:bf16")
    within = archcost.profile(decorated(kind), x, device=device, amp="cpu:bf16")
    assert [layer.output_bytes for layer in within.layers] == [layer.output_bytes for layer in plain.layers]


@pytest.mark.parametrize("device", DEVICES)
def test_mixed_precision_keeps_no_casts_of_weights_in_inference_mode(device):
    """The peak is the first product: weights and input in full; input, weight, bias and result in half precision."""
    report = archcost.profile(decorated(Dropped), torch.ones(2, 4), device=device, amp="cpu:bf16")
    weights, given, halves = 4 * (12 + 3 + 6 + 2), 4 * 8, 2 * (8 + 12 + 3 + 6)
    assert report.totals.peak_inference_bytes == weights + given + halves


@pytest.mark.parametrize("device", DEVICES)
def test_dropout_in_eval_mode_takes_no_memory(device):
    report = archcost.profile(decorated(Dropped), torch.ones(2, 4), device=device)
    assert report.totals.activation_elements == 2 * 4 + 2 * 3 + 2 * 2


@pytest.mark.parametrize("device", DEVICES)
def test_vgg16_within_inference_mode_is_the_lectures(device):
    with torch.inference_mode():
        assert archcost.profile("vgg16", device=device).totals.activation_elements == 15_237_608


@pytest.mark.extras
def test_every_operator_of_torchs_own_tests_is_the_same_both_ways():
    pytest.importorskip("expecttest")  # torch's tests need it
    from torch.testing._internal.common_methods_invocations import op_db

    differing, calls = [], 0
    for info in op_db:
        sample = _sample(info)
        for device in DEVICES if sample is not None else ():
            with contextlib.suppress(Exception):  # some need values, which the meta device lacks
                expected = _operators(info.op, sample, device, torch.no_grad)
                calls += 1
                if _operators(info.op, sample, device, torch.inference_mode) != expected:
                    differing.append((info.name, device))
    assert calls > 1000
    assert differing == []


def _sample(info):
    if torch.float32 not in info.dtypes:
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return next(iter(info.sample_inputs("cpu", torch.float32)), None)


def _operators(function, sample, device, context):
    move = lambda value: map_tensors(lambda tensor: tensor.detach().to(device), value)  # noqa: E731
    arguments = [move(value) for value in (sample.input, sample.args, sample.kwargs)]
    recorder = Recorder()
    where = MetaDevice() if device == "meta" else torch.device("cpu")
    with warnings.catch_warnings(), context(), where, recorder:
        warnings.simplefilter("ignore")
        torch.manual_seed(0)
        function(arguments[0], *arguments[1], **arguments[2])
    return [(op.op, [(spec.shape, spec.dtype) for spec in op.outputs]) for op in recorder.ops]
