"""Whole networks: the counters run, and every difference is explained."""

import pytest
import torch
from nets_sequence import ALL_NETS
from torch import nn
from torch.nn import functional

from archcost.errors import WalkError
from archcost.profiling.feed import Feed
from archcost.sources import InputSpec, Network, resolve, wrap_module
from archcost.verify import collect_opinions

pytestmark = pytest.mark.filterwarnings("ignore:LSTM with projections is not supported with oneDNN")
TOKENS, WIDTH = 16, 32


class Attends(nn.Module):
    def __init__(self):
        super().__init__()
        self.project = nn.Linear(WIDTH, 3 * WIDTH)

    def forward(self, x):
        q, k, v = self.project(x)[:, None].chunk(3, -1)
        return functional.scaled_dot_product_attention(q, k, v)


class Untraceable(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = nn.Linear(4, 2)

    def forward(self, x):
        return {"answer": self.a(x), 1: None}


class Locked(nn.Linear):
    def __deepcopy__(self, memo):
        raise TypeError("there is only one of me")


class OnlyOnMeta(nn.Conv2d):
    def forward(self, x):
        if not x.is_meta:
            raise ValueError("no values, please")
        return super().forward(x)


class Raises(nn.Module):
    def forward(self, x):
        raise ValueError("no")


def totals(opinions):
    return {each.counter: each.total for each in opinions.opinions}


@pytest.mark.parametrize(
    ("name", "macs"),
    [("vgg16", 15_470_264_320), ("inception_naive", 854_196_224), ("inception_reduced", 271_351_808)],
)
def test_all_three_agree(name, macs):
    found = collect_opinions(resolve(name))
    assert (found.macs, totals(found)) == (macs, {"fvcore": macs, "torch": macs})
    assert [each.differences for each in found.opinions] == [(), ()]


def test_resnet18_differs_by_batch_normalisation_and_the_last_pool(resnet18):
    elements = 64 * 112**2 + 4 * 64 * 56**2 + 5 * 128 * 28**2 + 5 * 256 * 14**2 + 5 * 512 * 7**2  # before each norm
    fvcore, flops = resnet18.opinions
    assert resnet18.macs == flops.total == 1_814_073_344
    assert [(each.operator, each.macs) for each in fvcore.differences] == [
        ("batch_norm", 2 * elements),
        ("adaptive_avg_pool2d", 512 * 7 * 7),
    ]
    assert fvcore.total == 1_814_073_344 + 2 * elements + 512 * 7 * 7
    assert fvcore.unexplained == 0


def test_attention_on_the_cpu_is_archcosts_alone():
    found = collect_opinions(wrap_module(Attends()), Feed(args=(torch.ones(1, TOKENS, WIDTH),)), device="cpu")
    linear, attention = TOKENS * WIDTH * 3 * WIDTH, 2 * TOKENS * TOKENS * WIDTH
    assert (found.macs, totals(found)) == (linear + attention, {"fvcore": linear, "torch": linear})
    assert [each.differences[0].macs for each in found.opinions] == [-attention, -attention]
    assert "aten._scaled_dot_product_flash_attention_for_cpu" in found.opinions[1].differences[0].reason
    assert "aten::scaled_dot_product_attention" in found.opinions[0].differences[0].reason


@pytest.mark.parametrize("device", ["auto", "cpu"])
@pytest.mark.parametrize("net", ALL_NETS, ids=lambda net: net.__name__)
def test_every_difference_is_explained_and_adds_up(net, device):
    network = net()
    found = collect_opinions(wrap_module(network), Feed(args=network.arguments()), device=device)
    assert found.macs == net.macs == sum(each.macs for each in found.operators)
    for opinion in found.opinions:
        if opinion.total is not None:
            assert opinion.total == sum(each.theirs[opinion.counter] for each in found.operators)
            assert opinion.difference == opinion.total - found.macs
            assert opinion.unexplained == 0


def test_a_network_that_fvcore_cannot_trace_is_counted_by_the_others():
    found = collect_opinions(wrap_module(Untraceable()), Feed(args=(torch.ones(3, 4),)))
    assert found.macs == 3 * 4 * 2
    assert totals(found) == {"fvcore": None, "torch": 3 * 4 * 2}
    assert found.opinions[0].failure.startswith("RuntimeError: ")
    assert found.device == "meta"


def test_fvcore_takes_the_counters_from_meta_to_the_cpu():
    found = collect_opinions(resolve("lenet5"))
    assert found.device == "cpu"
    assert "fvcore cannot trace on the meta device" in found.notes[0]


def test_the_meta_device_is_kept_where_it_was_asked_for():
    found = collect_opinions(resolve("lenet5"), device="meta")
    assert found.device == "meta"
    assert totals(found) == {"fvcore": None, "torch": found.macs}


def test_what_was_seen_on_meta_stands_where_the_cpu_does_not_help():
    found = collect_opinions(wrap_module(OnlyOnMeta(3, 4, 3)), Feed(args=(torch.ones(1, 3, 4, 4),)))
    assert (found.device, found.notes) == ("meta", ())
    assert totals(found) == {"fvcore": None, "torch": 4 * 2 * 2 * 3 * 9}


def test_a_network_that_needs_values_while_it_is_built():
    network = Network(
        spec="needy",
        name="needy",
        build=lambda: nn.Linear(4, int(torch.tensor(2).item())),
        inputs=(InputSpec(shape=(4,)),),
    )
    found = collect_opinions(network)
    assert (found.device, totals(found)) == ("meta", {"fvcore": 8, "torch": 8})


def test_inputs_and_batch():
    feed = Feed(specs=(InputSpec(shape=(TOKENS, WIDTH)),), batch=3)
    found = collect_opinions(wrap_module(Attends()), feed, device="cpu")
    assert found.macs == 3 * (TOKENS * WIDTH * 3 * WIDTH + 2 * TOKENS * TOKENS * WIDTH)


@pytest.mark.parametrize("device", ["auto", "meta", "cpu"])
def test_a_network_that_exists_is_left_as_found(device):
    network = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4)).train()
    state = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    collect_opinions(wrap_module(network), Feed(args=(torch.ones(2, 3, 8, 8),)), device=device)
    assert all(module.training for module in network.modules())
    assert not any(each._forward_hooks or each._forward_pre_hooks for each in network.modules())
    assert all(torch.equal(state[name], tensor) for name, tensor in network.state_dict().items())


def test_a_network_that_cannot_be_copied_is_run_as_it_is():
    found = collect_opinions(wrap_module(Locked(4, 2)), Feed(args=(torch.ones(3, 4),)), device="cpu")
    assert totals(found) == {"fvcore": 24, "torch": 24}


def test_a_network_that_fails_is_an_error():
    with pytest.raises(WalkError):
        collect_opinions(wrap_module(Raises()), Feed(args=(torch.ones(1),)))
