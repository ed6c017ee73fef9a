"""The ledger's arithmetic: exact, and only arithmetic."""

from fractions import Fraction

import pytest
from hypothesis import given, strategies as st

import archcost
from archcost.claims.expression import evaluate, find_networks, find_sibling
from archcost.claims.measured import MeasuredPart
from archcost.errors import ArgumentError


@pytest.fixture(scope="module")
def measured():
    parts = {}

    def look_up(name):
        if name not in parts:
            parts[name] = MeasuredPart.of(archcost.profile(name))
        return parts[name]

    return look_up


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("alexnet.layer('conv1').weights", 11 * 11 * 3 * 96),
        ("alexnet.layer('conv1').params", 11 * 11 * 3 * 96 + 96),
        ("alexnet.layer('conv1').output", 55 * 55 * 96),
        ("alexnet.layer('conv1').channels + alexnet.layer('conv1').height", 96 + 55),
        ("alexnet.convolutions.count + alexnet.linears.count", 8),
        ("alexnet.convolutions.macs + alexnet.linears.macs - alexnet.macs", 0),
        ("alexnet.biases", 96 + 256 + 384 + 384 + 256 + 4096 + 4096 + 1000),
        ("alexnet.depth", 8),
        ("net('block_5x5').macs / block_3x3.macs", Fraction(25, 9)),
        ("block_three_3x3.receptive_field", 7),
        ("net('block_3x3@28').macs / block_3x3.macs", Fraction(1, 4)),
        ("2 ** 10 * 0.5 - -1", 513),
    ],
)
def test_quantities_and_arithmetic(measured, text, value):
    assert evaluate(text, measured) == value


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os').system('true')",
        "open('/etc/hostname')",
        "alexnet.__class__",
        "alexnet.layer.__globals__",
        "alexnet.rows",
        "(lambda: 1)()",
        "[x for x in (1, 2)]",
        "alexnet.layer('a', 'b')",
        "alexnet.layer(name='conv1')",
        "net(1)",
        "1 if 2 else 3",
        "1 // 2",
        "1 < 2",
        "True + 1",
        "'a' * 9",
        "1e999",
        "2 ** alexnet.params",
        "2 ** 65",
        "2 ** -1",
        "f'{1}'",
        "x := 1",
        "",
        "1 +",
    ],
)
def test_everything_else_is_refused(text):
    with pytest.raises(ArgumentError):
        find_networks(text)
    with pytest.raises(ArgumentError):
        evaluate(text, lambda name: pytest.fail(f"asked for {name}"))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("alexnt.params", "did you mean alexnet"),
        ("alexnet.parms", "did you mean params"),
        ("alexnet.layer('conv9').params", "no row 'conv9'; did you mean conv"),
        ("alexnet.module('stem').params", "no module 'stem'"),
        ("alexnet", "ask for its .params"),
        ("alexnet.params / (1 - 1)", "divides by zero"),
        ("(alexnet.params).depth", "is a number, not a network"),
        ("((2 ** 64) ** 64) ** 64", "too large"),
        ("alexnet.linears.depth", "has no depth"),
    ],
)
def test_mistakes_are_named(measured, text, message):
    with pytest.raises(ArgumentError, match=message.replace("(", r"\(")):
        evaluate(text, measured)


def test_networks_are_known_before_anything_is_measured():
    assert find_networks("vgg16.macs / net('my.py:build@320').macs - vgg16.params") == ("vgg16", "my.py:build@320")


def test_a_quantity_can_be_exchanged():
    assert find_sibling("net('a@1').module('b').params", "weights") == "net('a@1').module('b').weights"
    assert find_sibling("vgg16.params / 2", "weights") is None


@given(st.lists(st.integers(-999, 999), min_size=1, max_size=6))
def test_sums_are_exact(numbers):
    text = " + ".join(f"({number} / 7)" for number in numbers)

    assert evaluate(text, lambda _: pytest.fail("no network")) == Fraction(sum(numbers), 7)
