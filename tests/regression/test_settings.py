"""The settings in a project's pyproject.toml, and the errors about wrong ones."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from archcost.errors import ArgumentError, ConfigError
from archcost.regression.settings import find_settings, read_settings
from archcost.zoo import REGISTRY

WHOLE = """
[tool.archcost.networks.small]
spec = "model.py:build"
input = ["3x32x32", "mask=8:bool"]
batch = 2
train = "adam"
device = "cpu"

[tool.archcost.networks.zoo]
spec = ["vgg1*", "lenet5"]

[tool.archcost.budgets."vgg*"]
macs = { max = "20G" }
"""


@pytest.fixture
def read(tmp_path):
    def settings(text):
        (tmp_path / "pyproject.toml").write_text(text, encoding="utf-8")
        return read_settings(tmp_path / "pyproject.toml")

    return settings


def test_one_table_is_one_network_or_many(read):
    settings = read(WHOLE)
    small, *zoo = settings.plans

    assert (small.name, small.spec, small.inputs) == ("small", "model.py:build", ("3x32x32", "mask=8:bool"))
    assert small.options == {"batch": 2, "mode": "eval", "train": "adam", "device": "cpu", "like": None}
    assert {plan.name for plan in zoo} >= {"vgg11", "vgg16", "lenet5"}
    assert all(plan.name == plan.spec and plan.group == "zoo" for plan in zoo)
    assert settings.budgets.metrics == ("macs",)


def test_a_star_is_the_whole_zoo(read):
    plans = read('[tool.archcost.networks.zoo]\nspec = "*"\n').plans

    assert [plan.name for plan in plans] == [entry.id for entry in REGISTRY]


@pytest.mark.parametrize(
    ("wanted", "names"),
    [((), {"small", "vgg16", "lenet5"}), (("small",), {"small"}), (("zoo",), {"vgg16", "lenet5"}),
     (("vgg*", "small"), {"vgg16", "small"})],
)  # fmt: skip
def test_networks_are_selected_by_name_table_and_pattern(read, wanted, names):
    found = {plan.name for plan in read(WHOLE).select(wanted)}

    assert found & {"small", "vgg16", "lenet5"} == names


def test_an_unknown_network_is_answered_with_the_nearest(read):
    with pytest.raises(ArgumentError, match=r"no network 'smal' under .*did you mean small"):
        read(WHOLE).select(("smal",))


def test_the_nearest_file_is_found(tmp_path):
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "pyproject.toml").write_text("")

    assert find_settings(tmp_path / "a" / "b") == tmp_path / "a" / "pyproject.toml"


NET = '[tool.archcost.networks.net]\nspec = "lenet5"\n'


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "has no [tool.archcost.networks.NAME]; `archcost init NET` writes one"),
        ("[tool.archcost\n", "line 1, column 15"),
        ("[tool]\narchcost = 1\n", "tool.archcost must be a table, not 1"),
        (NET + "[tool.archcost.budget]\n", "tool.archcost.budget: there is no such key; did you mean budgets"),
        (NET + 'inputs = "3x4x4"\n', "networks.net.inputs: there is no such key; did you mean input"),
        ('[tool.archcost.networks.net]\ninput = "3x4x4"\n', "networks.net has no spec"),
        ("[tool.archcost.networks.net]\nspec = 1\n", "networks.net.spec must be a text or a list of texts, not 1"),
        ('[tool.archcost.networks.net]\nspec = "vgg61*"\n', "'vgg61*' fits no network of `archcost list`"),
        (NET + 'input = "3,4"\n', "networks.net.input: --input '3,4' does not parse"),
        (NET + "batch = true\n", "networks.net.batch must be a whole number"),
        (NET + 'mode = "test"\n', "networks.net.mode must be one of eval, train, as-is"),
        (NET + 'train = "lion"\n', "networks.net.train must be one of sgd"),
        (NET + 'like = "tpu"\n', "networks.net.like must be one of cuda, cpu"),
        (NET + 'device = "tpu"\n', "networks.net.device must be one of meta,cpu, meta, cpu, cuda, mps, xpu"),
        (NET + "[tool.archcost.networks]\nother = 3\n", "networks.other must be a table"),
        (NET + '[tool.archcost.networks.z]\nspec = ["net"]\n', "'net' is in both 'net' and 'z'"),
        (NET + '[tool.archcost.budgets."nett"]\nmacs = { max = 1 }\n', 'budgets."nett" fits no network'),
        (NET + '[tool.archcost.budgets."*"]\nflops = { max = 1 }\n', 'budgets."*".flops: there is no quantity'),
    ],
)
def test_what_is_wrong_is_named_by_file_and_key(read, text, says):
    with pytest.raises(ConfigError, match=re.escape(says)) as caught:
        read(text)
    assert "pyproject.toml" in str(caught.value)
    assert caught.value.exit_code == 2


def test_a_device_in_the_place_of_settings_is_not_read_without_end():
    with pytest.raises(ConfigError, match="it is not a regular file"):
        read_settings(Path("/dev/zero"))


def test_what_the_documentation_shows_is_read(read):
    text = (Path(__file__).parents[2] / "docs" / "howto" / "ci.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"```toml\n(\[tool\.archcost\.networks.*?)```", text, re.DOTALL)
    settings = read(block)
    budgets = {budget.metric: budget for budget in settings.budgets.of("classifier")}

    assert [plan.spec for plan in settings.plans] == ["model.py:build"]
    assert (budgets["params"].limit, budgets["params"].level) == (25_600_000, "warn")
    assert budgets["macs"].limit.text == "2%"


@pytest.mark.parametrize("table", ["networks", "budgets"])
def test_a_line_break_in_the_name_of_a_table_is_written_as_one_in_the_error(read, table):
    with pytest.raises(ConfigError) as caught:
        read(f'[tool.archcost.networks.a]\nspec = "lenet5"\n[tool.archcost.{table}."x\\n::error::y"]\nspc = 1\n')

    assert "x\\n::error::y" in str(caught.value)
    assert "\n" not in str(caught.value)
