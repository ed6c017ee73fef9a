"""Budgets: how they are read, which one holds for a network, and what they allow."""

from __future__ import annotations

import re
from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given, strategies as st

from archcost.errors import ArgumentError, ConfigError
from archcost.records import Allowance, Difference, Snapshot
from archcost.regression import judge, parse_budgets, parse_condition, requirement
from archcost.regression.budgets import DEFAULT


def difference(before: int | None, after: int, metric: str = "macs") -> Difference:
    def side(value):
        return Snapshot(
            spec="net", name="net", mode="eval", inputs=(), conventions="1", totals={metric: value}, rows=(),
            uncovered={},
        )  # fmt: skip

    return Difference(before=None if before is None else side(before), after=side(after), changes=())


def outcomes(before, after, **rule) -> list[str]:
    budgets = parse_budgets({"*": {"macs": rule}}).of("net")
    return [verdict.outcome for verdict in judge(difference(before, after), budgets)]


@pytest.mark.parametrize(
    ("rule", "before", "allowed"),
    [
        ({"max": "4.2G"}, 0, 4_200_000_000),
        ({"max": 4_200_000_000}, 0, 4_200_000_000),
        ({"max": "1Ki"}, 0, 1024),
        ({"max": "1.5Mi"}, 0, 1_572_864),
        ({"max": "2T"}, 0, 2 * 10**12),
        ({"max_increase": "2%"}, 1000, 1020),
        ({"max_increase": "0.1%"}, 10**12 + 1, 10**12 + 1 + 10**9),
        ({"max_increase": "10"}, 1000, 1010),
        ({"max_increase": 0}, 1000, 1000),
        ({"max_increase": "5%"}, 0, 0),
        ({"max_increase": "1k"}, 0, 1000),
    ],
)
def test_the_last_value_that_is_allowed_and_the_first_that_is_not(rule, before, allowed):
    assert outcomes(before, allowed, **rule) == ["passed"]
    assert outcomes(before, allowed + 1, **rule) == ["exceeded"]


@pytest.mark.parametrize(
    ("most", "value", "says"),
    [
        (4_200_000_000, 4_200_000_001, "at most 4,200,000,000"),
        (4_200_000_000, 4_300_000_000, "at most 4.200 G"),
        (4_200_000_000, 4_200_000_000, "at most 4.200 G"),
    ],
)
def test_a_limit_never_looks_like_the_value_that_exceeds_it(most, value, says):
    (verdict,) = judge(difference(None, value), parse_budgets({"*": {"macs": {"max": most}}}).of("net"))

    assert verdict.limit == says


def test_a_decrease_has_a_limit_of_its_own():
    assert outcomes(100, 50, max_increase=0) == ["passed"]
    assert outcomes(100, 99, max_decrease="1%") == ["passed"]
    assert outcomes(100, 98, max_decrease="1%") == ["exceeded"]
    assert outcomes(100, 98, max=99, max_increase=0, max_decrease=1) == ["passed", "passed", "exceeded"]


def test_without_a_baseline_the_maximum_alone_is_judged():
    assert outcomes(None, 100, max=99, max_increase=0, max_decrease=0) == ["exceeded"]


@given(st.integers(0, 10**15), st.integers(0, 10**6), st.fractions(0, 100))
def test_a_percentage_is_exact(before, change, percent):
    allowance = Allowance(amount=percent, percent=True, text="")

    assert allowance.allows(change, before) == (Fraction(change) <= Fraction(before) * percent / 100)


def test_a_level_of_warn_warns_and_off_is_silent():
    (verdict,) = judge(difference(1, 2), parse_budgets({"*": {"macs": {"max": 1, "level": "warn"}}}).of("a"))

    assert (verdict.level, verdict.outcome) == ("warn", "exceeded")
    assert outcomes(1, 2, max=1, level="off") == []


TABLE = {
    "*": {"macs": {"max": "1G", "level": "warn"}, "params": {"max": "1M"}},
    "resnet*": {"macs": {"max": "2G"}},
    "*50": {"macs": {"max_increase": "2%"}},
    "resnet50": {"macs": {"max": "4.2G"}},
}


@pytest.mark.parametrize(
    ("network", "largest", "increase"),
    [("vgg16", 10**9, None), ("resnet18", 2 * 10**9, None), ("vgg50", 10**9, "2%"), ("resnet50", 4_200_000_000, "2%")],
)
def test_the_more_specific_pattern_wins_key_by_key(network, largest, increase):
    for table in (TABLE, dict(reversed(TABLE.items()))):
        found = {budget.metric: budget for budget in parse_budgets(table).of(network)}

        assert found["macs"].max == largest
        assert found["macs"].level == "warn"
        assert (found["macs"].max_increase and found["macs"].max_increase.text) == increase
        assert found["params"].max == 10**6
    assert "*" in found["params"].where


def test_a_plain_name_is_more_specific_than_any_pattern():
    table = {"a[b]c": {"macs": {"max": 1}}, "ab*********": {"macs": {"max": 2}}, "abc": {"macs": {"max": 3}}}

    assert [budget.max for budget in parse_budgets(table).of("abc")] == [3]


