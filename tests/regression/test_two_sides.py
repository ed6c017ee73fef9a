"""Base and head, each with its own settings: a change of a pull request is never called unchanged."""

from __future__ import annotations

import json

import pytest
from regression.conftest import Repository

PROJECT = """
[tool.archcost.networks.cnn]
spec = "{spec}"
input = "{input}"
[tool.archcost.budgets."*"]
macs = {{ {budget} }}
"""
# Two convolutions without biases over 3x8x8 take 3*3*3*w*64 + 3*3*w*w*64 multiply-adds at a width of w.
MODEL = """
from torch import nn


def build(width={width}):
    return nn.Sequential(
        nn.Conv2d(3, width, 3, padding=1, bias=False), nn.Conv2d(width, width, 3, padding=1, bias=False)
    )
"""


def macs(width, size=8):
    return size * size * (27 * width + 9 * width * width)


def settings(spec="nets/cnn.py:build", shape="3x8x8", budget='max_increase = "2%"'):
    return PROJECT.format(spec=spec, input=shape, budget=budget)


@pytest.fixture
def check(archcost):
    """Run archcost check against main; return the exit code, the networks by name, and stderr."""

    def check(repository, *arguments):
        command = ["check", "--base-ref", "main", "--format", "json", *arguments]
        done = archcost(*command, cwd=repository.path)
        networks = {each["name"]: each for each in json.loads(done.stdout)["networks"]} if done.stdout else {}
        return done.returncode, networks, done.stderr

    return check


@pytest.fixture
def project(repository):
    """Return a repository: `main` holds a network of width 4 with its settings; HEAD is a branch of it."""
    repository.git("checkout", "--quiet", "main")
    repository.commit({"nets/cnn.py": MODEL.format(width=4), "pyproject.toml": settings()})
    repository.git("checkout", "--quiet", "-B", "change")
    return repository


def test_an_argument_in_the_spec_is_a_change(project, check):
    project.commit({"pyproject.toml": settings(spec="nets/cnn.py:build?width=6")})
    code, networks, _ = check(project)

    assert code == 1
    assert networks["cnn"]["totals"]["macs"] == {"before": macs(4), "after": macs(6)}
    assert networks["cnn"]["settings"] == ["spec nets/cnn.py:build -> nets/cnn.py:build?width=6"]


def test_another_input_is_a_change_and_named(project, check):
    project.commit({"pyproject.toml": settings(shape="3x10x10")})
    code, networks, _ = check(project)

    assert code == 1
    assert networks["cnn"]["totals"]["macs"] == {"before": macs(4), "after": macs(4, 10)}
    assert networks["cnn"]["settings"] == ["input 3x8x8 -> 3x10x10"]


def test_a_file_that_moved_with_its_settings_is_compared(project, check):
    project.git("mv", "nets/cnn.py", "nets/moved.py")
    project.commit({"nets/moved.py": MODEL.format(width=5), "pyproject.toml": settings(spec="nets/moved.py:build")})
    code, networks, _ = check(project)

    assert (code, networks["cnn"]["outcome"]) == (1, "exceeded")
    assert networks["cnn"]["totals"]["macs"] == {"before": macs(4), "after": macs(5)}


def test_a_network_that_left_the_settings_is_removed(project, check):
    other = settings().replace("networks.cnn", "networks.other")
    project.commit({"pyproject.toml": other})
    code, networks, _ = check(project)

    assert {name: each["outcome"] for name, each in networks.items()} == {"other": "new", "cnn": "removed"}
    assert code == 0


def test_a_looser_budget_is_named_and_holds(project, check):
    project.commit({"pyproject.toml": settings(budget='max_increase = "200%"'), "nets/cnn.py": MODEL.format(width=5)})
    code, networks, _ = check(project)

    assert (code, networks["cnn"]["outcome"]) == (0, "changed")
    assert networks["cnn"]["settings"] == ["budget macs max_increase 2% -> 200%"]


