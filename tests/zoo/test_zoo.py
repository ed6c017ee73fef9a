"""Every network of the zoo, against independent counts: a table, and each paper's layer list as integers."""

import csv
from collections import Counter
from functools import cache
from pathlib import Path

import pytest
from arithmetic import BLOCKS, LAYERS
from torch import nn
from torch.nn.modules import module as torch_module

import archcost
from archcost import zoo
from archcost.errors import ArgumentError, BuildError, OutOfMemoryError
from archcost.metrics import SUMS

HERE = Path(__file__).parent
COUNTS = {row["id"]: row for row in csv.DictReader((HERE / "counts.csv").read_text().splitlines())}
ALIASES = {row["alias"]: row["id"] for row in csv.DictReader((HERE / "aliases.csv").read_text().splitlines())}
QUANTITIES = {"params": "params", "weights": "weights", "macs": "macs", "macts": "acts", "depth": "depth"}

BLOCK_FORMS = {
    "block_7x7": "7x7",
    "block_three_3x3": "3x3 x3",
    "block_5x5": "5x5",
    "block_two_3x3": "3x3 x2",
    "block_3x3": "3x3",
    "block_3x1_1x3": "3x1+1x3",
    "block_two_2x2": "2x2 x2",
    "block_1x7_7x1": "1x7+7x1",
    "block_direct_5x5": "5x5-96",
    "block_bottleneck_1x1": "1x1-64+5x5-96",
    "block_residual_basic": "residual_basic",
    "block_residual_basic_256": "residual_basic",
    "block_residual_bottleneck": "residual_bottleneck",
    "block_grid_pool_then_conv": "reduction_pool_then_expand",
    "block_grid_conv_then_pool": "reduction_expand_then_pool",
    "block_grid_parallel": "reduction_parallel",
    "block_standard_conv": "3x3",
    "block_separable_conv": "separable",
}
RECEPTIVE_FIELDS = {"7x7": 7, "three_3x3": 7, "5x5": 5, "two_3x3": 5, "3x3": 3, "3x1_1x3": 3, "two_2x2": 3}


@cache
def report(name):
    return archcost.profile(name)


@pytest.mark.no_cover  # `test_classes_and_channels` runs every builder
@pytest.mark.parametrize("name", COUNTS)
def test_totals_are_the_tables(name):
    totals = report(name).totals
    expected = {ours: int(COUNTS[name][column]) for ours, column in QUANTITIES.items()}

    assert {ours: getattr(totals, ours) for ours in QUANTITIES} == expected


@pytest.mark.no_cover
@pytest.mark.parametrize("name", COUNTS)
def test_weighted_layers_are_the_papers(name):
    """The multiset of (weights, macs) of the rows equals the paper's layer list."""
    ours = Counter((layer.weights, layer.macs) for layer in report(name).layers if layer.macs)

    assert ours == Counter((layer.weights, layer.macs) for layer in LAYERS[name]())


@pytest.mark.no_cover
@pytest.mark.parametrize("name", COUNTS)
def test_nothing_is_lost(name):
    """Every operator has a rule, every module ran, rows sum to the totals, and the input is the requested one."""
    found = report(name)
    known = [quantity for quantity in SUMS if getattr(found.totals, quantity) is not None]
    sums = {quantity: sum(getattr(layer, quantity) for layer in found.layers) for quantity in known}

    assert (found.uncovered, found.uncalled, found.warnings) == ({}, (), ())
    assert sums == {quantity: getattr(found.totals, quantity) for quantity in known}
    assert "x".join(map(str, found.network.inputs[0].shape[1:])) == COUNTS[name]["input"]


@pytest.mark.no_cover
@pytest.mark.parametrize("name", [name for name in COUNTS if "block" not in name])
def test_output_has_one_score_for_each_class(name):
    classes = {"ImageNet": 1000, "CIFAR-10": 10, "CIFAR-100": 100, "MNIST": 10}
    dataset = zoo.REGISTRY.find(name.partition("@")[0]).dataset

    assert report(name).layers[-1].outputs == ((1, classes[dataset]),)


def test_no_hook_is_left():
    archcost.profile("resnet18")

    assert not torch_module._global_forward_hooks
    assert not torch_module._global_forward_pre_hooks


