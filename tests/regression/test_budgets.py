"""Budgets: their syntax, the budget of a network, and its limits."""

from __future__ import annotations

import re
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from archcost.errors import ArgumentError, ConfigError, IncomparableError
from archcost.records import Allowance, Difference, Row, Snapshot
from archcost.regression import judge, parse_budgets, parse_condition, requirement
from archcost.regression.budgets import DEFAULT, GATED, find_loosened


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
    [("vgg16", None, None), ("resnet18", 2 * 10**9, None), ("vgg50", None, "2%"), ("resnet50", 4_200_000_000, "2%")],
)
def test_the_more_specific_pattern_wins_key_by_key(network, largest, increase):
    for table in (TABLE, dict(reversed(TABLE.items()))):
        found = {(budget.metric, budget.kind, budget.level): budget for budget in parse_budgets(table).of(network)}
        errors = {(metric, kind): budget.limit for (metric, kind, level), budget in found.items() if level == "error"}
        growth = errors.get(("macs", "max_increase"))

        assert found["macs", "max", "warn"].limit == 10**9  # a limit of another level is added
        assert errors.get(("macs", "max")) == largest
        assert (growth and growth.text) == increase
        assert errors["params", "max"] == 10**6
    assert "*" in found["params", "max", "error"].where


def test_limits_of_two_levels_hold_side_by_side():
    rule = [{"max_increase": "1%", "level": "warn"}, {"max_increase": "5%"}]
    budgets = parse_budgets({"*": {"macs": rule}}).of("net")

    def exceeded(after):
        return [each.level for each in judge(difference(1000, after), budgets) if each.outcome == "exceeded"]

    assert [exceeded(after) for after in (1010, 1011, 1050, 1051)] == [[], ["warn"], ["warn"], ["warn", "error"]]


def test_a_warning_beside_an_inherited_error_leaves_the_error():
    table = {"*": {"params": {"max": "12M"}}, "net": {"params": {"max": "10M", "level": "warn"}}}
    verdicts = judge(difference(None, 12_000_001, "params"), parse_budgets(table).of("net"))

    assert [(each.level, each.outcome, each.most) for each in verdicts] == [
        ("error", "exceeded", 12_000_000),
        ("warn", "exceeded", 10_000_000),
    ]


def test_off_drops_what_other_patterns_say():
    table = {"*": {"macs": [{"max": "1G", "max_increase": "1%"}, {"max": "500M", "level": "warn"}]}}

    def kinds(rule):
        return [(each.kind, each.level) for each in parse_budgets({**table, "net": {"macs": rule}}).of("net")]

    assert kinds({"level": "off"}) == []
    assert kinds({"max": 1, "level": "off"}) == [("max_increase", "error")]


MODULES = {"net": {"modules": {"backbone.*": {"params": {"max": 30, "max_increase": "10%"}}}}}


def rows(**params):
    return tuple(Row(name=name.replace("_", "."), call=0, kind="Linear", outputs=(), values={"params": value})
                 for name, value in params.items())  # fmt: skip


def test_a_budget_of_modules_is_judged_by_the_sum_of_their_layers():
    found = difference(0, 0)
    before, after = (replace(found.after, rows=rows(backbone_0=10, backbone_1=size, head=99)) for size in (10, 15))
    verdicts = judge(replace(found, before=before, after=after), parse_budgets(MODULES).of("net"))

    assert [(each.kind, each.before, each.after, each.outcome, each.modules) for each in verdicts] == [
        ("max", 20, 25, "passed", "backbone.*"),
        ("max_increase", 20, 25, "exceeded", "backbone.*"),  # 25 is 25 % more than 20, but only 10 % are allowed
    ]


def test_a_module_is_named_without_a_star_too():
    found = difference(0, 0)
    after = replace(found.after, rows=rows(backbone_0=31, head=99))
    budgets = parse_budgets({"net": {"modules": {"backbone": {"params": {"max": 30}}}}}).of("net")

    assert [each.after for each in judge(replace(found, before=None, after=after), budgets)] == [31]


def test_modules_that_do_not_exist_are_a_wrong_setting():
    found = difference(0, 0)
    with pytest.raises(ConfigError, match=r"no layer of net fits 'backbone\.\*'"):
        judge(found, parse_budgets(MODULES).of("net"))


