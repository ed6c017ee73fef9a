"""Additions to a pyproject.toml, which change nothing else in it."""

import tomllib
from pathlib import Path

import pytest
import torch

import archcost
from archcost.errors import ConfigError
from archcost.regression.begin import begin, networks_in
from archcost.regression.settings import Plan, parse_settings

FILE = Path("pyproject.toml")


def plan(spec, **rest):
    return Plan(name=spec, group=spec, spec=spec, **rest)


@pytest.fixture(scope="module")
def report():
    return archcost.profile(torch.nn.Conv2d(3, 4, 3, bias=False), torch.zeros(1, 3, 12, 12))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "# mine\n",
        '[project]\nname = "x"  # mine',
        '[project]\r\nname = "x"\r\n',
        '[tool.archcost.networks.vgg16]\nspec = "vgg16"\n',
        '[tool.archcost.budgets."*"]\nmacs = { max = "4G" }\n',
        '[tool]\nother = { a = 1 }\n\n[[tool.mypy.overrides]]\nmodule = "a"\n',
    ],
)
def test_what_was_there_stays_to_the_letter(text, report):
    extended = begin(text, [(plan("model.py:build", inputs=("3x12x12",)), report), (plan("lenet5"), report)])
    settings = parse_settings(extended, FILE)

    assert extended.startswith(text)
    assert ("\r\n" in text) == ("\r\n" in extended)
    assert extended.count("\r\n") in {0, extended.count("\n")}
    assert {each.spec for each in settings.plans} - {"vgg16"} == {"model.py:build", "lenet5"}
    assert settings.select(["model.py:build"])[0].inputs == ("3x12x12",)
    assert list(tomllib.loads(extended)["tool"]["archcost"]["budgets"]) == ["*"]
    assert "# 10.80 k MACs, 108 params on 1x3x12x12" in extended
    assert networks_in(extended, FILE) >= {"model.py:build", "lenet5"}


def test_the_first_budgets_let_nothing_grow_unseen(report):
    budgets = parse_settings(begin("", [(plan("lenet5"), report)]), FILE).budgets.of("lenet5")

    assert {budget.metric: (budget.level, budget.limit.amount) for budget in budgets} == {
        "macs": ("error", 0), "params": ("error", 0), "activation_bytes": ("warn", 2),
    }  # fmt: skip


@pytest.mark.parametrize(
    "spec", ['a"b.py:f', "a\\b.py:f", "a]\nb = 1.py:f", "ä\U0001f600.py:f", "m.py:f?name=#1&x=[2]", "a.b:c.d"]
)
def test_any_name_reads_back(spec, report):
    made = plan(spec, inputs=("3x4x4", "mask=4:bool"), device="cpu")
    settings = parse_settings(begin("", [(made, report)]), FILE)

    assert settings.plans == (made,)


@pytest.mark.parametrize(
    "text",
    [
        "tool = { other = 1 }\n",
        "[tool]\narchcost = { networks = {} }\n",
        '[tool.archcost]\nnetworks = { a = { spec = "vgg16" } }\n',
        "[tool]\narchcost = 3\n",
        "tool.archcost.networks = 3\n",
        '[tool.archcost.networks.lenet5]\nspec = "vgg16"\n',
    ],
)  # fmt: skip
def test_tables_that_cannot_be_added_to_are_refused_with_what_to_add(text, report):
    with pytest.raises(ConfigError, match=r'(?s)Nothing was written; add:\n.*\[tool.archcost.networks."lenet5"\]'):
        begin(text, [(plan("lenet5"), report)])
