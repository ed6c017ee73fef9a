"""Every published figure has its recorded verdict: a test of the whole program."""

from collections import Counter

import pytest

from archcost.claims import check, read_published
from archcost.zoo import REGISTRY

# Networks whose printed figures could not be looked up again; the ledger omits them.
UNREAD = {
    "lenet5_simple", "wrn40_4", "wrn16_8", "wrn40_8", "wrn22_8", "resnext29_1x64d", "resnext29_32x4d",
    "se_resnet50_v1.5", *(f"fractalnet_c{columns}_w16_cifar100" for columns in range(1, 7)),
    "fractalnet40_wide_cifar100", "shufflenet_v1_g1", "shufflenet_v1_g2", "shufflenet_v1_g4", "block_7x7",
    "block_standard_conv",
}  # fmt: skip


@pytest.fixture(scope="module")
def findings():
    return check(read_published())


@pytest.mark.slow
def test_every_verdict_is_the_recorded_one(findings):
    wrong = [f"{each.claim.place}: {each.verdict}, {each.explanation}" for each in findings if not each.expected]

    assert not wrong


@pytest.mark.slow
def test_every_verdict_but_match_and_rounding_has_its_arithmetic(findings):
    for each in findings:
        if each.verdict in {"convention", "differs", "not comparable"}:
            assert any(letter.isdigit() for letter in each.explanation), each.claim.place


def test_every_network_of_the_zoo_has_a_printed_figure():
    claims = read_published()
    covered = {REGISTRY.find(claim.network).id for claim in claims}
    networks = {entry.id for entry in REGISTRY if entry.family != "Modules"}

    assert len(claims) >= 150
    assert networks - covered == UNREAD


def test_no_figure_is_from_memory():
    assert not [claim.place for claim in read_published() if "unverified" in claim.at or "memory)" in claim.at]


def test_no_figure_is_recorded_twice():
    places = Counter((c.network, c.quantity, c.printed, c.source.name, c.at) for c in read_published())

    assert [place for place, times in places.items() if times > 1] == []


@pytest.mark.slow
@pytest.mark.parametrize(
    ("network", "quantity", "printed", "verdict"),
    [
        ("vgg16", "params", "138M", "match"),
        ("vgg16", "activations", "24M", "differs"),
        ("vgg16", "activation_bytes", "96MB", "differs"),
        ("inception_naive", "macs", "854M", "match"),
        ("inception_reduced", "macs", "358M", "differs"),
        ("alexnet", "weights of CONV1", "35K", "rounding"),
        ("googlenet", "params", "5 million", "differs"),
        ("googlenet", "parameters of AlexNet beside it", "12x", "differs"),
        ("googlenet", "depth", "22 layers", "match"),
        ("googlenet", "depth with pooling layers", "27", "match"),
        ("vgg19", "macs", "19.6 billion FLOPs", "match"),
        ("resnet34_A", "macs", "3.6 billion FLOPs", "match"),
        ("vgg16", "macs", "15.3 billion", "convention"),
    ],
)
def test_the_lectures_figures(findings, network, quantity, printed, verdict):
    found = [
        each.verdict
        for each in findings
        if (each.claim.network, each.claim.quantity, each.claim.printed) == (network, quantity, printed)
    ]

    assert found
    assert set(found) == {verdict}