def test_a_quantity_that_does_not_add_up_over_layers_has_no_budget_of_modules():
    with pytest.raises(ConfigError, match="depth does not add up over layers"):
        parse_budgets({"net": {"modules": {"*": {"depth": {"max": 3}}}}})


def test_a_receptive_field_is_judged_by_its_largest_axis_and_refused_where_there_is_no_bound():
    budgets = parse_budgets({"*": {"receptive_field": {"max": 64}, "depth": {"max": 16}}}).of("net")
    found = difference(None, 65, "receptive_field")
    found = replace(found, after=replace(found.after, totals={"receptive_field": 65, "depth": 16}))

    assert [each.outcome for each in judge(found, budgets)] == ["exceeded", "passed"]
    with pytest.raises(IncomparableError, match="no receptive field of a bounded size"):
        judge(difference(None, 16, "depth"), budgets)


@pytest.mark.parametrize(
    ("before", "after", "says"),
    [
        ({"macs": {"max_increase": "2%"}}, {"macs": {"max_increase": "200%"}}, ["budget macs max_increase 2% -> 200%"]),
        ({"macs": {"max": "1G"}}, {"macs": {"max": "2G"}}, ["budget macs max 1.000 G -> 2.000 G"]),
        ({"macs": {"max": "2G"}}, {"macs": {"max": "1G"}}, []),
        ({"macs": {"max": "2G"}}, {"params": {"max": 1}}, ["budget macs max 2.000 G removed"]),
        ({"macs": {"max": 1}}, {"macs": {"max": 1, "level": "warn"}}, ["budget macs max 1 -> 1 (warning)"]),
        ({"macs": {"max": 1, "level": "warn"}}, {"macs": {"max": 1}}, []),  # stricter
        ({"macs": {"max": 1, "level": "warn"}}, {"macs": {"max": 2}}, ["budget macs max 1 (warning) -> 2"]),
        ({"macs": {"max": 1, "level": "warn"}}, {"params": {"max": 1}}, ["budget macs max 1 (warning) removed"]),
        (
            {"macs": [{"max": 1, "level": "warn"}, {"max": 5}]},
            {"macs": {"max": 1, "level": "warn"}},
            ["budget macs max 5 removed"],
        ),
        (
            {"modules": {"a.*": {"macs": {"max_decrease": "1%"}}}},
            {"modules": {"a.*": {"macs": {"max_decrease": "3%"}}}},
            ["budget a.* macs max_decrease 1% -> 3%"],
        ),
    ],
)
def test_a_budget_that_became_looser_is_named(before, after, says):
    assert list(find_loosened(*(parse_budgets({"*": table}).of("net") for table in (before, after)))) == says


def test_a_level_needs_a_limit():
    with pytest.raises(ConfigError, match="has a level and no limit"):
        parse_budgets({"*": {"macs": {"level": "warn"}}})


def test_a_plain_name_is_more_specific_than_any_pattern():
    table = {"a[b]c": {"macs": {"max": 1}}, "ab*********": {"macs": {"max": 2}}, "abc": {"macs": {"max": 3}}}

    assert [budget.limit for budget in parse_budgets(table).of("abc")] == [3]


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
        ("macs>2%", "'2%' is not an amount"),
        ("macs<4G", "to forbid a decrease write 'macs<-2%'"),
        ("macs<+2%", "'>+2%' (it grew by more)"),
        ("macs>=+2%", "'>+2%' (it grew by more)"),
        ("macs>+lots", "'lots' is not an amount"),
        ("jump>1", "is not one number of a whole network"),
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
        ({"*": {"macs": {"max": "4 giga"}}}, "macs.max: '4 giga' is not an amount; write 4.2G"),
        ({"*": {"macs": {"max": 4.2}}}, "macs.max must be an amount"),
        ({"*": {"macs": {"max": True}}}, "macs.max must be an amount"),
        ({"*": {"macs": {"max": -1}}}, "macs.max must be an amount"),
        ({"*": {"macs": {"max": "2%"}}}, "'2%' is not an amount"),
        ({"*": {"macs": {"max_increase": "2k%"}}}, "'2k%' is not a change; write 2%"),
        ({"*": {"macs": {"max_increase": "-2%"}}}, "'-2%' is not a change"),
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


def test_the_documentation_lists_every_name_that_can_be_limited():
    page = (Path(__file__).parents[2] / "docs" / "reference" / "quantities.md").read_text(encoding="utf-8")

    assert [name for name in GATED if f"| `{name}` |" not in page] == []
