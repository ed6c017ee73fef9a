"""The walk on a real device compared with the walk on meta: equal and different counts."""

from dataclasses import replace

import torch
from torch import nn

from archcost.page.emit import emit
from archcost.page.target import Target
from archcost.profiling.feed import Feed
from archcost.profiling.profile import profile_network
from archcost.records import WalkPlan
from archcost.records.opinions import RowDifference
from archcost.render.opinions import build_document
from archcost.sources import wrap_module
from archcost.verify import collect_opinions
from archcost.verify.devices import compare_walks


class Differs(nn.Module):
    """Takes another path on a device with values: 4 x 3 more multiply-adds, and no sigmoid."""

    def __init__(self):
        super().__init__()
        self.first, self.second, self.gate = nn.Linear(4, 4), nn.Linear(4, 3), nn.Sigmoid()

    def forward(self, x):
        x = self.first(x)
        return self.gate(x) if x.is_meta else self.second(x)


FEED = Feed(args=(torch.ones(1, 4),))


def walks_of(module, device="cpu"):
    return collect_opinions(wrap_module(module), FEED, device=device)


def test_a_network_that_runs_alike_everywhere_has_no_differences():
    found = walks_of(nn.Sequential(nn.Linear(4, 4), nn.Dropout(), nn.BatchNorm1d(4))).walks

    assert (found.device, found.rows, found.differences, found.failure) == ("cpu", 4, (), None)


def test_every_row_that_differs_is_named_with_both_values():
    found = walks_of(Differs()).walks
    by_row = {(each.row, each.quantity): (each.meta, each.there) for each in found.differences}

    assert ("second", "row") in by_row
    assert ("gate", "row") in by_row
    assert not any(row == "first" for row, _ in by_row)


def test_a_device_that_nobody_named_is_not_compared():
    assert walks_of(nn.Linear(4, 4), "meta").walks is None
    assert walks_of(nn.Linear(4, 4), "auto").walks is None


def test_a_quantity_of_a_row_or_of_the_whole_that_differs_is_named():
    """As if the device had counted twelve multiply-adds instead of meta's sixteen, and another peak."""
    network = wrap_module(nn.Linear(4, 4))
    report = profile_network(network, FEED, WalkPlan(device="cpu"))
    layers = tuple(layer._replace(macs=12) if layer.macs else layer for layer in report.layers)
    told = replace(report, layers=layers, totals=replace(report.totals, peak_inference_bytes=1))
    peak = report.totals.peak_inference_bytes

    assert compare_walks(network, FEED, told).differences == (
        RowDifference(row="Linear", quantity="macs", meta=16, there=12),
        RowDifference(row="(whole network)", quantity="peak_inference_bytes", meta=peak, there=1),
    )


class NeedsValues(nn.Module):
    def forward(self, x):
        if x.is_meta:
            raise RuntimeError("it wants values")
        return x + 1


def test_the_text_says_what_differs_and_that_no_gpu_was_seen():
    def show(opinions):
        return emit(build_document(opinions), "table", Target(width=None))

    same, other, none = walks_of(nn.Linear(4, 4)), walks_of(Differs()), walks_of(NeedsValues())

    assert "meta: the same as on cpu in all 2 rows and the totals." in show(same)
    assert "second: row (no such row) on meta, Linear on cpu" in show(other)
    assert "meta: no walk to compare with." in show(none)
    assert "it wants values" in show(none)
    assert "has not been run on a GPU yet" not in show(same)
    assert "has not been run on a GPU yet" in show(replace(same, device="cuda"))
