"""Depth is the most weighted layers on any path; parallel branches count once, recurrence and copies not at all."""

import pytest
import torch
from counting import report
from torch import nn


class Graph(nn.Module):
    def __init__(self, function):
        super().__init__()
        self.function = function
        self.a, self.b, self.c = nn.Linear(4, 4), nn.Linear(4, 4), nn.Linear(4, 4)

    def forward(self, x):
        return self.function(self, x)


CASES = {
    "a path": (lambda n, x: n.c(n.b(n.a(x))), 3),
    "branches": (lambda n, x: n.c(n.a(x) + n.b(x)), 2),
    "a shortcut": (lambda n, x: n.b(n.a(x)) + x, 2),
    "an unequal pair": (lambda n, x: torch.cat([n.b(n.a(x)), n.c(x)]), 2),
    "one layer three times": (lambda n, x: n.a(n.a(n.a(x))), 3),
    "data times data": (lambda n, x: n.a(x) @ n.a(x).t(), 1),
    "a weight made from weights": (lambda n, x: x @ (n.a.weight @ n.b.weight), 1),
    "what is not returned": (lambda n, x: (n.c(n.b(x)), n.a(x))[1], 1),
    "scaling by a parameter": (lambda n, x: n.a(x) * n.b.bias, 1),
    "in place": (lambda n, x: n.b(n.a(x).mul_(2).add_(1)), 2),
    "through a part of a storage": (lambda n, x: n.b(torch.zeros_like(x).copy_(n.a(x))), 2),
    "no layer": (lambda n, x: x * 2, 0),
}


@pytest.mark.parametrize("device", ["meta", "cpu"])
@pytest.mark.parametrize("name", CASES)
def test_depth(name, device):
    function, expected = CASES[name]
    assert report(Graph(function), torch.ones(2, 4), device=device).totals.depth == expected


@pytest.mark.parametrize("layers", [1, 2, 3])
@pytest.mark.parametrize("device", ["meta", "cpu"])
@pytest.mark.parametrize("kind", [nn.LSTM, nn.GRU, nn.RNN])
def test_a_recurrent_network_is_as_deep_as_it_has_layers(kind, layers, device):
    found = report(kind(4, 5, layers, bidirectional=True), torch.ones(7, 3, 4), device=device)
    assert found.totals.depth == layers
