"""The rows' sums are the totals, for every network."""

import pytest
from nets_sequence import ALL_NETS

import archcost
from archcost import metrics

pytestmark = pytest.mark.filterwarnings("ignore:LSTM with projections is not supported with oneDNN")
ZOO = ("lenet5", "alexnet_grouped", "vgg11", "googlenet", "resnet18", "densenet121", "inception_reduced")
SUMS = [name for name, metric in metrics.METRICS.items() if metric.scope == "both" and metric.sums]


def adds_up(report):
    for name in SUMS:
        values = [getattr(row, name) for row in report.layers]
        known = [value for value in values if value is not None]
        assert getattr(report.totals, name) == (sum(known) if known else None), name
    assert report.totals.layers == len(report.layers)
    counted = sum(costs.macs for costs in report.operators.values())
    assert report.totals.macs + (report.totals.backward_macs or 0) == counted


@pytest.mark.parametrize("net", ALL_NETS, ids=lambda net: net.__name__)
@pytest.mark.parametrize("device", ["meta", "cpu"])
def test_rows_add_up(net, device):
    network = net()
    adds_up(archcost.profile(network, network.arguments(), device=device, mode=net.mode))


@pytest.mark.parametrize("name", ZOO)
@pytest.mark.parametrize("train", [None, "sgd"], ids=["forward", "backward"])
def test_rows_of_the_zoo_add_up(name, train):
    adds_up(archcost.profile(name, train=train))
