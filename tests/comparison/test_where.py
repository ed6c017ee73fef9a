"""Conditions on networks."""

import pytest

from archcost.comparison.where import LONGEST, parse_condition
from archcost.errors import ArgumentError

NUMBERS, WORDS = ("macs", "top1"), ("family", "name")
NETWORK = {"macs": 4_089_184_256, "top1": None, "family": "resnet", "name": "timm:resnet50.a1_in1k"}


def meets(text, **figures):
    return parse_condition(text, NUMBERS, WORDS)({**NETWORK, **figures}.get)


@pytest.mark.parametrize(
    "text",
    [
        "macs < 4.1G",
        "macs>=4089184256",
        "macs != 4G",
        "family == ResNet",
        "name ~ '*resnet50*'",
        'name ~ "*a1_in1k"',
        "not macs > 5G",
        "macs > 5G or family == resnet",
        "(macs > 5G or family == resnet) and macs < 5G",
        "macs > 9G and macs > 9G or macs < 5G",
    ],
)
def test_what_a_network_meets(text):
    assert meets(text)


@pytest.mark.parametrize(
    "text",
    [
        "macs > 4.1G",
        "family != resnet",
        "macs < 5G and family == vgg",
        "macs < 5G and (macs > 5G or family == vgg)",
        "not (macs < 5G)",
    ],
)
def test_what_it_does_not_meet(text):
    assert not meets(text)


def test_a_figure_that_is_unknown_meets_no_condition():
    assert not meets("top1 > 0")
    assert not meets("top1 <= 100")
    assert meets("top1 >= 80", top1=80.0)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "ends too early"),
        ("macs", "ends too early"),
        ("macs <", "ends too early"),
        ("mac < 3", "there is no 'mac'; did you mean macs?"),
        ("macs ~ 3", "macs can be compared by <"),
        ("family < 3", "family can be compared by =="),
        ("macs < many", "--where 'macs < many': 'many' is not an amount"),
        ("macs < 3 macs < 4", "'macs' is not expected there"),
        ("(macs < 3", "a closing parenthesis is missing"),
        ("macs < 3)", "')' is not expected there"),
        ("name ~ 'open", "cannot be read"),
        ("year = 2020", r"'= 2020' cannot be read; comparisons are < <= > >= == != ~"),
        ("(" * 60 + "macs < 3" + ")" * 60, "nested more than 50 deep"),
        ("not " * 60 + "macs < 3", "nested more than 50 deep"),
        ("macs < 3 or " * 100, f"at most {LONGEST} letters"),
    ],
)
def test_a_condition_that_cannot_be_read(text, said):
    with pytest.raises(ArgumentError) as caught:
        parse_condition(text, NUMBERS, WORDS)
    assert said in str(caught.value)
    assert len(str(caught.value)) < 1000
