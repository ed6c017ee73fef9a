"""The tested releases of torch, named in one place for all uses; and the note about any other release."""

import tomllib
from pathlib import Path

import pytest
import torch
import yaml
from packaging.requirements import Requirement
from torch import nn

import archcost
from archcost import releases
from archcost.cli import run
from archcost.releases import TESTED, describe_installed, describe_untested

ROOT = Path(__file__).parent.parent
FILES = ("constraints/oldest.txt", "constraints.txt", "constraints/newest.txt")
NEWER = "is newer than the releases that archcost is tested with"


@pytest.fixture
def untested(monkeypatch):
    """Make the installed torch look newer than the tested ones."""
    monkeypatch.setattr(releases, "TESTED", ("1.0.0", "1.2.0"))
    kept = describe_installed, describe_untested
    for function in kept:
        function.cache_clear()
    yield
    for function in kept:
        function.cache_clear()


def constraint(file, package):
    lines = (ROOT / file).read_text().splitlines()
    return next(line.partition("==")[2] for line in lines if line.startswith(f"{package}=="))


def test_each_has_a_constraints_file_which_shares_the_rest():
    assert tuple(constraint(file, "torch") for file in FILES) == TESTED
    assert all("-c" in (ROOT / file).read_text() for file in FILES)
    assert "torch==" not in (ROOT / "constraints" / "common.txt").read_text()


def test_the_oldest_is_the_one_that_installing_asks_for():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    allowed = next(need for need in map(Requirement, project["dependencies"]) if need.name == "torch").specifier
    before = TESTED[0].split(".")
    before[1] = str(int(before[1]) - 1)
    assert all(allowed.contains(release) for release in TESTED)
    assert not allowed.contains(".".join(before))


def test_the_workflow_tests_each():
    jobs = yaml.safe_load((ROOT / ".github" / "workflows" / "check.yml").read_text())["jobs"]
    assert {row["constraints"] for row in jobs["tests"]["strategy"]["matrix"]["include"]} == set(FILES)


@pytest.mark.parametrize("release", [*TESTED, "2.11.1", "2.12.0+cpu", "2.14.9", "2.13.0a0+git1234", "unknown"])
def test_nothing_is_said_of_what_lies_between(release):
    assert describe_untested(release) is None


@pytest.mark.parametrize(
    ("release", "age"),
    [
        ("2.15.0", "newer"),
        ("3.0.0+cu140", "newer"),
        ("2.15.0.dev20261101", "newer"),
        ("2.6.0", "older"),
        ("2.9", "older"),
    ],
)
def test_what_lies_outside_is_named_with_the_range(release, age):
    text = describe_untested(release)
    assert f"torch {release} is {age}" in text
    assert f"({TESTED[0]} to {TESTED[-1]})" in text


def test_the_torch_that_these_tests_run_on_is_one_of_them():
    assert torch.__version__.partition("+")[0] in TESTED
    assert describe_installed() is None


def test_a_report_says_once_that_torch_is_not_tested(untested):
    report = archcost.profile(nn.Linear(3, 2), torch.ones(1, 3))
    assert sum(NEWER in warning for warning in report.warnings) == 1
    assert report.totals.macs == 6


@pytest.mark.parametrize("command", [["profile", "lenet5"], ["diff", "lenet5", "lenet5"], ["compare", "lenet5"]])
def test_a_command_says_it_once_and_does_not_fail(command, untested, capsys):
    assert run(command) == 0
    out, err = capsys.readouterr()
    assert " ".join((out + err).split()).count(NEWER) == 1


def test_a_check_says_it_in_its_notes(untested, tmp_path, monkeypatch, capsys):
    (tmp_path / "pyproject.toml").write_text('[tool.archcost.networks.net]\nspec = "lenet5"\n')
    monkeypatch.chdir(tmp_path)
    assert run(["check", "--update"]) == 0
    capsys.readouterr()
    assert run(["check", "--format", "markdown"]) == 0
    out, err = capsys.readouterr()
    assert out.count(NEWER) == 1
    assert NEWER not in err
