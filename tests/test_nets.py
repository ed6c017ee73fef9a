"""Every awkward network has its expected figures, on the meta device and on the CPU."""

import pytest
from nets_sequence import ALL_NETS

import archcost

pytestmark = pytest.mark.filterwarnings("ignore:LSTM with projections is not supported with oneDNN")
each_net = pytest.mark.parametrize("net", ALL_NETS, ids=lambda net: net.__name__)
each_device = pytest.mark.parametrize("device", ["meta", "cpu"])


def report_of(net, device):
    network = net()
    return archcost.profile(network, network.arguments(), device=device, mode=net.mode)


@each_net
@each_device
def test_totals_are_those_written_out(net, device):
    report = report_of(net, device)
    totals = report.totals
    assert net.params == totals.params
    assert net.macs == totals.macs
    assert net.depth == totals.depth
    assert net.receptive_field == totals.receptive_field
    if device == "meta" or net.__name__ != "Encoder":  # on the CPU the dropouts are part of one fused operator
        assert net.uncalled == report.uncalled
    assert report.uncovered == {}


@pytest.mark.parametrize("net", [net for net in ALL_NETS if net.rows is not None], ids=lambda net: net.__name__)
@each_device
def test_rows_are_those_written_out(net, device):
    report = report_of(net, device)
    assert list(net.rows) == [(row.name, row.macs, row.activation_elements) for row in report.layers]
    assert net.activation_elements == report.totals.activation_elements


@each_net
def test_parameters_and_buffers_are_those_that_torch_lists(net):
    network, report = net(), report_of(net, "meta")
    parameters = list(network.parameters())
    assert sum(p.numel() for p in parameters) == report.totals.params
    assert sum(p.numel() for p in parameters if p.requires_grad) == report.totals.trainable_params
    assert sum(p.numel() * p.element_size() for p in parameters) == report.totals.param_bytes
    assert sum(b.numel() for b in network.buffers()) == report.totals.buffers


@pytest.mark.parametrize("net", [net for net in ALL_NETS if hasattr(net, "other_ops")], ids=lambda net: net.__name__)
@each_device
def test_gates_cost_the_same_fused_and_step_by_step(net, device):
    assert net.other_ops == report_of(net, device).totals.other_ops


def test_two_calls_of_one_module_are_two_rows_and_the_first_has_the_parameters():
    net = next(net for net in ALL_NETS if net.__name__ == "CalledTwice")
    rows = [(row.name, row.call, row.params, row.depth) for row in report_of(net, "meta").layers]
    assert rows == [("input", 0, 0, 0), ("a", 0, 4 * 4 + 4, 1), ("a", 1, 0, 2)]


def test_a_module_that_never_ran_has_no_call():
    net = next(net for net in ALL_NETS if net.__name__ == "Unused")
    row = report_of(net, "meta").layers[-1]
    assert (row.name, row.call, row.params) == ("auxiliary", None, 4 * 5 + 5)


def test_half_the_bytes_in_bfloat16():
    net = next(net for net in ALL_NETS if net.__name__ == "Bfloat16")
    totals = report_of(net, "meta").totals
    assert totals.param_bytes == 2 * net.params
    assert totals.activation_bytes == 2 * net.activation_elements
