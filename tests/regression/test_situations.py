"""Real-life repositories: conflicts, clones, line ends, several projects, and a search for the culprit."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from regression.conftest import QUIET, Repository

MODEL = "from torch import nn\n\n\ndef build(width={width}):\n    return nn.Conv2d(3, width, 3, bias=False)\n"
NETWORK = '[tool.archcost.networks.{name}]\nspec = "{name}.py:build"\ninput = "3x8x8"\n'
BUDGET = '[tool.archcost.budgets."*"]\nmacs = { max_increase = "2%" }\n'


def params(width):
    return 27 * width


def totals(done):
    return {each["name"]: each["totals"].get("params") for each in json.loads(done.stdout)["networks"]}


def files(*names, folder="", width=4):
    settings = "".join(NETWORK.format(name=name) for name in names) + BUDGET
    models = {f"{folder}{name}.py": MODEL.format(width=width) for name in names}
    return {f"{folder}pyproject.toml": settings, **models}


@pytest.fixture
def project(tmp_path):
    """Return a repository: `main` has three networks of width 4; HEAD is on a branch of it."""
    (tmp_path / "project").mkdir()
    made = Repository(tmp_path / "project")
    made.commit(files("a", "b", "c"))
    made.git("checkout", "--quiet", "-b", "change")
    return made


def test_two_networks_change_and_one_does_not_also_with_a_detached_head(project, archcost):
    project.commit({"a.py": MODEL.format(width=5), "b.py": MODEL.format(width=6)})
    project.git("checkout", "--quiet", "--detach")
    done = archcost("check", "--base-ref", "main", "--format", "json", cwd=project.path)

    assert done.returncode == 1, done.stderr
    found = totals(done)
    assert found["a"] == {"before": params(4), "after": params(5)}
    assert found["b"] == {"before": params(4), "after": params(6)}
    assert {each["name"]: each["outcome"] for each in json.loads(done.stdout)["networks"]}["c"] == "unchanged"


def test_a_merge_conflict_in_the_lock_names_the_file_and_the_way_out(project, archcost):
    assert archcost("check", "--update", cwd=project.path).returncode == 0
    lock = project.path / "archcost.lock.json"
    lines = lock.read_text().splitlines(keepends=True)
    middle = len(lines) // 2
    lines[middle:middle] = ["<<<<<<< HEAD\n", lines[middle], "=======\n", lines[middle], ">>>>>>> main\n"]
    lock.write_text("".join(lines))
    done = archcost("check", cwd=project.path)
    updated = archcost("check", "--update", cwd=project.path)
    again = archcost("check", cwd=project.path)

    assert done.returncode == 3, done.stderr
    assert "archcost.lock.json" in done.stderr
    assert "archcost check --update" in done.stderr
    assert (updated.returncode, again.returncode) == (0, 0), updated.stderr + again.stderr


def test_a_shallow_clone_says_how_to_fetch_the_rest(project, tmp_path, archcost):
    project.commit({"a.py": MODEL.format(width=5)})
    clone = tmp_path / "clone"
    subprocess.run(
        ["git", "clone", "--quiet", "--depth=1", f"file://{project.path}", str(clone)], check=True, env=QUIET
    )
    done = archcost("check", "--base-ref", "main", cwd=clone)

    assert done.returncode == 3
    assert "fetch-depth: 0" in done.stderr


def test_windows_line_ends_and_a_dirty_tree_change_nothing(project, archcost):
    assert archcost("check", "--update", cwd=project.path).returncode == 0
    for name in ("pyproject.toml", "archcost.lock.json"):
        file = project.path / name
        file.write_bytes(file.read_bytes().replace(b"\n", b"\r\n"))
    clean = archcost("check", "--locked", cwd=project.path)
    based = archcost("check", "--base-ref", "main", cwd=project.path)

    assert clean.returncode == 0, clean.stdout + clean.stderr
    assert based.returncode == 0, based.stdout + based.stderr
    assert "the working tree has changes that no commit has" in based.stderr


def test_two_projects_of_one_repository_are_two_comments(project, archcost):
    project.git("checkout", "--quiet", "main")
    project.commit({**files("a", folder="left/"), **files("a", folder="right/")})
    project.git("checkout", "--quiet", "-b", "both")
    project.commit({"right/a.py": MODEL.format(width=6)})
    left = archcost("check", "--base-ref", "main", "--format", "markdown", cwd=project.path / "left")
    right = archcost(
        "check", "--config", "right/pyproject.toml", "--base-ref", "main", "--format", "markdown", cwd=project.path
    )

    assert (left.returncode, right.returncode) == (0, 1), left.stderr + right.stderr
    assert left.stdout.startswith("<!-- archcost:check left -->\n")
    assert right.stdout.startswith("<!-- archcost:check right -->\n")


def test_bisect_finds_the_commit_that_made_a_network_larger(project, archcost):
    """As in docs/howto/ci.md, a commit that cannot be built is skipped, not blamed."""

    def accept(files):
        for name, text in files.items():
            project.write(name, text)
        assert archcost("check", "--update", "a", cwd=project.path).returncode == 0
        return project.commit({})

    accept({})
    project.git("branch", "--force", "main")
    project.commit({"a.py": "def build(:\n"})
    accept({"a.py": MODEL.format(width=5)})
    culprit = accept({"a.py": MODEL.format(width=9)})
    project.commit({"b.py": MODEL.format(width=3)})
    project.git("bisect", "start", "HEAD", "main")
    step = f'"{sys.executable}" -m archcost check a --fail-if "params>200" || exit $(( $? == 1 ? 1 : 125 ))'
    project.git("bisect", "run", "bash", "-c", step)  # 27*5 is 135, 27*9 is 243

    assert project.git("rev-parse", "refs/bisect/bad") == culprit
