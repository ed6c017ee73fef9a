"""fvcore's count, its refusals, and the removal of its leftovers."""

import logging

import pytest
import torch
from torch import nn

from archcost.verify.fvcore_count import count_with_fvcore


class Masked(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = nn.Linear(4, 2)

    def forward(self, x, mask=None):
        return self.a(x if mask is None else x * mask)


class OnlyByName(Masked):
    def forward(self, x, *, mask):
        return super().forward(x, mask)


class Vector(nn.Module):
    """Valid in Python, but fvcore's handle for matmul accepts only matrices."""

    def forward(self, x):
        return x @ torch.ones(4)


class RaisesUnderATrace(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = nn.Linear(4, 2)

    def forward(self, x):
        if torch.jit.is_tracing():
            raise RuntimeError("not under a trace")
        return self.a(x)


def hooks(network):
    return sum(len(each._forward_hooks) + len(each._forward_pre_hooks) for each in network.modules())


def test_counts_by_operator_and_what_has_no_handle():
    found = count_with_fvcore(nn.Sequential(nn.Conv1d(2, 3, 3), nn.Sigmoid()), (torch.ones(1, 2, 5),), {})
    assert found.by_operator == {"convolution": 3 * 2 * 3 * 3}
    assert found.skipped == {"sigmoid": 1}
    assert found.failure is None


def test_keyword_arguments_are_given_in_their_places():
    image = torch.ones(3, 4)
    assert count_with_fvcore(Masked(), (image,), {"mask": image}).by_operator == {"linear": 3 * 4 * 2}


def test_an_argument_that_has_no_place():
    image = torch.ones(3, 4)
    found = count_with_fvcore(OnlyByName(), (image,), {"mask": image})
    assert found.failure == "TypeError: fvcore takes positional arguments only, and mask cannot be given so"


def test_a_handle_that_fails():
    assert count_with_fvcore(Vector(), (torch.ones(3, 4),), {}).failure == "IndexError: list index out of range"


@pytest.mark.parametrize("network", [RaisesUnderATrace(), nn.Sequential(nn.BatchNorm1d(4), nn.Dropout())])
def test_nothing_is_left_behind(network, caplog, capfd):
    network.train()
    state = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    with caplog.at_level(logging.DEBUG, logger="fvcore"):
        count_with_fvcore(network, (torch.ones(3, 4),), {})
    assert hooks(network) == 0
    assert all(module.training for module in network.modules())
    assert all(torch.equal(state[name], tensor) for name, tensor in network.state_dict().items())
    assert caplog.text == ""
    assert capfd.readouterr() == ("", "")
