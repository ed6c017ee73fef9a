"""The papers' modules as separate networks, against arithmetic from their figures."""

import pytest
from arithmetic import BLOCKS

import archcost
from archcost import zoo
from archcost.sources import resolve

ORACLES = {  # a name in tests/zoo/block_counts.csv
    "inception_v2_a": "fig5_module",
    "inception_v3_a": "v3_a",
    "inception_v3_b": "v3_b_192",
    "inception_v3_c": "v3_c",
    "inception_v3_reduction_a": "v3_reduction_a",
    "inception_v4_stem": "v4_stem",
    **{f"inception_v4_{letter}": f"v4_{letter}" for letter in "abc"},
    **{
        f"inception_resnet_{version}_{letter}": f"ir_{version}_{letter}" for version in ("v1", "v2") for letter in "abc"
    },
}


BY_HAND = {  # weights, and the side of their output map: each weight multiplies once for each position
    "mlpconv": ((3 * 25 * 192, 32), (192 * 160, 32), (160 * 96, 32)),
    "googlenet_3a": (
        (192 * 64, 28), (192 * 96, 28), (96 * 9 * 128, 28), (192 * 16, 28), (16 * 25 * 32, 28), (192 * 32, 28),
    ),
    "googlenet_side_classifier": ((512 * 128, 4), (4 * 4 * 128 * 1024, 1), (1024 * 1000, 1)),
    "bn_inception_3a": (
        (192 * 64, 28), (192 * 64, 28), (64 * 9 * 64, 28),
        (192 * 64, 28), (64 * 9 * 96, 28), (96 * 9 * 96, 28), (192 * 32, 28),
    ),
    "bn_inception_3c": (
        (320 * 128, 28), (128 * 9 * 160, 14), (320 * 64, 28), (64 * 9 * 96, 28), (96 * 9 * 96, 14),
    ),
    "inception_v3_reduction_b": (
        (768 * 192, 17), (192 * 9 * 320, 8),
        (768 * 192, 17), (192 * 7 * 192, 17), (192 * 7 * 192, 17), (192 * 9 * 192, 8),
    ),
    "inception_v4_reduction_a": ((384 * 9 * 384, 17), (384 * 192, 35), (192 * 9 * 224, 35), (224 * 9 * 256, 17)),
    "inception_v4_reduction_b": (
        (1024 * 192, 17), (192 * 9 * 192, 8),
        (1024 * 256, 17), (256 * 7 * 256, 17), (256 * 7 * 320, 17), (320 * 9 * 320, 8),
    ),
    "resnet_basic": ((128 * 9 * 128, 28), (128 * 9 * 128, 28)),
    "resnet_option_a": ((64 * 9 * 128, 28), (128 * 9 * 128, 28)),
    "resnet_option_b": ((64 * 9 * 128, 28), (128 * 9 * 128, 28), (64 * 128, 28)),
    "resnet_bottleneck": ((512 * 128, 28), (128 * 9 * 128, 28), (128 * 512, 28)),
    "preresnet_unit": ((512 * 128, 28), (128 * 9 * 128, 28), (128 * 512, 28)),
    "resnext_bottleneck": ((512 * 256, 28), (256 * 9 * 256 // 32, 28), (256 * 512, 28)),
    "se_bottleneck": ((512 * 128, 28), (128 * 9 * 128, 28), (128 * 512, 28), (512 * 32, 1), (32 * 512, 1)),
    "dense_layer": ((96 * 128, 56), (128 * 9 * 32, 56)),
    "dense_block": tuple(
        each for width in range(64, 256, 32) for each in ((width * 128, 56), (128 * 9 * 32, 56))
    ),
    "dense_transition": ((256 * 128, 56),),
    "fractal_block": ((64 * 9 * 128, 16),) * 3 + ((128 * 9 * 128, 16),) * 4,  # 1 + 2 + 4 of them
    "fire": ((96 * 16, 54), (16 * 64, 54), (16 * 9 * 64, 54)),
    "xception_middle": ((9 * 728, 19), (728 * 728, 19)) * 3,
    "mobilenet_v1_unit": ((9 * 512, 14), (512 * 512, 14)),
    "mobilenet_v2_bottleneck": ((32 * 192, 28), (9 * 192, 28), (192 * 32, 28)),
    "mobilenet_v3_bneck": ((40 * 120, 28), (25 * 120, 28), (120 * 32, 1), (32 * 120, 1), (120 * 40, 28)),
    "shufflenet_v1_unit": ((240 * 60 // 3, 28), (9 * 60, 28), (60 * 240 // 3, 28)),
    "shufflenet_v1_reduction": ((24 * 60, 56), (9 * 60, 28), (60 * (240 - 24) // 3, 28)),
    "shufflenet_v2_unit": ((58 * 58, 28), (9 * 58, 28), (58 * 58, 28)),
    "shufflenet_v2_reduction": (
        (9 * 24, 28), (24 * 58, 28), (24 * 58, 56), (9 * 58, 28), (58 * 58, 28),
    ),
    "se_inception": (
        (192 * 64, 28), (192 * 64, 28), (64 * 9 * 64, 28), (192 * 64, 28), (64 * 9 * 96, 28), (96 * 9 * 96, 28),
        (192 * 32, 28), (256 * 16, 1), (16 * 256, 1),
    ),
    # Both inputs narrowed to 44; two separable 5x5 and three 3x3, each twice.
    "nasnet_normal_cell": (
        ((264 * 44, 28),) * 2 + ((25 * 44, 28), (44 * 44, 28)) * 4 + ((9 * 44, 28), (44 * 44, 28)) * 6
    ),
    # Both narrowed to 88 on 28x28; two 7x7, two 5x5 and a 3x3, each twice; all except the 3x3 begin with stride 2.
    "nasnet_reduction_cell": (
        ((264 * 88, 28),) * 2
        + ((49 * 88, 14), (88 * 88, 14)) * 4
        + ((25 * 88, 14), (88 * 88, 14)) * 4
        + ((9 * 88, 14), (88 * 88, 14)) * 2
    ),
}  # fmt: skip
MODULES = {entry.id: entry for entry in zoo.REGISTRY if entry.family == "Modules"}


def test_every_module_is_argued():
    assert MODULES.keys() == {*ORACLES, *BY_HAND}


@pytest.mark.parametrize("name", ORACLES)
def test_modules_cost_what_their_layer_list_says(name):
    channels, size, _ = MODULES[name].input
    layers = BLOCKS[ORACLES[name]](channels, size)
    totals = archcost.profile(name).totals
    assert (totals.weights, totals.macs) == (sum(x.weights for x in layers), sum(x.macs for x in layers))


@pytest.mark.parametrize("name", BY_HAND)
def test_modules_cost_what_their_figure_says(name):
    totals = archcost.profile(name).totals
    rows = BY_HAND[name]
    assert (totals.weights, totals.macs) == (sum(w for w, _ in rows), sum(w * side**2 for w, side in rows))


@pytest.mark.parametrize("name", [name for name, entry in MODULES.items() if "path" in entry.arguments])
def test_modules_take_what_they_get_in_their_network(name):
    entry = MODULES[name]
    whole = resolve("{network}::{path}".format(**entry.arguments))
    assert resolve(name).inputs == whole.find_inputs().specs
