"""Compiled code is walked as eager code; attention's fast path, which depends on a mask's values, is off."""

import warnings

import pytest
import torch
from torch import nn

import archcost
from archcost.walk.eager import Eager

DEVICES = ("meta", "cpu")
MACS = 3 * 4 * 4 + 3 * 4 * 4 + 3 * 4 * 2
ROWS = ["input", "block.a", "block.relu", "block.b", "sigmoid", "mul", "c"]


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.a, self.b = nn.Linear(4, 4), nn.Linear(4, 4)

    def forward(self, x):
        return self.b(torch.relu(self.a(x)))


def swish(x):
    return x * torch.sigmoid(x)


class Net(nn.Module):
    """A block, an activation and a linear layer."""

    activation = staticmethod(swish)

    def __init__(self):
        super().__init__()
        self.block, self.c = Block(), nn.Linear(4, 2)

    def forward(self, x):
        return self.c(self.activation(self.block(x)))


def submodule():
    network = Net()
    network.block = torch.compile(network.block)
    return network


def function():
    network = Net()
    network.activation = torch.compile(swish)
    return network


def in_place():
    network = Net()
    network.block.compile()
    return network


def whole_in_place():
    network = Net()
    network.compile()
    return network


def in_the_forward():
    network = Net()
    network.activation = lambda x: torch.compile(swish, dynamic=False)(x)  # noqa: PLW0108 - not before it runs
    return network


def wrapped_twice():
    return torch.compile(submodule())


@pytest.fixture(autouse=True)
def _what_the_compiler_imports_is_not_our_business():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        torch.compile(swish)


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("train", [None, "sgd"])
@pytest.mark.parametrize("build", [submodule, function, in_place, whole_in_place, in_the_forward, wrapped_twice])
def test_what_is_compiled_is_walked_eagerly(build, device, train):
    network, x = build(), torch.ones(3, 4)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        report = archcost.profile(network, x, device=device, train=train)
    expected = archcost.profile(Net(), x, device=device, train=train)
    assert [layer.name for layer in report.layers] == ROWS
    assert report.totals == expected.totals
    assert report.totals.macs == MACS
    assert report.warnings == ()


def test_the_wrapper_is_where_it_was():
    network = submodule()
    wrapper, order = network.block, list(network._modules)
    for device in DEVICES:
        archcost.profile(network, torch.ones(3, 4), device=device)
    assert network.block is wrapper
    assert list(network._modules) == order


def test_the_switches_go_back_after_the_last_of_several_walks():
    before = torch.compile, torch.backends.mha.get_fastpath_enabled()
    first, second = Eager(), Eager()
    first.__enter__()
    second.__enter__()
    first.__exit__()
    assert not torch.backends.mha.get_fastpath_enabled()
    second.__exit__()
    assert (torch.compile, torch.backends.mha.get_fastpath_enabled()) == before
    assert torch._dynamo.eval_frame._stance.stance == "default"


# one layer for 3 sequences of 6 tokens of width 8: four projections, 16 hidden units, and attention to all 6
LAYER = 18 * (4 * 8 * 8 + 2 * 8 * 16) + 2 * 3 * 6 * 6 * 8


class Encoded(nn.Module):
    def __init__(self, *, named=True):
        super().__init__()
        layer = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)
        self.encoder, self.named = nn.TransformerEncoder(layer, 2), named

    def forward(self, x, mask):
        return self.encoder(x, src_key_padding_mask=mask) if self.named else self.encoder(x, None, mask)


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("named", [True, False])
def test_an_encoder_counts_padded_places_and_says_so(device, named):
    mask = torch.arange(6)[None] >= torch.tensor([6, 4, 2])[:, None]
    report = archcost.profile(Encoded(named=named), (torch.ones(3, 6, 8), mask), device=device)
    assert 2 * LAYER == 21_888
    assert report.totals.macs == 21_888
    assert any("padded places are counted" in warning for warning in report.warnings)


@pytest.mark.parametrize("device", DEVICES)
def test_an_encoder_without_a_mask_has_no_such_note(device):
    report = archcost.profile(Encoded(), (torch.ones(3, 6, 8), None), device=device)
    assert report.totals.macs == 21_888
    assert not any("padded" in warning for warning in report.warnings)


@pytest.mark.parametrize("device", DEVICES)
def test_attention_with_a_padding_mask_says_so(device):
    class Attention(nn.Module):
        def __init__(self):
            super().__init__()
            self.attention = nn.MultiheadAttention(8, 2, batch_first=True)

        def forward(self, x, mask):
            return self.attention(x, x, x, key_padding_mask=mask, need_weights=False)[0]

    report = archcost.profile(Attention(), (torch.ones(3, 6, 8), torch.zeros(3, 6, dtype=torch.bool)), device=device)
    assert report.totals.macs == 18 * 4 * 8 * 8 + 2 * 3 * 6 * 6 * 8
    assert any("padded places are counted" in warning for warning in report.warnings)
