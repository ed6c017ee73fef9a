"""Literal values in arguments."""

import pytest

from archcost.errors import ArgumentError
from archcost.sources import parse_spec
from archcost.sources.literals import parse_literal
from archcost.sources.selection import select


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("[16,32]", [16, 32]), ("[]", []), ("[[1,2],[3]]", [[1, 2], [3]]), ("(3,5)", (3, 5)), ("(3,)", (3,)),
        ("[Down2D,AttnDown2D]", ["Down2D", "AttnDown2D"]), ("{a:1,b:[x,none]}", {"a": 1, "b": ["x", None]}),
        ("'3'", "3"), ("['a,b',1]", ["a,b", 1]), ("relu", "relu"), ("", ""), ("1e-3", 0.001), ("a-(b)", "a-(b)"),
    ],
)  # fmt: skip
def test_brackets_make_lists_tuples_and_dictionaries(text, value):
    assert parse_literal(text) == value


@pytest.mark.parametrize("text", ["[1,2", "[1,(2]", "{a}", "'a", "[" * 50 + "]" * 50, "[1,2]]", "[1}]"])
def test_what_is_not_closed_is_refused(text):
    with pytest.raises(ArgumentError, match=r"does not end|missing|not key:value|closes nothing"):
        parse_literal(text)


def test_a_list_is_an_argument_and_no_glob():
    spec = "net.py:build?channels=[16,32]&strides=[2]&inner.depth=3"
    assert parse_spec(spec).arguments == {"channels": [16, 32], "strides": [2], "inner.depth": 3}
    assert select([spec]) == (spec,)
    with pytest.raises(ArgumentError, match=r"net\.py:build\?channels=\[16.*does not end with \]"):
        parse_spec("net.py:build?channels=[16")


def test_tokens_follow_an_at_sign_too():
    assert (parse_spec("hf:llama@seq2048?a=1").seq, parse_spec("hf:llama@seq2048").size) == (2048, None)
    with pytest.raises(ArgumentError, match="of tokens, as in hf:llama@seq2048"):
        parse_spec("hf:llama@seq2x3")
