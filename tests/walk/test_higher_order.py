"""Higher-order operators are counted by the functions that they run; an unknown one is listed, the rest is counted."""

import pytest
import torch
from torch import nn
from torch._higher_order_ops import associative_scan, scan, while_loop
from torch._higher_order_ops.map import map as map_rows
from torch._higher_order_ops.utils import autograd_not_implemented
from torch._ops import HigherOrderOperator
from torch.nn.attention.flex_attention import create_block_mask, flex_attention

import archcost
from archcost.errors import WalkError
from archcost.walk.higher_order import RUN

DEVICES = ("meta", "cpu")
pytestmark = pytest.mark.filterwarnings("ignore")  # torch's compiler, which they import, warns a lot
LAYER = 5 * 4 * 4  # a linear layer from 4 to 4, for 5 rows


class Net(nn.Module):
    def __init__(self, function):
        super().__init__()
        self.layer, self.other, self.function = nn.Linear(4, 4), nn.Linear(4, 2), function

    def forward(self, x):
        return self.function(self, x)


def branch(net, x):
    return torch.cond(x.sum() > 0, lambda y: net.other(net.layer(y)), net.other, (x,))


def other_branch(net, x):
    return torch.cond(x.sum() < 0, lambda y: net.other(net.layer(y)), net.other, (x,))


def three_times(net, x):
    start = torch.zeros((), dtype=torch.int64, device=x.device)
    return while_loop(lambda i, _: i < 3, lambda i, y: (i + 1, net.layer(y)), (start, x))[1]


def row_by_row(net, x):
    return scan(lambda carry, row: (net.layer(carry) + row, carry * 2), torch.zeros(4, device=x.device), x)


def mapped(net, x):
    return map_rows(net.layer, x)


def added_up(net, x):
    return associative_scan(lambda a, b: a + b, net.layer(x), 0, combine_mode="generic")


@pytest.mark.parametrize("device", ["auto", "cpu"])  # the meta device cannot know whether the loop continues
@pytest.mark.parametrize(
    ("function", "macs"), [(branch, LAYER + 5 * 4 * 2), (other_branch, 5 * 4 * 2), (three_times, 3 * LAYER)]
)
def test_what_is_taken_is_counted(function, macs, device):
    report = archcost.profile(Net(function), torch.ones(5, 4), device=device)
    assert report.totals.macs == macs
    assert report.uncovered == {}


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("function", [row_by_row, mapped, added_up])
def test_every_step_is_counted(function, device):
    report = archcost.profile(Net(function), torch.ones(5, 4), device=device)
    assert report.totals.macs == LAYER
    assert report.uncovered == {}


def test_a_scan_returns_what_is_carried_and_every_rows_results():
    rows = torch.arange(6.0).view(3, 2)

    def step(total, row, factor):
        return total + row, factor * row, None, total.sum()

    total, scaled, nothing, sums = RUN["scan"](step, (torch.zeros(2),), (rows,), (10,))
    assert total.tolist() == [0 + 2 + 4, 1 + 3 + 5]
    assert scaled.tolist() == [[0, 10], [20, 30], [40, 50]]
    assert nothing is None
    assert sums.tolist() == [0, 0 + 1, 0 + 1 + 2 + 3]


@pytest.mark.parametrize("name", ["cond", "while_loop", "scan", "map_impl"])
def test_what_a_release_says_by_keyword_changes_nothing(name):
    rows = torch.arange(6.0).view(3, 2)
    given = {
        "cond": (True, torch.neg, torch.abs, (rows,)),
        "while_loop": (lambda x: x.sum() < 100, lambda x: (x * 2,), (rows,), ()),
        "scan": (lambda total, row: (total + row, row), (torch.zeros(2),), (rows,), ()),
        "map_impl": (lambda row: row * 2, (rows,), ()),
    }[name]
    found, expected = RUN[name](*given, mutated_arg_indices=()), RUN[name](*given)
    assert [tensor.tolist() for tensor in found] == [tensor.tolist() for tensor in expected]


class Flexible(nn.Module):
    """Attends over two images of 16 positions and 2 heads, 8 wide."""

    def __init__(self, *, causal):
        super().__init__()
        self.layer, self.causal = nn.Linear(16, 16), causal

    def forward(self, x):
        heads = self.layer(x).unflatten(-1, (2, 8)).transpose(1, 2)
        if not self.causal:
            return flex_attention(heads, heads, heads)
        places = heads.shape[-2]
        mask = create_block_mask(lambda b, h, q, k: q >= k, None, None, places, places, device=str(x.device))
        return flex_attention(heads, heads, heads, block_mask=mask, score_mod=lambda score, b, h, q, k: score * 2)


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("causal", [False, True])
def test_flex_attention_is_counted_dense_and_says_so(device, causal):
    report = archcost.profile(Flexible(causal=causal), torch.ones(2, 16, 16), device=device)
    assert report.totals.macs == 2 * 16 * 16 * 16 + 2 * 2 * 16 * 16 * (8 + 8)
    assert report.uncovered == {}
    assert any("flex_attention is counted dense" in warning for warning in report.warnings)
    assert torch.nn.attention.flex_attention._validate_device.__module__.startswith("torch.")


@pytest.mark.parametrize("device", DEVICES)
def test_flex_attention_does_not_train_here(device):
    with pytest.raises(WalkError, match="flex_attention trains on a GPU only"):
        archcost.profile(Flexible(causal=False), torch.ones(2, 16, 16), device=device, train="sgd")


class Twice(HigherOrderOperator):
    """An operator without a rule."""

    def __init__(self):
        super().__init__("twice_for_a_test")

    def __call__(self, function, x):
        return super().__call__(function, x)


twice = Twice()
twice.py_autograd_impl(autograd_not_implemented(twice, deferred_error=True))


@twice.py_impl(torch._C.DispatchKey.CompositeExplicitAutograd)
def _twice(function, x):
    return function(function(x))


@pytest.mark.parametrize("device", DEVICES)
def test_an_unknown_one_is_listed_and_the_rest_stands(device):
    def forward(net, x):
        return net.other(twice(torch.relu, net.layer(x)))

    report = archcost.profile(Net(forward), torch.ones(5, 4), device=device)
    assert report.totals.macs == LAYER + 5 * 4 * 2
    assert report.uncovered == {"higher_order.twice_for_a_test": 1}
    assert any("twice_for_a_test" in warning for warning in report.warnings)