@pytest.mark.covered
def test_classes_and_channels_are_free_in_every_classifier():
    """One network of each builder, the first in the catalogue."""
    classifiers = [entry for entry in zoo.REGISTRY if "block" not in entry.id + entry.dataset]
    firsts = {entry.builder: entry.id for entry in reversed(classifiers)}
    outputs = {
        name: archcost.profile(f"{name}?num_classes=7&in_channels=1").layers[-1].outputs for name in firsts.values()
    }

    assert outputs == dict.fromkeys(outputs, ((1, 7),))


@pytest.mark.parametrize(
    ("spec", "says"),
    [
        ("vgg16?num_classes=-1", "num_classes must be a whole number of at least 1, not -1"),
        ("vgg16?in_channels=a", "in_channels must be a whole number of at least 1, not 'a'"),
        ("vgg16?batch_norm=no", "batch_norm must be true or false, not 'no'"),
        ("googlenet?aux=1", "aux must be true or false, not 1"),
        ("resnet50?depth=51", "there is no depth 51; there are 18, 34, 50, 101, 152, 200"),
        ("resnet34?shortcut=D", "there is no shortcut 'D'; there are A, B, C, None"),
        ("cifar_resnet20?depth=21", "depth must be 6n+2 with n of at least 1"),
        ("cifar_preresnet164?depth=165", "depth must be 9n+2 with n of at least 1"),
        ("wrn28_10?width=1.5", "width must be a whole number of at least 1, not 1.5"),
        ("resnext50_32x4d?cardinality=0", "cardinality must be a whole number of at least 1, not 0"),
        ("cifar_densenet_40_12?growth=true", "growth must be a whole number of at least 1, not True"),
        ("fractalnet20?drop_path=1", "drop_path must be at least 0 and less than 1, not 1"),
        ("efficientnet_b0?dropout=a", "dropout must be at least 0 and less than 1, not 'a'"),
        ("mobilenet_v1?width=0", "width must be a number above 0, not 0"),
        ("shufflenet_v1?groups=5", "there are 1, 2, 3, 4, 8"),
        ("inception_resnet_v1?aux=true", "only v2_slim has a side classifier, not v1"),
        ("block_residual_bottleneck?in_channels=6", "in_channels of a bottleneck must be a multiple of 4, not 6"),
    ],
)
def test_wrong_arguments_name_what_is_allowed(spec, says):
    with pytest.raises(ArgumentError) as caught:
        archcost.profile(spec)

    assert says in str(caught.value)


def test_a_network_too_large_for_torch_names_its_arguments():
    with pytest.raises(OutOfMemoryError, match=r"mobilenet_v1_1.0 cannot be built with width=1000000000.0: "):
        archcost.profile("mobilenet_v1?width=1e9")


def test_a_network_that_fails_without_arguments_names_none(monkeypatch):
    def fails(*_args, **_options):
        raise RuntimeError("no room")

    monkeypatch.setattr(nn.Conv2d, "__init__", fails)
    with pytest.raises(BuildError, match=r"^lenet5_1998 cannot be built: no room"):
        archcost.profile("lenet5", device="cpu")


def test_no_shortcut_is_a_plain_net():
    assert archcost.profile("resnet18?shortcut=none").totals == report("plain18").totals


def test_every_id_and_short_name_is_known():
    for name in COUNTS:
        assert name.partition("@")[0] in zoo.REGISTRY
    assert {alias: zoo.REGISTRY.find(alias).id for alias in ALIASES} == ALIASES


@pytest.mark.parametrize(("name", "form"), BLOCK_FORMS.items())
def test_worked_examples_equal_their_arithmetic(name, form):
    """At their own size, and with other widths and maps if the example allows these."""
    channels, size, _ = zoo.REGISTRY.find(name).input
    for spec, width, side in ((name, channels, size), (f"{name}@28?in_channels=256", 256, 28)):
        layers = BLOCKS[form](width, side)
        totals = archcost.profile(spec).totals

        assert (totals.weights, totals.macs) == (sum(x.weights for x in layers), sum(x.macs for x in layers)), spec


def test_every_worked_example_is_tested():
    assert {entry.id for entry in zoo.REGISTRY.search("block_*")} == BLOCK_FORMS.keys()


def test_worked_examples_see_what_the_lecture_says():
    """Three 3x3, one 7x7: 7; two 3x3, one 5x5: 5; 3x1 and 1x3, two 2x2: 3."""
    fields = {name: archcost.profile(f"block_{name}").totals.receptive_field for name in RECEPTIVE_FIELDS}

    assert fields == {name: (size, size) for name, size in RECEPTIVE_FIELDS.items()}