@pytest.mark.parametrize(("most", "code"), [("100M", 0), ("1k", 1)])
def test_where_the_base_is_broken_the_maxima_are_judged_and_the_error_is_noted(repository, most, code, check):
    repository.git("checkout", "--quiet", "main")
    text = settings(budget=f'max = "{most}", max_increase = "2%"')
    repository.commit({"nets/cnn.py": "def build(:\n", "pyproject.toml": text})
    repository.git("checkout", "--quiet", "-B", "repair")
    repository.commit({"nets/cnn.py": MODEL.format(width=4)})
    found, networks, _ = check(repository)

    assert found == code
    assert networks["cnn"]["outcome"] == ("exceeded" if code else "uncompared")
    assert "SyntaxError" in networks["cnn"]["base_failure"]
    assert networks["cnn"]["totals"]["macs"]["after"] == macs(4)


def test_where_the_settings_of_the_base_are_broken_it_is_noted(repository, check):
    repository.git("checkout", "--quiet", "main")
    repository.commit({"nets/cnn.py": MODEL.format(width=4), "pyproject.toml": settings().replace("spec", "spek")})
    repository.git("checkout", "--quiet", "-B", "repair")
    repository.commit({"pyproject.toml": settings()})
    code, networks, _ = check(repository)

    assert (code, networks["cnn"]["outcome"]) == (0, "uncompared")
    assert "did you mean spec" in networks["cnn"]["base_failure"]


def test_a_network_that_the_base_names_and_lacks_is_not_new(project, check):
    """Its file is not committed at the base, so nothing can be compared."""
    project.git("checkout", "--quiet", "main")
    project.commit({"pyproject.toml": settings(spec="nets/later.py:build")})
    project.git("checkout", "--quiet", "-B", "later")
    project.commit({"nets/later.py": MODEL.format(width=4)})
    code, networks, _ = check(project)

    assert (code, networks["cnn"]["outcome"]) == (0, "uncompared")
    assert networks["cnn"]["base_failure"].endswith("it does not have nets/later.py:build, which its settings name")


def test_a_base_without_settings_is_said_to_have_none(project, archcost):
    project.git("rm", "--quiet", "pyproject.toml")
    project.commit({"moved/cnn.py": MODEL.format(width=4), "moved/pyproject.toml": settings(spec="cnn.py:build")})
    done = archcost("check", "--base-ref", "main", "--format", "json", cwd=project.path / "moved")

    (note,) = json.loads(done.stdout)["notes"]
    assert note.endswith("has no settings in moved/pyproject.toml: every network is new")


@pytest.fixture
def outer(project, tmp_path):
    """Return a repository whose network is in a submodule: of width 4 on main, 6 at HEAD."""
    (tmp_path / "inner").mkdir()
    inner = Repository(tmp_path / "inner")
    inner.commit({"cnn.py": MODEL.format(width=4)})
    project.git("checkout", "--quiet", "main")
    project.git("-c", "protocol.file.allow=always", "submodule", "add", "--quiet", str(inner.path), "sub")
    project.commit({"pyproject.toml": settings(spec="sub/cnn.py:build")})
    project.git("checkout", "--quiet", "-B", "wider")
    Repository(project.path / "sub", new=False).commit({"cnn.py": MODEL.format(width=6)})
    project.commit({})
    return project


def test_a_network_in_a_submodule_is_compared(outer, check):
    code, networks, _ = check(outer)

    assert code == 1
    assert networks["cnn"]["totals"]["macs"] == {"before": macs(4), "after": macs(6)}


def test_a_submodule_that_this_machine_lacks_is_named(outer, check):
    """The submodule's clone has only the history of HEAD, like a shallow clone."""
    inside = Repository(outer.path / "sub", new=False)
    inside.git("checkout", "--quiet", "--orphan", "alone")
    inside.commit({"cnn.py": MODEL.format(width=6)})
    outer.commit({})
    inside.git("remote", "remove", "origin")
    for branch in inside.git("for-each-ref", "--format=%(refname)").split():
        if branch != "refs/heads/alone":
            inside.git("update-ref", "-d", branch)
    inside.git("reflog", "expire", "--expire=now", "--all")
    inside.git("gc", "--quiet", "--prune=now")
    code, networks, _ = check(outer)

    assert (code, networks["cnn"]["outcome"]) == (3, "failed")
    assert "submodules of" in networks["cnn"]["failure"]
    assert "sub (" in networks["cnn"]["failure"]
    assert "git submodule update --init" in networks["cnn"]["failure"]
