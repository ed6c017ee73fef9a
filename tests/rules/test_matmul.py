"""Matrix products of every shape agree with a loop over every multiplication."""

import pytest
import torch
from counting import macs, multiply, report
from hypothesis import given, settings, strategies as st
from strategies import sizes
from torch import nn


@given(sizes, sizes, sizes)
@settings(max_examples=30, deadline=None)
def test_mm_counts_what_a_loop_multiplies(n, m, p):
    left, right = torch.randint(-3, 4, (n, m)).double(), torch.randint(-3, 4, (m, p)).double()
    values, multiplications = multiply(left.tolist(), right.tolist())
    assert values == (left @ right).tolist()
    assert multiplications == macs(torch.mm, left, right)


@given(st.lists(sizes, max_size=2), sizes, sizes, sizes)
@settings(max_examples=30, deadline=None)
def test_matmul_of_every_rank_sums_m_products_for_each_element(batch, n, m, p):
    matrix, vector = torch.ones(m, p), torch.ones(m)
    for left in (torch.ones(m), torch.ones(*batch, n, m)):
        for right in (vector, matrix, torch.ones(*batch, m, p)):
            assert macs(torch.matmul, left, right) == m * torch.matmul(left, right).numel()


@pytest.mark.parametrize(
    ("equation", "shapes", "expected"),
    [
        ("ij,jk->ik", ((2, 3), (3, 4)), 2 * 3 * 4),
        ("bij,bjk->bik", ((5, 2, 3), (5, 3, 4)), 5 * 2 * 3 * 4),
        ("bhid,bhjd->bhij", ((2, 3, 4, 5), (2, 3, 6, 5)), 2 * 3 * 4 * 6 * 5),
        ("i,i->", ((7,), (7,)), 7),
        ("ij,j->i", ((2, 3), (3,)), 2 * 3),
        ("ij,kj->ik", ((2, 3), (4, 3)), 2 * 3 * 4),
        ("bnc,ncd->bnd", ((2, 3, 4), (3, 4, 5)), 2 * 3 * 4 * 5),
        ("ij,jk,kl->il", ((2, 3), (3, 4), (4, 5)), 2 * 3 * 4 + 2 * 4 * 5),  # from left to right
    ],
)
@pytest.mark.parametrize("device", ["meta", "cpu"])
def test_einsum(equation, shapes, expected, device):
    assert macs(lambda *tensors: torch.einsum(equation, *tensors), *map(torch.ones, shapes), device=device) == expected


@pytest.mark.parametrize(
    ("function", "shapes", "expected"),
    [
        (torch.bmm, ((2, 3, 4), (2, 4, 5)), 2 * 3 * 4 * 5),
        (torch.addmm, ((3, 5), (3, 4), (4, 5)), 3 * 4 * 5),
        (torch.baddbmm, ((2, 3, 5), (2, 3, 4), (2, 4, 5)), 2 * 3 * 4 * 5),
        (torch.addbmm, ((3, 5), (2, 3, 4), (2, 4, 5)), 2 * 3 * 4 * 5),
        (torch.mv, ((3, 4), (4,)), 3 * 4),
        (torch.addmv, ((3,), (3, 4), (4,)), 3 * 4),
        (torch.dot, ((4,), (4,)), 4),
        (torch.addr, ((3, 4), (3,), (4,)), 3 * 4),
        (lambda a, b: torch.tensordot(a, b, 2), ((2, 3, 4), (3, 4, 5)), 2 * (3 * 4) * 5),
        (lambda a, b: torch.linalg.multi_dot([a, b, b]), ((2, 3), (3, 3)), 2 * 3 * 3 + 2 * 3 * 3),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
@pytest.mark.parametrize("device", ["meta", "cpu"])
def test_products(function, shapes, expected, device):
    assert macs(function, *map(torch.ones, shapes), device=device) == expected


@pytest.mark.parametrize("batch", [(), (2,), (2, 3), (2, 3, 4)])
def test_a_linear_layer_multiplies_its_weight_with_every_row(batch):
    rows = 1
    for size in batch:
        rows *= size
    assert macs(nn.Linear(5, 7), torch.ones(*batch, 5)) == rows * 5 * 7
    assert macs(nn.Linear(5, 7, bias=False), torch.ones(*batch, 5)) == rows * 5 * 7


@pytest.mark.parametrize("device", ["meta", "cpu"])
def test_a_bilinear_layer_multiplies_every_combination(device):
    assert macs(nn.Bilinear(3, 4, 5), torch.ones(2, 3), torch.ones(2, 4), device=device) == 2 * 3 * 4 * 5


@given(st.lists(sizes, min_size=1, max_size=3), sizes, sizes)
@settings(max_examples=20, deadline=None)
def test_forward_and_backward_of_a_linear_layer_are_three_times_forward(batch, before, after):
    totals = report(nn.Linear(before, after), torch.ones(*batch, before, requires_grad=True), train="sgd").totals
    assert totals.macs + totals.backward_macs == 3 * totals.macs


@pytest.mark.parametrize("device", ["meta", "cpu"])
def test_the_first_layer_has_no_input_gradient(device):
    rows = report(nn.Sequential(nn.Linear(3, 4), nn.Linear(4, 5)), torch.ones(2, 3), device=device, train="sgd").layers
    assert [row.backward_macs for row in rows] == [0, 2 * 3 * 4, 2 * (2 * 4 * 5)]


@pytest.mark.parametrize("device", ["meta", "cpu"])
@pytest.mark.parametrize("function", [torch.mm, torch.matmul], ids=["mm", "matmul"])
def test_a_complex_product_is_four(function, device):
    left, right = torch.ones(2, 3, dtype=torch.complex64), torch.ones(3, 4, dtype=torch.complex64)
    assert macs(function, left, right, device=device) == 4 * (2 * 3 * 4)


def test_a_weight_normalised_layer_squares_adds_and_scales_its_weight():
    totals = report(nn.utils.parametrizations.weight_norm(nn.Linear(4, 3)), torch.ones(2, 4)).totals
    assert (totals.macs, totals.other_ops) == (2 * 4 * 3, 3 * (4 * 3))


@pytest.mark.filterwarnings("ignore")  # torch.ao.quantization gives several deprecation warnings
def test_a_quantised_layer_counts_as_its_plain_one():
    network = torch.ao.quantization.quantize_dynamic(nn.Sequential(nn.Linear(4, 3)))
    assert macs(network, torch.ones(2, 4), device="cpu") == 2 * 4 * 3
