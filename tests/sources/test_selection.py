"""The networks that a request selects."""

import pytest
from peer_packages import peer

from archcost.errors import ArgumentError, UnknownNetworkError
from archcost.sources.selection import select
from archcost.zoo import REGISTRY


def test_names_stay_as_they_are_and_come_once():
    assert select(["vgg16", "model.py:build?a=1", "vgg16"]) == ("vgg16", "model.py:build?a=1")


def test_a_glob_matches_ids_and_short_names():
    found = select(["vgg1?_bn", "vgg1*_bn"])  # a question mark is not a glob: it begins arguments
    assert found == ("vgg1?_bn", "vgg11_bn", "vgg13_bn", "vgg16_bn", "vgg16_C_bn", "vgg19_bn")
    assert select(["ALEXNET*"]) == select(["alexnet*"]) == ("alexnet_lecture", "alexnet_grouped", "alexnet_owt")


def test_a_family_is_named_in_any_case_and_whole():
    assert select([], families=["vgg"]) == tuple(entry.id for entry in REGISTRY if entry.family == "VGG")
    assert "wrn28_10" not in select([], families=["ResNet"])


def test_variants_can_be_left_out():
    assert select([], families=["VGG"], variants=False) == ("vgg11", "vgg13", "vgg16", "vgg19")
    assert len(select([], everything=True)) == len(REGISTRY)
    assert select(["vgg16_bn"], variants=False) == ("vgg16_bn",)  # named explicitly


def test_what_matches_nothing_is_refused():
    with pytest.raises(UnknownNetworkError, match=r"no network matches 'vgq\*'"):
        select(["vgq*"])
    with pytest.raises(UnknownNetworkError, match="no network matches"):
        select(["model.py:*"])
    with pytest.raises(ArgumentError, match="no family 'VVG'; did you mean VGG"):
        select([], families=["VVG"])
    with pytest.raises(ArgumentError, match="use --family or --all"):
        select([])


@pytest.mark.peers
def test_a_glob_over_a_library():
    peer("torchvision.models")
    assert select(["torchvision:resnet1*"]) == (
        "torchvision:resnet101",
        "torchvision:resnet152",
        "torchvision:resnet18",
    )
