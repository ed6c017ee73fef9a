"""Every published figure has its recorded verdict: a test of the whole program."""

from collections import Counter

import pytest

from archcost.claims import check, read_published
from archcost.zoo import REGISTRY


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

    assert len(claims) >= 150
    assert {entry.id for entry in REGISTRY} - covered == set()


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
