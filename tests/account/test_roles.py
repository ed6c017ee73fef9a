"""A row's role follows from the operators that ran in it."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.nn import functional

import archcost
from archcost.charts.layers import _find_group
from archcost.errors import RuleError

IMAGE, TOKENS = (1, 6, 8, 8), (1, 5, 6)


class Pool(nn.Conv2d):
    pass


class Conv(nn.Linear):
    def forward(self, x):
        return functional.linear(x, functional.normalize(self.weight)).relu()


class Linear(nn.Module):
    """Batch normalisation by stored statistics."""

    def __init__(self):
        super().__init__()
        self.register_buffer("mean", torch.zeros(6, 1, 1))
        self.register_buffer("variance", torch.ones(6, 1, 1))

    def forward(self, x):
        return (x - self.mean) * torch.rsqrt(self.variance + 1e-5)


class Attending(nn.Module):
    """Attention within one module."""

    def __init__(self):
        super().__init__()
        self.project = nn.Parameter(torch.ones(6, 6))

    def forward(self, x):
        keys = x @ self.project
        return (keys @ x.transpose(1, 2)).softmax(-1) @ keys


class Classifier(nn.Linear):
    """A softmax after the last product is not attention."""

    def forward(self, x):
        return super().forward(x).softmax(-1)


class Gate(nn.Module):
    """Multiplies by a statistic, which normalises nothing."""

    def forward(self, x):
        return x * x.mean((2, 3), keepdim=True).sigmoid()


class Lookup(nn.Embedding):
    def forward(self, x):
        return super().forward(x.long()[..., 0])


class Residual(nn.Module):
    def forward(self, x):
        return x + x * 2


class Moved(nn.Module):
    def forward(self, x):
        return x.permute(0, 2, 1).contiguous()


ROLES = [
    (Pool(6, 4, 3), IMAGE, "convolution", "convolution"),
    (nn.ConvTranspose1d(6, 4, 3), IMAGE[:3], "convolution", "convolution"),
    (Conv(6, 4), TOKENS, "linear", "linear"),
    (Linear(), IMAGE, "normalisation", "other"),
    (nn.LocalResponseNorm(3), IMAGE, "normalisation", "other"),
    (nn.BatchNorm2d(6), IMAGE, "normalisation", "other"),
    (Attending(), TOKENS, "attention", "other"),
    (Classifier(6, 4), TOKENS, "linear", "linear"),
    (Gate(), IMAGE, "pooling", "pooling"),
    (nn.AdaptiveAvgPool2d(1), IMAGE, "pooling", "pooling"),
    (nn.MaxPool2d(2), IMAGE, "pooling", "pooling"),
    (nn.GELU(), TOKENS, "activation", "other"),
    (nn.ReLU6(), TOKENS, "activation", "other"),
    (nn.LSTM(6, 4, batch_first=True), TOKENS, "recurrent", "other"),
    (Lookup(9, 4), TOKENS, "embedding", "other"),
    (Residual(), TOKENS, "elementwise", "other"),
    (Moved(), TOKENS, "movement", "other"),
    (nn.Upsample(scale_factor=2, mode="bilinear"), IMAGE, "other", "other"),
    (nn.Dropout(), TOKENS, "other", "other"),
]


@pytest.mark.parametrize("device", ["cpu", "meta"])
@pytest.mark.parametrize(("network", "shape", "role", "group"), ROLES, ids=lambda it: type(it).__name__)
def test_the_role_of_a_row(network, shape, role, group, device):
    row = archcost.profile(nn.Sequential(network), torch.ones(shape), device=device).layers[1]

    assert (row.role, _find_group(row)) == (role, group)
    assert row.transposed == (isinstance(network, nn.ConvTranspose1d) if row.kernel else None)


def test_a_module_that_is_named_input_is_a_row_like_any_other():
    class Input(nn.Linear):
        pass

    rows = archcost.profile(nn.Sequential(Input(6, 4)), torch.ones(TOKENS)).layers
    assert [row.is_input for row in rows] == [True, False]


def test_a_rule_states_the_role_of_its_operators():
    with pytest.raises(
        RuleError, match=r"mylib\.strange cannot have the role 'conv'; the roles are recurrent, attention"
    ):
        archcost.rule("mylib::strange", role="conv")(lambda call: archcost.Work(macs=call.inputs[0].elements))


def test_a_report_tells_the_roles():
    report = archcost.profile(nn.Sequential(nn.Conv2d(6, 4, 3)), torch.ones(IMAGE))

    assert '"role": "convolution"' in report.to_json()
    assert archcost.Report.from_json(report.to_json()) == report
