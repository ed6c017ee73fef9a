"""Changes with one cause form one group, whatever their number."""

from __future__ import annotations

from collections import OrderedDict
from fractions import Fraction

import torch
from torch import nn

import archcost
from archcost.render.causes import find_groups
from archcost.render.groups import describe_causes, describe_groups


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
    assert (scaled.kind, scaled.before, scaled.factors, scaled.whole) == (
        "scaled",
        ("stages",),
        (Fraction(5, 4),),
        True,
    )
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
        "blocks 3 and 4 added: 2 x +552 Params, 2 x +1.024 k MACs"  # 8 x 32 twice, for 2 positions, and 40 biases
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
    # 8 -> 16 -> 32 -> 64; 32 -> 32 is new behind the second: all later indices are 2 higher
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

    assert list(describe_groups(groups, [])) == ["all of 0 and 1: 1.5 x wide"]  # the last: 10 to 10


def five_in_each(bias):
    return Net([nn.Sequential(OrderedDict((name, nn.Linear(8, 8, bias=bias)) for name in "abcde")) for _ in range(3)])


def test_many_layers_that_change_alike_in_each_block_are_counted():
    groups, _ = find_groups(changes(five_in_each(True), five_in_each(False)))

    # each block has five layers of 8 biases
    assert list(describe_groups(groups, ["params"])) == ["5 layers in each of 3 blocks changed: 3 x -40 Params"]


def test_layers_that_do_the_same_on_more_data_are_one_line():
    before = archcost.profile(five_in_each(True), torch.zeros(2, 8))
    after = archcost.profile(five_in_each(True), torch.zeros(2, 3, 8))  # three times as many tokens
    groups, alone = find_groups(archcost.diff(before, after, force=True).changes)

    # the stem and 15 layers of 2*8*8 multiply-adds grow threefold: 16 * 128 * 2 more; and the input
    assert list(describe_groups(groups, ["macs"])) == [
        "17 layers: the same parameters on 3 x as much data: +4.096 k MACs"
    ]
    assert not alone


def test_a_larger_image_is_no_wider_network_though_the_layers_of_one_block_are_alike():
    """The layers are in one block and their names differ only by numbers, so no number of blocks is named."""
    net = Net([nn.Sequential(*(nn.Conv2d(4, 4, 3, padding=1) for _ in range(4)))])
    net.stem = nn.Conv2d(3, 4, 1)
    before, after = (archcost.profile(net, torch.zeros(1, 3, size, size)) for size in (8, 12))
    groups, _ = find_groups(archcost.diff(before, after, force=True).changes)

    (line,) = describe_groups(groups, [])
    assert line == "6 layers: the same parameters on 2.25 x as much data"  # 12 * 12 over 8 * 8


def test_alike_layers_of_one_block_are_counted_without_blocks():
    def net(bias):
        names = ("a.0", "a.1", "b.0", "b.1", "c.0", "c.1", "d.0", "d.1")
        block = nn.ModuleDict({part: nn.ModuleList() for part in "abcd"})
        for name in names:
            block[name[0]].append(nn.Linear(8, 8, bias=bias))
        return InTurn(block)

    groups, _ = find_groups(changes(net(True), net(False)))

    assert list(describe_groups(groups, ["params"])) == [
        f"parts.{part}.* changed in 2 blocks: 2 x -8 Params" for part in "abcd"
    ] or "0 blocks" not in " ".join(describe_groups(groups, ["params"]))


class InTurn(nn.Module):
    def __init__(self, parts):
        super().__init__()
        self.parts = parts

    def forward(self, x):
        for part in self.parts.values():
            for layer in part:
                x = layer(x)
        return x


class Pyramid(nn.Module):
    """A backbone of two levels, each read by a lateral layer; both share a head with a classification layer."""

    def __init__(self, backbone, width):
        super().__init__()
        self.backbone = nn.ModuleList([nn.Linear(8, backbone), nn.Linear(backbone, 2 * backbone)])
        self.lateral = nn.ModuleList([nn.Linear(backbone, width), nn.Linear(2 * backbone, width)])
        self.head = nn.ModuleDict(
            {"tower": nn.Sequential(nn.Linear(width, width), nn.ReLU()), "classes": nn.Linear(width, 3)}
        )

    def forward(self, x):
        found = []
        for body, lateral in zip(self.backbone, self.lateral, strict=True):
            x = body(x)
            found.append(self.head["classes"](self.head["tower"](lateral(x))))
        return found


def test_a_widened_pyramid_names_the_modules_that_are_wider():
    groups, _ = find_groups(changes(Pyramid(16, 8), Pyramid(16, 12)))

    assert list(describe_groups(groups, [])) == ["all of lateral and head: 1.5 x wide"]


def test_a_pyramid_that_is_wider_throughout_is_the_network():
    """The head runs for each level, so that its classification layer runs between wider layers."""
    groups, _ = find_groups(changes(Pyramid(16, 8), Pyramid(24, 12)))

    assert list(describe_groups(groups, [])) == ["all of the network: 1.5 x wide"]


def test_hidden_layers_that_are_wider_in_every_block_are_all_of_their_modules():
    """In each block the second layer reads the wider first one: it is the end of its module, not between wide parts."""

    def net(hidden):
        blocks = [
            nn.ModuleDict({"mlp": nn.Sequential(nn.Linear(8, hidden), nn.ReLU(), nn.Linear(hidden, 8))})
            for _ in range(3)
        ]
        return InTurn(nn.ModuleDict({"blocks": nn.ModuleList(block["mlp"] for block in blocks)}))

    groups, _ = find_groups(changes(net(16), net(24)))

    assert list(describe_groups(groups, [])) == ["all of parts.blocks.*: 1.5 x wide"]


def test_a_narrow_part_between_two_wide_ones_is_not_wider():
    def net(width):
        wide = nn.Sequential(nn.Linear(8, width), nn.ReLU())
        return Net([wide, nn.Linear(width, 8), nn.Sequential(nn.Linear(8, width), nn.ReLU()), nn.Linear(width, 8)])

    groups, _ = find_groups(changes(net(16), net(24)))
    (line,) = describe_groups(groups, [])

    assert line == "all of blocks.0 and blocks.2: 1.5 x wide"


def test_a_width_that_every_layer_rounds_is_one_line():
    """A multiplier of 1.3 with channels in multiples of 8: 8 to 16, 16 to 24, 24 to 32, 40 to 56."""

    def net(widths):
        pairs = zip((8, *widths), widths, strict=False)
        return Net([nn.Linear(*pair) for pair in pairs])

    groups, _ = find_groups(changes(net((8, 16, 24, 40)), net((16, 24, 32, 56))))

    assert list(describe_groups(groups, [])) == ["all of blocks: 1.333 to 2 x wide"]


def test_a_layer_that_changed_alone_is_a_sentence_beside_the_groups():
    before, after = Net([Mlp(8), Mlp(8)]), Net([Mlp(8), Mlp(8), Mlp(8)])
    after.stem = nn.Linear(8, 8, bias=False)
    difference = archcost.diff(*(archcost.profile(net, torch.zeros(2, 8)) for net in (before, after)))

    assert list(describe_causes(difference, ["params"])) == [
        "blocks.2 added: +552 Params",  # 8*32 + 32 + 32*8 + 8
        "stem (Linear) changed: -8 Params",
    ]