def test_without_any_budget_the_usual_quantities_may_not_grow():
    assert parse_budgets({"other": {"macs": {"max": 1}}}).of("net") == DEFAULT
    assert [verdict.outcome for verdict in judge(replace_totals(100, 101), DEFAULT)] == ["exceeded"] * 3
    assert [verdict.outcome for verdict in judge(replace_totals(100, 99), DEFAULT)] == ["passed"] * 3


def replace_totals(before: int, after: int) -> Difference:
    names = [budget.metric for budget in DEFAULT]
    found = difference(before, after)
    old, new = (
        replace(side, totals=dict.fromkeys(names, value))
        for side, value in ((found.before, before), (found.after, after))
    )
    return replace(found, before=old, after=new)


@pytest.mark.parametrize(
    ("text", "before", "allowed"),
    [("macs>+2%", 1000, 1020), ("macs > 25.6M", 0, 25_600_000), ("macs>=4.2G", 0, 4_199_999_999), ("macs>+10", 5, 15)],
)
def test_conditions_that_fail_a_check(text, before, allowed):
    condition = parse_condition(text)

    assert [each.outcome for each in judge(difference(before, allowed), [condition])] == ["passed"]
    assert [each.outcome for each in judge(difference(before, allowed + 1), [condition])] == ["exceeded"]
    assert text in condition.where


def test_a_condition_on_a_decrease():
    condition = parse_condition("macs<-1%")

    assert [each.outcome for each in judge(difference(100, 99), [condition])] == ["passed"]
    assert [each.outcome for each in judge(difference(100, 98), [condition])] == ["exceeded"]


@pytest.mark.parametrize(
    ("text", "before", "allowed"),
    [("<4.2G", None, 4_199_999_999), ("<=25.6M", None, 25_600_000), ("<1.5", None, 1), ("<=+2%", 1000, 1020)],
)
def test_requirements_as_a_test_writes_them(text, before, allowed):
    budget = requirement("macs", text)

    assert [each.outcome for each in judge(difference(before, allowed), [budget])] == ["passed"]
    assert [each.outcome for each in judge(difference(before, allowed + 1), [budget])] == ["exceeded"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("macs", "write 'macs>+2%'"),
        ("macs>", "does not parse"),
        ("mac>+2%", "did you mean macs"),
        ("macs>2%", "'2%' is no amount"),
        ("macs<4G", "a change downwards is written '<-2%'"),
        ("macs<+2%", "'>+2%' (it grew by more)"),
        ("macs>=+2%", "'>+2%' (it grew by more)"),
        ("macs>+lots", "'lots' is no amount"),
        ("receptive_field>1", "is not one number of a whole network"),
        ("intensity>1", "is not one number of a whole network"),
        (">+2%", "does not parse"),
    ],
)
def test_a_condition_that_means_nothing(text, says):
    with pytest.raises(ArgumentError, match=re.escape(says)) as caught:
        parse_condition(text)
    assert "--fail-if" in str(caught.value)


@pytest.mark.parametrize("text", ["4.2G", ">4.2G", "<", "<lots", "macs<4G", "<-2%"])
def test_a_requirement_that_means_nothing(text):
    with pytest.raises(ArgumentError):
        requirement("macs", text)


@pytest.mark.parametrize(
    ("table", "says"),
    [
        ({"*": 1}, 'p.toml: budgets."*" must be a table, QUANTITY = {...}, not 1'),
        ({"*": {"macs": "4G"}}, 'p.toml: budgets."*".macs must be a table'),
        ({"*": {"mac": {"max": 1}}}, "p.toml: budgets.\"*\".mac: there is no quantity 'mac'; did you mean macs"),
        ({"*": {"macs": {"maximum": 1}}}, 'budgets."*".macs.maximum: there is no such key; did you mean max'),
        ({"*": {"macs": {"max": "4 giga"}}}, "macs.max: '4 giga' is no amount; write 4.2G"),
        ({"*": {"macs": {"max": 4.2}}}, "macs.max must be an amount"),
        ({"*": {"macs": {"max": True}}}, "macs.max must be an amount"),
        ({"*": {"macs": {"max": -1}}}, "macs.max must be an amount"),
        ({"*": {"macs": {"max": "2%"}}}, "'2%' is no amount"),
        ({"*": {"macs": {"max_increase": "2k%"}}}, "'2k%' is no change; write 2%"),
        ({"*": {"macs": {"max_increase": "-2%"}}}, "'-2%' is no change"),
        ({"*": {"macs": {"level": "loud"}}}, "macs.level must be one of error, warn, off, not 'loud'"),
        ({"*": {"jump": {"max": 1}}}, "jump is not one number of a whole network"),
    ],
)
def test_a_setting_that_means_nothing_is_named_by_file_and_key(table, says):
    with pytest.raises(ConfigError, match=re.escape(says)) as caught:
        parse_budgets(table, "p.toml")
    assert caught.value.exit_code == 2


def test_a_budget_of_what_was_not_counted():
    budgets = parse_budgets({"*": {"peak_training_bytes": {"max": "8Gi"}}}).of("net")
    with pytest.raises(ConfigError, match='peak_training_bytes needs; it needs a training step: train = "sgd"'):
        judge(difference(1, 1), budgets)
