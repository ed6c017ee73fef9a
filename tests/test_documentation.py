"""What the README and the docstrings show is run, and does what they say."""

import doctest
import importlib
import re
import shlex
from pathlib import Path

import pytest

import archcost
from archcost.cli import run
from archcost.rules import _registry

pytestmark = pytest.mark.usefixtures("warm_workers")

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
COMMANDS = re.findall(r"^\$ archcost (.*?)(?:  +#.*)?$", README, re.MULTILINE)
MODULES = [
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
    for path in sorted((ROOT / "archcost").rglob("*.py"))
    if ">>>" in path.read_text(encoding="utf-8")
]


@pytest.fixture
def own_rules():
    """Whatever rules an example declares are gone afterwards."""
    before = dict(_registry._rules)
    yield
    _registry._rules.clear()
    _registry._rules.update(before)


@pytest.mark.parametrize("name", MODULES)
def test_examples_in_docstrings_are_true(own_rules, name):
    failed, attempted = doctest.testmod(importlib.import_module(name))

    assert attempted
    assert not failed


def mark(command):
    """Return a command as a case; one that tries many plans of a large network, which takes a minute, is an extra."""
    return pytest.param(command, marks=pytest.mark.extras if "--checkpoint auto" in command else [])


@pytest.mark.parametrize("command", [mark(command) for command in COMMANDS if "timm:" not in command])
def test_the_readmes_commands_run(command, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "model.py").write_text("from torch import nn\n\ndef build():\n    return nn.Conv2d(3, 4, 3)\n")
    (tmp_path / "mine.csv").write_text(re.search(r"^\$ cat mine\.csv\n(.*?)^\$", README, re.MULTILINE | re.DOTALL)[1])

    words = shlex.split(command)
    assert run(words) == 0
    written = [tmp_path / words[i + 1] for i, word in enumerate(words) if word == "-o"]
    assert all(path.stat().st_size for path in written)
    assert written or capsys.readouterr().out


def test_the_readmes_python_says_what_it_returns(own_rules):
    blocks = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    names = {"archcost": archcost}
    checked = 0
    for block in blocks:
        exec(block, names)  # noqa: S102 - our own README
        for line, expected in re.findall(r"^([\w.\[\], ]+?)  # (\(?['\d].*)$", block, re.MULTILINE):
            value = eval(line, names)  # noqa: S307
            assert ", ".join(map(repr, value)) == expected
            checked += 1

    assert checked == 2
