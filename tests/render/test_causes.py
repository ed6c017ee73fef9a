"""Changes with one cause are one group, whatever their number."""

from __future__ import annotations

from collections import OrderedDict
from fractions import Fraction

import torch
from torch import nn

import archcost
from archcost.render.causes import find_groups
from archcost.render.groups import describe_groups


class Mlp(nn.Module):
    def __init__(self, width, names=("fc1", "fc2")):
        super().__init__()
        self.names = names
        self.add_module(names[0], nn.Linear(width, 4 * width))
        self.add_module(names[1], nn.Linear(4 * width, width))

    def forward(self, x):
        first, second = (getattr(self, name) for name in self.names)
        return x + second(first(x).relu())


class Fused(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.qkv = nn.Linear(width, 3 * width)

    def forward(self, x):
        q, k, v = self.qkv(x).chunk(3, dim=-1)
        return q + k + v


class Split(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.q, self.k, self.v = (nn.Linear(width, width) for _ in range(3))

    def forward(self, x):
        return self.q(x) + self.k(x) + self.v(x)


class Net(nn.Module):
    def __init__(self, blocks, name="blocks"):
        super().__init__()
        self.stem = nn.Linear(8, 8)
        self.name = name
        self.add_module(name, nn.Sequential(*blocks))

    def forward(self, x):
        return getattr(self, self.name)(self.stem(x))


class Stages(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.stem = nn.Conv2d(3, 16, 3)
        self.stages = nn.Sequential(
            nn.Conv2d(16, width, 3), nn.BatchNorm2d(width), nn.ReLU(), nn.Conv2d(width, width, 3), nn.ReLU()
        )
        self.head = nn.Linear(width, 10)

    def forward(self, x):
        return self.head(self.stages(self.stem(x)).mean((2, 3)))


def changes(before, after, shape=(2, 8)):
    return archcost.diff(*(archcost.profile(net, torch.zeros(shape)) for net in (before, after))).changes


def test_a_repeated_block_is_one_group_of_its_places():
    found, rest = find_groups(changes(Net([Mlp(8) for _ in range(3)]), Net([Mlp(8) for _ in range(5)])))

    (added,) = found
    assert (added.kind, added.after, added.places) == ("added", ("blocks",), ("blocks.3", "blocks.4"))
    assert added.delta("params") == 2 * (8 * 32 + 32 + 32 * 8 + 8)
    assert not rest


def test_blocks_that_are_gone_are_removed():
    (removed,), _ = find_groups(changes(Net([Mlp(8) for _ in range(3)]), Net([Mlp(8)])))

    assert (removed.kind, removed.before, removed.places) == ("removed", ("blocks",), ("blocks.1", "blocks.2"))


def test_unequal_new_blocks_are_groups_of_their_own():
    found, _ = find_groups(changes(Net([Mlp(8)]), Net([Mlp(8), Mlp(8), Split(8)])))

    assert [(each.kind, each.places) for each in found] == [("added", ("blocks.1",)), ("added", ("blocks.2",))]


def test_a_common_rename_is_one_group():
    found, rest = find_groups(changes(Net([Mlp(8), Mlp(8)]), Net([Mlp(8), Mlp(8)], name="body")))

    (renamed,) = found
    assert (renamed.kind, renamed.before, renamed.after) == ("renamed", ("blocks",), ("body",))
    assert not rest
    assert renamed.delta("params") == 0


def test_a_layer_renamed_in_every_block_names_its_places():
    found, rest = find_groups(changes(Net([Mlp(8) for _ in range(3)]), Net([Mlp(8, ("up", "down")) for _ in range(3)])))

    assert [(each.kind, each.before, each.after) for each in found] == [
        ("renamed", ("blocks.*.fc1",), ("blocks.*.up",)),
        ("renamed", ("blocks.*.fc2",), ("blocks.*.down",)),
    ]
    assert all(each.places == ("blocks.0", "blocks.1", "blocks.2") for each in found)
    assert not rest


def test_a_fused_layer_that_is_split_keeps_its_sum():
    found, _ = find_groups(changes(Net([Fused(8), Fused(8)]), Net([Split(8), Split(8)])))

    split = found[0]
    assert (split.kind, split.before, split.after) == ("split", ("qkv",), ("q", "k", "v"))
    assert split.places == ("blocks.0", "blocks.1")
    assert (split.delta("params"), split.delta("macs")) == (0, 0)


def test_layers_that_are_merged_are_the_reverse():
    found, _ = find_groups(changes(Net([Split(8), Split(8)]), Net([Fused(8), Fused(8)])))

    assert (found[0].kind, found[0].before, found[0].after) == ("merged", ("q", "k", "v"), ("qkv",))


def test_a_new_width_is_one_group_with_its_factor():
    found, rest = find_groups(changes(Stages(32), Stages(40), (1, 3, 16, 16)))

    (scaled,) = found
    assert (scaled.kind, scaled.before, scaled.factor, scaled.whole) == ("scaled", ("stages",), Fraction(5, 4), True)
    names = {change.row.name for change in scaled.changes}
    assert {"stages.0", "stages.1", "stages.3", "head"} <= names  # the head reads 1.25 times as much
    assert not rest


def test_the_same_change_in_every_block_is_one_group():
    before, after = ([nn.Sequential(nn.Linear(8, 8, bias=bias)) for _ in range(4)] for bias in (True, False))
    found, rest = find_groups(changes(Net(before), Net(after)))

    (alike,) = found
    assert (alike.kind, alike.after, len(alike.places)) == ("alike", ("blocks.*.*",), 4)
    assert alike.delta("params") == -4 * 8
    assert not rest


def test_a_single_change_stays_alone_and_nothing_is_counted_twice():
    before, after = Net([Mlp(8), Mlp(8)]), Net([Mlp(8), Mlp(8), Mlp(8)])
    after.stem = nn.Linear(8, 8, bias=False)
    all_changes = changes(before, after)
    found, rest = find_groups(all_changes)

    assert [change.row.name for change in rest] == ["stem"]
    total = sum(each.delta("params") for each in found) + sum(change.delta("params") for change in rest)
    assert total == sum(change.delta("params") for change in all_changes)


def test_equal_networks_have_no_groups():
    assert find_groups(changes(Net([Mlp(8)]), Net([Mlp(8)]))) == ((), ())


class Wrapped(nn.Module):
    def __init__(self):
        super().__init__()
        self.backbone = Net([Mlp(8)])

    def forward(self, x):
        return self.backbone(x)


def test_layers_that_moved_into_a_module_are_one_group():
    (moved,), rest = find_groups(changes(Net([Mlp(8)]), Wrapped()))

    assert (moved.kind, moved.before, moved.after) == ("renamed", ("",), ("backbone",))
    assert not rest


def sentences(before, after, shape=(2, 8)):
    found, _ = find_groups(changes(before, after, shape))
    return list(describe_groups(found, ("params", "macs")))


def test_every_cause_is_a_sentence():
    blocks = [Mlp(8) for _ in range(3)]

    assert sentences(Net(blocks), Net([*blocks, Mlp(8), Mlp(8)])) == [
        "blocks 3 and 4 added: 2 x +552 Params, 2 x +1.024 k MACs"  # 8 x 32 twice and 40 biases, of 2 places
    ]
    assert sentences(Net(blocks), Net([Mlp(8) for _ in range(3)], name="body")) == [
        "blocks.* renamed to body.*, 12 layers"
    ]
    assert sentences(Net(blocks), Net([Mlp(8, ("up", "down")) for _ in range(3)])) == [
        "fc1 -> up, fc2 -> down, in 3 blocks"
    ]
    assert sentences(Net([Fused(8), Fused(8)]), Net([Split(8), Split(8)]))[0] == (
        "qkv split into q, k and v in 2 blocks, with the same sum"
    )
    assert sentences(Net([Mlp(8)]), Wrapped()) == ["5 layers moved into backbone"]
    (wider,) = sentences(Stages(32), Stages(40), (1, 3, 16, 16))
    assert wider.startswith("all of stages: 1.25 x wide: +")


def test_a_layer_that_is_new_in_the_middle_moves_the_others_and_changes_none_of_them():
    # 8 -> 16 -> 32 -> 64; new is 32 -> 32 behind the second: everything behind it has a number that is 2 higher
    layers = [nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 32), nn.ReLU(), nn.Linear(32, 64), nn.ReLU()]
    more = [*layers[:4], nn.Linear(32, 32), nn.ReLU(), *layers[4:]]
    found = changes(nn.Sequential(*layers), nn.Sequential(*more))
    groups, alone = find_groups(found)

    assert [(each.row.name, each.status) for each in alone] == [("4", "new"), ("5", "new")]
    assert alone[0].delta("params") == 32 * 32 + 32
    assert list(describe_groups(groups, ["params"])) == ["2 layers have other numbers, as 4 -> 6"]


def test_a_block_below_another_numbered_block_is_one_line():
    def stages(depth):
        return Net([nn.Sequential(*(Mlp(8) for _ in range(depth))) for _ in range(2)], "stages")

    (first, second), alone = find_groups(changes(stages(2), stages(3)))

    assert not alone
    assert list(describe_groups([first], ["params"])) == ["stages.0.2 added: +552 Params"]  # 8*32 + 32 + 32*8 + 8
    assert second.places == ("stages.1.2",)


def test_a_whole_network_that_is_wider_is_said_so_although_its_head_has_as_many_classes():
    def net(width):
        return nn.Sequential(
            nn.Linear(8, width), nn.Linear(width, width), nn.Linear(width, width), nn.Linear(width, 10)
        )

    groups, _ = find_groups(changes(net(16), net(24)))
    (line,) = describe_groups(groups, [])

    assert line == "all of the network: 1.5 x wide"


def test_a_wider_backbone_does_not_make_the_whole_network_wider():
    def net(width):
        backbone = nn.Sequential(nn.Linear(width, width), nn.Linear(width, width))
        return nn.Sequential(nn.Linear(8, width), backbone, nn.Linear(width, 10), nn.Linear(10, 10))

    groups, _ = find_groups(changes(net(16), net(24)))

    assert list(describe_groups(groups, [])) == ["4 layers: 1.5 x wide"]  # the last one stays 10 to 10


def test_many_layers_that_change_alike_in_each_block_are_counted():
    def net():
        return Net([nn.Sequential(OrderedDict((name, nn.Linear(8, 8)) for name in "abcde")) for _ in range(3)])

    before = archcost.profile(net(), torch.zeros(2, 8))
    after = archcost.profile(net(), torch.zeros(2, 3, 8))  # three times the tokens
    groups, _ = find_groups(archcost.diff(before, after, force=True).changes)

    # each block has five layers of 2*8*8 multiply-adds, and then of 3 times that: 5 * 128 * 2 more
    assert "5 layers in each of 3 blocks: 3 x +1.280 k MACs" in list(describe_groups(groups, ["macs"]))
