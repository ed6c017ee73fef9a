"""The convolution rules agree with a loop over every multiplication, forward and backward."""

import pytest
import torch
from counting import convolve, macs, report
from hypothesis import given, settings, strategies as st
from strategies import CONVOLUTIONS, TRANSPOSED, convolutions
from torch import nn

GROUPS = (1, 2, 4, 8)


@given(convolutions())
@settings(max_examples=60, deadline=None)
def test_the_rule_counts_what_a_loop_multiplies(drawn):
    network, shape = drawn
    network = network.double()
    for parameter in network.parameters():
        parameter.data = torch.randint(-3, 4, parameter.shape).double()
    image = torch.randint(-3, 4, shape).double()
    with torch.no_grad():
        expected = network(image)
    values, multiplications = convolve(
        image,
        network.weight,
        stride=network.stride,
        padding=network.padding,
        dilation=network.dilation,
        groups=network.groups,
        transposed=network.transposed,
        sizes=expected.shape,
    )
    bias = [0] * expected.shape[1] if network.bias is None else network.bias.tolist()
    assert {place: value + bias[place[1]] for place, value in values.items()} == {
        place: expected[place].item() for place in values
    }
    assert multiplications == macs(network, image)


@pytest.mark.parametrize("kinds", [CONVOLUTIONS, TRANSPOSED], ids=["plain", "transposed"])
@pytest.mark.parametrize("axes", [1, 2, 3])
@pytest.mark.parametrize("groups", GROUPS)
def test_forward_and_backward_are_three_times_forward_for_every_group_count(kinds, axes, groups):
    network = kinds[axes](8, 16, 3, padding=1, groups=groups)
    totals = report(network, torch.ones(2, 8, *(5,) * axes, requires_grad=True), train="sgd").totals
    assert totals.macs == 2 * 5**axes * (8 * 16 // groups) * 3**axes
    assert totals.macs + totals.backward_macs == 3 * totals.macs


@pytest.mark.parametrize("kinds", [CONVOLUTIONS, TRANSPOSED], ids=["plain", "transposed"])
@pytest.mark.parametrize("device", ["meta", "cpu"])
@pytest.mark.parametrize("groups", GROUPS)
def test_the_first_layer_has_no_input_gradient(kinds, device, groups):
    network = nn.Sequential(kinds[2](8, 8, 3, groups=groups), kinds[2](8, 8, 3, groups=groups))
    rows = report(network, torch.ones(1, 8, 9, 9), device=device, train="sgd").layers[1:]
    assert [row.backward_macs for row in rows] == [1 * rows[0].macs, 2 * rows[1].macs]


def test_a_frozen_weight_has_no_weight_gradient():
    network = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Conv2d(4, 5, 3))
    network[1].requires_grad_(False)
    rows = report(network, torch.ones(1, 3, 9, 9), train="sgd").layers[1:]
    assert [row.backward_macs for row in rows] == [rows[0].macs, rows[1].macs]


@given(convolutions(), st.integers(2, 5))
@settings(max_examples=20, deadline=None)
def test_multiply_adds_grow_with_the_batch(drawn, factor):
    network, (batch, *shape) = drawn
    assert macs(network, torch.ones(factor * batch, *shape)) == factor * macs(network, torch.ones(batch, *shape))


@pytest.mark.parametrize("kinds", [CONVOLUTIONS, TRANSPOSED], ids=["plain", "transposed"])
@pytest.mark.parametrize("groups", GROUPS)
def test_groups_divide(kinds, groups):
    image = torch.ones(1, 8, 6, 6)
    assert groups * macs(kinds[2](8, 16, 3, groups=groups), image) == macs(kinds[2](8, 16, 3), image)


@given(convolutions(transposed=False, axes=2))
@settings(max_examples=20, deadline=None)
def test_the_transposed_convolution_back_costs_the_same(drawn):
    network, shape = drawn
    there = report(network, torch.ones(shape))
    back = nn.ConvTranspose2d(
        network.out_channels,
        network.in_channels,
        network.kernel_size,
        network.stride,
        network.padding,
        groups=network.groups,
        dilation=network.dilation,
    )
    assert macs(back, torch.ones(there.layers[-1].outputs[0])) == there.totals.macs


def test_a_bias_adds_nothing_and_same_padding_is_counted_as_padding():
    image = torch.ones(1, 3, 8, 8)
    assert macs(nn.Conv2d(3, 4, 3, padding=1), image) == 8 * 8 * 4 * 3 * 9
    assert macs(nn.Conv2d(3, 4, 3, padding="same", bias=False), image) == 8 * 8 * 4 * 3 * 9


def test_a_convolution_over_time():
    steps, weight = torch.ones(7, 2, 3), torch.ones(3, 3, 5)
    assert macs(lambda x, w: torch.conv_tbc(x, w, x.new_zeros(5)), steps, weight) == 5 * 2 * (3 * 3 * 5)


@pytest.mark.parametrize("device", ["meta", "cpu"])
def test_torch_takes_a_complex_convolution_apart_into_three_real_ones(device):
    """Gauss's trick: (a + bi)(c + di) from ac, bd and (a + b)(c + d); archcost counts what really runs."""
    network = nn.Conv2d(2, 3, 3, dtype=torch.complex64)
    assert macs(network, torch.ones(1, 2, 5, 5, dtype=torch.complex64), device=device) == 3 * (3 * 3 * 3 * 2 * 9)
