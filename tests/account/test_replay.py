"""GPU memory of a walk: its storages replayed by the allocator's rules, by hand."""

import torch
from torch import nn

import archcost
from archcost.account.replay import replay
from archcost.profiling.feed import Feed
from archcost.profiling.trace import walk_apart
from archcost.records import Training, WalkPlan
from archcost.sources import parse_input, wrap_module

MIB = 2**20


def walked(net, text, batch, train=None):
    plan = WalkPlan(device="meta", training=Training.of(train, "cross-entropy"))
    return walk_apart(wrap_module(net), Feed(specs=(parse_input(text),), batch=batch), plan)


def test_a_layer_by_hand():
    """Weights of 4 MiB lie in a segment of 20; an input and an output of 1 MiB each fill a small segment of 2."""
    held = replay(walked(nn.Linear(1024, 1024, bias=False), "1024", 256))
    assert (held.tensor_bytes, held.allocated_bytes, held.reserved_bytes) == (6 * MIB, 6 * MIB, 22 * MIB)


def test_what_dies_is_taken_again_in_the_next_layer():
    """Six layers of 1 MiB maps: at most the input and two maps are alive, so two small segments suffice."""
    net = nn.Sequential(*[nn.ReLU() for _ in range(6)])
    held = replay(walked(net, "1024", 256))
    assert (held.tensor_bytes, held.allocated_bytes, held.reserved_bytes) == (3 * MIB, 3 * MIB, 4 * MIB)


def test_step_counts_of_a_gpus_optimizer_lie_on_the_host():
    """Adam's peak is in its step, and the exact peak includes a step count of 4 bytes for each of four tensors."""
    net = nn.Sequential(nn.Linear(256, 512), nn.Linear(512, 10))
    exact = archcost.profile(net, torch.zeros(2, 256), train="adam", device="meta").totals
    assert exact.peak_training_bytes - replay(walked(net, "256", 2, "adam")).tensor_bytes == 4 * 4


class Grows(nn.Module):
    """From an input of 10 MiB come one map of 20 MiB that dies, then one of 60."""

    def forward(self, x):
        torch.cat([x, x])
        return torch.cat([x] * 6)


def test_an_unused_segment_can_make_room():
    """10 + 20 + 60 MiB are reserved; with less, the 20 go back, and 70 are enough; below 70 it does not fit."""
    trace = walked(Grows(), str(10 * MIB // 4), 1)
    assert replay(trace).reserved_bytes == 90 * MIB
    assert replay(trace, capacity=90 * MIB - 1).reserved_bytes == 70 * MIB
    assert replay(trace, capacity=70 * MIB).reserved_bytes == 70 * MIB
    assert replay(trace, capacity=70 * MIB - 1) is None
    assert replay(trace, expandable=True).reserved_bytes == 80 * MIB  # 70 in pages of 20
    assert replay(trace, expandable=True, capacity=80 * MIB).reserved_bytes == 80 * MIB
    assert replay(trace, expandable=True, capacity=80 * MIB - 1) is None
