"""What of the clock's comparison with the profiler needs no GPU."""

import pytest
import torch
from torch import nn
from torch.profiler import ProfilerActivity, profile

from benchmarks.clock_gpu import Named, spearman


def test_each_call_of_a_leaf_has_its_name_in_the_profile():
    network = nn.Sequential(nn.Conv2d(1, 2, 3), nn.Sequential(nn.ReLU(), nn.Flatten()))

    with Named(network), profile(activities=[ProfilerActivity.CPU], acc_events=True) as profiled:
        network(torch.ones(1, 1, 4, 4))
    network(torch.ones(1, 1, 4, 4))  # the hooks are gone

    marks = [event.name for event in profiled.events() if event.name.startswith(Named.MARK)]
    assert marks == ["leaf:0", "leaf:1.0", "leaf:1.1"]
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in network.modules())


@pytest.mark.parametrize(
    ("one", "other", "rank"), [([1, 2, 3], [10, 40, 90], 1), ([1, 2, 3], [3, 2, 1], -1), ([1, 2, 3], [2, 1, 3], 0.5)]
)
def test_ranks_correlate(one, other, rank):
    assert spearman(one, other) == pytest.approx(rank)  # 1 - 6 * (sum of squared differences) / (n (n * n - 1))
