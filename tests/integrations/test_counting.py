"""The counting core without any training library: exact multiply-adds of steps, figures by a fake clock."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from archcost.errors import ArgumentError, NoDeviceError
from archcost.integrations import meter as metering
from archcost.integrations.counter import StepCounter, count_items
from archcost.integrations.meter import Meter
from benchmarks.live import Storages

BATCH, WIDTH, HIDDEN = 4, 8, 16
LAYER = BATCH * WIDTH * HIDDEN  # multiply-adds of one product of either layer


def build_network(seed=0):
    torch.manual_seed(seed)
    return nn.Sequential(nn.Linear(WIDTH, HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, WIDTH))


def train(network, batch, optimizer=None):
    network(batch).square().mean().backward()
    if optimizer is not None:
        optimizer.step()
        optimizer.zero_grad()


def count_step(network, *batches):
    counter = StepCounter()
    counter.start_step()
    for batch in batches:
        counter.start_part(batch)
        train(network, batch)
    return counter.end_step()


def test_a_step_has_forward_and_both_gradients():
    """The first layer has two products, since its input needs no gradient; the second has three."""
    assert count_step(build_network(), torch.zeros(BATCH, WIDTH)) == (5 * LAYER, True)


def test_what_is_frozen_has_no_gradient_of_its_weight():
    """Only the second layer learns: two products forward, the gradient of its weight, and none below."""
    network = build_network()
    network[0].requires_grad_(requires_grad=False)
    assert count_step(network, torch.zeros(BATCH, WIDTH))[0] == 3 * LAYER


def test_a_low_rank_adapter_costs_what_it_runs():
    """The weight is frozen; at rank 2, down maps 8 to 2 and up maps 2 to 16: forward, and their gradients."""

    class Adapted(nn.Module):
        def __init__(self):
            super().__init__()
            self.base = nn.Linear(WIDTH, HIDDEN).requires_grad_(requires_grad=False)
            self.down, self.up = nn.Linear(WIDTH, 2, bias=False), nn.Linear(2, HIDDEN, bias=False)

        def forward(self, x):
            return self.base(x) + self.up(self.down(x))

    down, up = BATCH * WIDTH * 2, BATCH * 2 * HIDDEN
    assert count_step(Adapted(), torch.zeros(BATCH, WIDTH))[0] == LAYER + 2 * down + 3 * up


def test_a_router_counts_the_experts_that_run():
    class Routed(nn.Module):
        def __init__(self):
            super().__init__()
            self.experts = nn.ModuleList(nn.Linear(WIDTH, HIDDEN) for _ in range(4))

        def forward(self, x):
            return torch.cat([self.experts[i % 2](row) for i, row in enumerate(x.split(1))])

    assert count_step(Routed(), torch.zeros(BATCH, WIDTH))[0] == 2 * LAYER  # each token by one expert, not by four


def test_gradients_that_accumulate_are_one_step():
    network, batch = build_network(), torch.zeros(BATCH, WIDTH)
    assert count_step(network, batch, batch, batch)[0] == 3 * 5 * LAYER
    assert count_step(network, batch, batch[:2])[0] == 5 * LAYER + 5 * LAYER // 2


def test_a_shape_is_recorded_once_after_the_first_two_steps():
    network, counter = build_network(), StepCounter()
    found = []
    for rows in (4, 4, 2, 4, 2):
        counter.start_step()
        counter.start_part(torch.zeros(rows, WIDTH))
        train(network, torch.zeros(rows, WIDTH))
        found.append(counter.end_step())
    assert found == [(5 * LAYER, True), (5 * LAYER, True), (5 * LAYER // 2, True), (5 * LAYER, False),
                     (5 * LAYER // 2, False)]  # fmt: skip


def test_a_new_shape_among_known_ones_counts_as_itself():
    network, counter = build_network(), StepCounter()
    whole, half = torch.zeros(BATCH, WIDTH), torch.zeros(BATCH // 2, WIDTH)
    found = []
    for batches in ([whole], [whole], [whole, half, whole], [half, half]):
        counter.start_step()
        for batch in batches:
            counter.start_part(batch)
            train(network, batch)
        found.append(counter.end_step())
    assert found[2:] == [(5 * LAYER * 5 // 2, True), (5 * LAYER, False)]


def test_the_peak_is_arithmetic():
    """A layer without a bias has 8 x 16 weights; the batch of 4 and its sum are alive, and the gradient is made."""
    network, batch, counter = nn.Linear(WIDTH, HIDDEN, bias=False), torch.zeros(BATCH, WIDTH), StepCounter()
    counter.watch(network, torch.device("cpu"))
    counter.start_step()
    counter.start_part(batch)
    network(batch).sum().backward()
    counter.end_step()
    weights, loss, its_gradient = 4 * WIDTH * HIDDEN, 4, 4
    assert counter.peak_bytes == weights + 4 * BATCH * WIDTH + loss + its_gradient + weights


def take_steps(network, batch, parts, *, late, counter=None):
    """Take three steps of Adam; `late` drops the gradients after the forward pass, as Lightning does."""
    optimizer = torch.optim.Adam([p for p in network.parameters() if p.requires_grad])
    for _ in range(3):
        if counter:
            counter.start_step()
        if not late:
            optimizer.zero_grad()
        for _ in range(parts):
            if counter:
                counter.start_part(batch)
            loss = network(batch).square().mean()
            if late:
                optimizer.zero_grad()
            loss.backward()
        optimizer.step()
        if counter:
            counter.end_step()


@pytest.mark.parametrize(("frozen", "parts", "late"), [(0, 1, False), (0, 1, True), (1, 1, False), (0, 2, False)])
def test_the_peak_is_that_of_the_live_tensors_of_a_run(frozen, parts, late):
    """A dispatch mode of the benchmarks adds up the live storages after every operator, without archcost."""
    batch = torch.zeros(BATCH, WIDTH)
    measured, counted = build_network(), build_network()
    for network in (measured, counted):
        for layer in list(network)[:frozen]:
            layer.requires_grad_(requires_grad=False)
    with Storages(*measured.parameters(), batch) as live:
        take_steps(measured, batch, parts, late=late)
    counter = StepCounter()
    counter.watch(counted, torch.device("cpu"))
    take_steps(counted, batch, parts, late=late, counter=counter)
    assert counter.peak_bytes == live.peak


def test_recording_a_step_copies_no_weight():
    """The optimizer writes into the weights; a walk would keep a copy of each, to restore them."""
    network, batch = build_network(), torch.zeros(BATCH, WIDTH)
    with Storages(*network.parameters(), batch) as plain:
        take_steps(network, batch, 1, late=False)
    network = build_network()
    with Storages(*network.parameters(), batch) as recorded:
        take_steps(network, batch, 1, late=False, counter=StepCounter())
    assert recorded.peak == plain.peak


def test_torch_s_counter_agrees():
    network = nn.Sequential(
        nn.Conv2d(3, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU(), nn.Flatten(), nn.Linear(512, 4)
    )
    batch = torch.zeros(2, 3, 8, 8)
    with FlopCounterMode(display=False) as torch_s:
        train(network, batch)
    assert count_step(network, batch)[0] == torch_s.get_total_flops() // 2


def test_training_is_the_same_bit_for_bit():
    networks = build_network(), build_network()
    counter, batch = StepCounter(), torch.randn(BATCH, WIDTH)
    optimizers = [torch.optim.AdamW(network.parameters()) for network in networks]
    for _ in range(3):
        train(networks[0], batch, optimizers[0])
        counter.start_step()
        counter.start_part(batch)
        train(networks[1], batch, optimizers[1])
        counter.end_step()
    assert all(torch.equal(a, b) for a, b in zip(networks[0].parameters(), networks[1].parameters(), strict=True))


def test_a_step_that_failed_leaves_nothing_behind():
    counter = StepCounter()
    counter.start_step()
    counter.start_part(torch.zeros(1))
    depth = torch._C._len_torch_dispatch_stack()
    assert depth > 0
    counter.abandon()
    assert torch._C._len_torch_dispatch_stack() == depth - 1


@torch.library.custom_op("archcost_integrations::odd", mutates_args=())
def odd(x: torch.Tensor) -> torch.Tensor:
    return x + 1


def test_what_has_no_rule_is_said_once(recwarn):
    meter = Meter()
    for rows in (1, 2):
        meter.start_step()
        meter.start_part(torch.zeros(rows))
        odd(torch.zeros(rows))
        torch.ones(2, 2) @ torch.ones(2, 2)
        meter.end_step()
    assert meter.uncovered == ("archcost_integrations.odd",)
    assert [str(each.message) for each in recwarn] == [
        "archcost counts archcost_integrations.odd as nothing, for there is no rule; write one with archcost.rule"
    ]


def test_a_step_without_a_multiply_add_is_said():
    meter = Meter()
    meter.start_step()
    meter.start_part(torch.zeros(1))
    with pytest.warns(UserWarning, match="a compiled network hides its operators"):
        meter.end_step()


def test_items_are_tokens_or_images():
    tokens = torch.zeros(3, 5, dtype=torch.long)
    assert count_items({"labels": torch.zeros(3), "input_ids": tokens}) == {"tokens": 15}
    assert count_items((torch.zeros(3, 1, 4, 4), torch.zeros(3, dtype=torch.long))) == {"images": 3}
    assert count_items([tokens, tokens]) == {"tokens": 15}
    assert count_items("nothing") == {}


def measure(seconds, **options):
    """Run two recorded steps, and two steps of the given seconds."""
    times = iter(range(10_000))
    network, meter, found = build_network(), None, []
    meter = Meter(every=2, clock=lambda: seconds * next(times), **options)
    for _ in range(4):
        batch = torch.zeros(BATCH, WIDTH)
        meter.start_step()
        meter.start_part(batch)
        train(network, batch)
        found.append(meter.end_step())
    assert found[:3] == [{}, {}, {}]
    return found[3]


def test_figures_are_arithmetic():
    """Two steps of 2560 multiply-adds in half a second are 20,480 operations per second."""
    found = measure(0.5, peak=40_960.0)
    assert found.pop("archcost/predicted_peak_bytes") > 4 * 2 * WIDTH * HIDDEN * 2  # weights and gradients
    assert found == {
        "archcost/macs_per_step": 2560.0,
        "archcost/flops_per_second": 20_480.0,
        "archcost/utilisation": 0.5,
        "archcost/images_per_second": 16.0,
    }


def test_the_measured_peak_is_the_allocator_s_where_torch_has_one(monkeypatch):
    assert metering.read_peak_bytes(torch.device("cpu")) is None
    monkeypatch.setattr(torch.accelerator, "max_memory_allocated", lambda device: {"cuda:1": 12_345}[str(device)])
    assert metering.read_peak_bytes(torch.device("cuda:1")) == 12_345
    meter = Meter(every=1)
    meter.prepare(torch.device("cpu"), network := build_network())
    monkeypatch.setattr(metering, "read_peak_bytes", lambda _: 12_345)
    for _ in range(3):
        meter.start_step()
        meter.start_part(batch := torch.zeros(BATCH, WIDTH))
        train(network, batch)
        found = meter.end_step()
    assert found["archcost/measured_peak_bytes"] == 12_345


def test_without_a_peak_there_is_no_utilisation():
    assert "archcost/utilisation" not in measure(1.0)


def test_a_peak_may_be_a_datasheet_s():
    found = measure(1e-9, peak="NVIDIA H200", dtype="bfloat16")
    assert found["archcost/utilisation"] == pytest.approx(found["archcost/flops_per_second"] / 989.4e12, rel=0.01)


def test_wrong_requests_say_what_is_allowed():
    with pytest.raises(NoDeviceError, match="no 'H2000'"):
        Meter(peak="H2000")
    with pytest.raises(ArgumentError, match=r"above 0 FLOP/s, not 0"):
        Meter(peak=0.0)
    with pytest.raises(ArgumentError, match="at least 1"):
        Meter(every=0)
    with pytest.raises(ArgumentError, match="no peak of int4; it has"):
        Meter(peak="NVIDIA H200", dtype="int4")
