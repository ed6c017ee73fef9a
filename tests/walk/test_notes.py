"""Notes of a report: sizes that depend on values, randomness; and networks that cannot be walked."""

import random

import pytest
import torch
from torch import nn
from torch.nn import functional

import archcost
from archcost.errors import WalkError
from archcost.walk import run_undisturbed, walk

DEVICES = ("meta", "cpu")


class Picked(nn.Module):
    def __init__(self, pick):
        super().__init__()
        self.layer, self.pick = nn.Linear(4, 3), pick

    def forward(self, x):
        return self.pick(self.layer(x))


@pytest.mark.parametrize(
    ("pick", "name"),
    [
        (lambda y: y[y > 0], "index"),
        (torch.nonzero, "nonzero"),
        (lambda y: torch.masked_select(y, y > 0), "masked_select"),
        (torch.unique, "unique2"),
    ],
)
def test_sizes_that_follow_from_values_are_said(pick, name):
    report = archcost.profile(Picked(pick), torch.ones(2, 4))
    (found,) = [warning for warning in report.warnings if "depend on values" in warning]
    assert name in found


@pytest.mark.parametrize("device", DEVICES)
def test_sizes_that_do_not_are_not(device):
    assert archcost.profile(Picked(torch.relu), torch.ones(2, 4), device=device).warnings == ()


class Skipped(nn.Module):
    """Skips layers at random in training."""

    def __init__(self, draw):
        super().__init__()
        self.layers, self.draw = nn.ModuleList(nn.Linear(4, 4) for _ in range(3)), draw

    def forward(self, x):
        for layer in self.layers:
            if not (self.training and self.draw()):
                x = layer(x)
        return x


@pytest.mark.parametrize(
    "draw",
    [
        lambda: random.random() < 0,  # noqa: S311 - no secret
        lambda: pytest.importorskip("numpy.random").rand() < 0,
        lambda: torch.rand([]) < 0,
        lambda: torch.rand(1).item() < 0,
        lambda: torch.empty(1).uniform_() < 0,
    ],
)
def test_layers_that_are_dropped_at_random_are_said(draw):
    training = archcost.profile(Skipped(draw), torch.ones(2, 4), mode="train")
    assert any("depends on random numbers" in warning for warning in training.warnings)
    assert training.totals.macs == 3 * 2 * 4 * 4
    assert archcost.profile(Skipped(draw), torch.ones(2, 4)).warnings == ()


def test_numbers_drawn_before_a_walk_are_not_its_own():
    network, x = Skipped(random.random).to("meta"), torch.ones(2, 4, device="meta")

    def walk_twice():
        return [walk(network, (x,), mode=mode, untouched=True).notes for mode in ("train", "eval")]

    drawn, calm = run_undisturbed(walk_twice)
    assert any("depends on random numbers" in note for note in drawn)
    assert calm == ()
    assert any("depends on random numbers" in note for note in archcost.profile(network, x, mode="train").warnings)
    assert archcost.profile(network, x).warnings == ()


@pytest.mark.parametrize("device", DEVICES)
def test_dropout_decides_nothing(device):
    class Dropped(Picked):
        def __init__(self):
            super().__init__(lambda y: functional.dropout(y, training=True))

    assert archcost.profile(Dropped(), torch.ones(2, 4), device=device, mode="train").warnings == ()


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("device", DEVICES)
def test_a_sharded_network_is_refused_with_what_to_do(device):
    import torch.distributed as dist
    from torch.distributed.device_mesh import init_device_mesh
    from torch.distributed.tensor import Shard, distribute_tensor
    from torch.testing._internal.distributed.fake_pg import FakeStore

    dist.init_process_group("fake", store=FakeStore(), rank=0, world_size=2)
    try:
        network = nn.Sequential(nn.Linear(4, 4))
        mesh = init_device_mesh("cpu", (2,))
        network[0].weight = nn.Parameter(distribute_tensor(network[0].weight.detach(), mesh, [Shard(0)]))
        with pytest.raises(WalkError, match=r"0\.weight is sharded .*profile it before it is sharded"):
            archcost.profile(network, torch.ones(2, 4), device=device)
    finally:
        dist.destroy_process_group()


NUMBERS = [0.5] * 20_000


class Table(nn.Module):
    """The 4 rows of 3 outputs of a linear layer are summed, and scale a table of Python numbers."""

    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(3, 3)

    def forward(self, x):
        scale = self.layer(x)
        return (torch.tensor(NUMBERS, device=x.device) * scale.sum()).relu()


@pytest.mark.parametrize("device", DEVICES)
def test_a_table_made_of_numbers_is_an_activation_while_it_lives(device):
    totals = archcost.profile(Table(), torch.ones(4, 3), device=device).totals
    table, rows = 4 * 20_000, 4 * 4 * 3
    assert totals.activation_bytes == 2 * rows + 4 + 3 * table == 240_100
    assert totals.peak_inference_bytes == 4 * (3 * 3 + 3) + 2 * rows + 4 + 2 * table == 160_148
