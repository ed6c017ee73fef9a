"""The command line in a real repository: its output files, and every exit code."""

from __future__ import annotations

import json
from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest
from regression.conftest import MODEL
from render import pairs

from archcost.cli.verdict import list_workflow_commands
from archcost.records import Checked
from archcost.regression import diff, judge, parse_condition

PROJECT = """
[tool.archcost.networks.net]
spec = "model.py:build"
input = "3x16x16"

[tool.archcost.budgets."*"]
macs = { max_increase = "2%" }
params = { max = "10M" }
"""


@pytest.fixture
def project(repository):
    """Return the current folder, a repository with a network of width 8 and its settings on `main`."""
    repository.git("checkout", "--quiet", "main")
    repository.commit({"pyproject.toml": PROJECT})
    repository.git("checkout", "--quiet", "-b", "work")
    return repository


def widened(width: int, layers: int = 16 - 2) -> int:
    """Return the multiply-adds of two unpadded 3x3 convolutions on 16x16: 3 to `width`, and `width` to 4 channels."""
    return 9 * width * (3 * layers**2 + 4 * (layers - 2) ** 2)


def test_a_width_is_changed(project, archcost):
    """The lock file is the baseline: a change fails until it is accepted."""
    accept = archcost("check", "--update")
    assert (accept.returncode, accept.stdout) == (0, "")
    assert "commit it" in accept.stderr
    project.commit({})
    locked = (project.path / "archcost.lock.json").read_bytes()

    project.write("model.py", MODEL.format(width=9))
    reports = ["-o", "-", "-o", "comment.md", "-o", "junit.xml", "-o", "check.json"]
    done = archcost("check", *reports, GITHUB_STEP_SUMMARY="summary.md", GITHUB_ACTIONS="true")

    assert done.returncode == 1
    before, after = widened(8), widened(9)
    assert "net: MACs 83.81 k -> 94.28 k (+12.5 %), at most +2%" in done.stdout
    assert "2 layers explain 100 % of +10.48 k MACs" in done.stdout
    assert done.stderr.startswith(
        "::error file=model.py,line=5,title=archcost%3A net::MACs 83.81 k -> 94.28 k (+12.5 %25)"
    )
    assert "To accept\narchcost check --update net" in done.stdout
    assert "To accept" not in done.stderr  # printed once

    (net,) = json.loads((project.path / "check.json").read_text())["networks"]
    assert net["totals"]["macs"] == {"before": before, "after": after}
    moved = {row["after"]["name"]: row for row in net["layers"] if row["after"]["values"]["macs"]}
    assert moved.keys() == {"0", "1"}
    macs = [row["after"]["values"]["macs"] - row["before"]["values"]["macs"] for row in moved.values()]
    assert sum(macs) == after - before

    comment = (project.path / "comment.md").read_text()
    assert comment.startswith("<!-- archcost:check -->")
    assert "2 layers explain 100 % of +10.48 k MACs" in comment
    assert (project.path / "summary.md").read_text() == comment
    failure = ET.parse(project.path / "junit.xml").getroot().find("testsuite/testcase/failure")  # noqa: S314 - ours
    assert failure.text.splitlines()[0] == "2 layers explain 100 % of +10.48 k MACs"

    assert (project.path / "archcost.lock.json").read_bytes() == locked  # a check writes nothing
    assert archcost("check", "--update", "net").returncode == 0
    assert len(project.git("diff", "--stat", "archcost.lock.json")) > 0
    again = archcost("check")
    assert (again.returncode, again.stderr) == (0, "")
    assert "net: no change" in again.stdout


def test_a_width_is_changed_on_a_branch(project, archcost):
    """The merge base is the baseline, however `main` has changed since."""
    project.commit({"model.py": MODEL.format(width=9)})
    project.git("checkout", "--quiet", "main")
    project.commit({"model.py": MODEL.format(width=64)})
    project.git("checkout", "--quiet", "work")

    done = archcost("check", "--base-ref", "main", "--format", "json")
    assert done.returncode == 1
    (net,) = json.loads(done.stdout)["networks"]
    assert net["totals"]["macs"] == {"before": widened(8), "after": widened(9)}

    assert archcost("check", "--update").returncode == 0
    again = archcost("check", "--base-ref", "main", "--format", "json")
    assert again.returncode == 0
    (net,) = json.loads(again.stdout)["networks"]
    assert [verdict["outcome"] for verdict in net["verdicts"]] == ["accepted", "passed"]
    assert project.worktrees() == 1


def test_a_network_that_the_base_has_not_is_new(project, archcost):
    project.write("other.py", MODEL.format(width=2))
    project.write("pyproject.toml", PROJECT.replace("model.py", "other.py").replace("networks.net", "networks.other"))
    done = archcost("check", "--base-ref", "main")

    assert done.returncode == 0
    assert "other: new" in done.stdout
    assert "net: removed" in done.stdout
    assert "changes that no commit has" in done.stderr


def test_an_unknown_base_is_said_before_anything_is_counted(project, archcost):
    project.write("model.py", "1 / 0\n")
    done = archcost("check", "--base-ref", "mian")

    assert (done.returncode, done.stdout) == (3, "")
    assert "there is no revision 'mian'" in done.stderr
    assert "did you mean main?" in done.stderr


def test_two_revisions_and_two_files_are_compared(project, archcost):
    project.write("model.py", MODEL.format(width=9))
    done = archcost("diff", "main:model.py:build", "model.py:build", "--input", "3x16x16", "--format", "json")

    assert (done.returncode, done.stderr) == (0, "")
    (both,) = json.loads(done.stdout)["networks"]
    assert both["totals"]["macs"] == {"before": widened(8), "after": widened(9)}


@pytest.fixture
def stored(tmp_path, monkeypatch):
    """Return reports as files; tests with them do not import torch."""
    monkeypatch.chdir(tmp_path)
    reports = {"narrow": pairs.network(32), "wide": pairs.network(36), "larger": pairs.network(size=18)}
    other = replace(reports["narrow"], environment={"conventions": "0"})
    for name, report in {**reports, "other": other}.items():
        (tmp_path / f"{name}.json").write_text(report.to_json())
    (tmp_path / "schema.json").write_text(reports["narrow"].to_json().replace("archcost.report/1", "archcost.report/0"))
    (tmp_path / "broken.py").write_text("def build():\n    raise ValueError('no such width')\n")
    (tmp_path / "pyproject.toml").write_text(PROJECT.replace("model.py", "broken.py"))
    (tmp_path / "wrong.toml").write_text(PROJECT.replace("max_increase", "max_growth"))
    return tmp_path


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["diff", "narrow.json", "narrow.json"], 0, ""),
        (["diff", "narrow.json", "wide.json"], 0, ""),
        (["diff", "narrow.json", "wide.json", "--fail-if", "macs>+20%"], 0, ""),
        (["diff", "narrow.json", "wide.json", "--fail-if", "macs>+2%"], 1, "MACs 4.940 M -> 5.558 M (+12.5 %)"),
        (["diff", "wide.json", "narrow.json", "--fail-if", "macs<-1%"], 1, "at most -1%"),
        (["diff", "narrow.json", "wide.json", "--fail-if", "macs>+2%", "--exit-zero"], 0, ""),
        (["diff", "narrow.json", "larger.json", "--force"], 0, ""),
        (["diff", "narrow.json", "wide.json", "--fail-if", "mac>+2%"], 2, "did you mean macs"),
        (["diff", "narrow.json"], 2, "Missing argument 'B'"),
        (["diff", "narrow.json", "wide.json", "-o", "x.xyz"], 2, "the suffix must be one of .txt, .json"),
        (["diff", "narrow.json", "larger.json"], 3, "other inputs: 1x3x16x16 float32 before, 1x3x18x18"),
        (["diff", "other.json", "narrow.json"], 3, "counted by other conventions: 0 before, 1 after"),
        (["diff", "schema.json", "narrow.json"], 3, "not a report: it must be of schema 'archcost.report/1'"),
        (["diff", "missing.json", "narrow.json"], 3, "missing.json: No such file"),
        (["diff", "nowhere:model.py:build", "narrow.json"], 3, "no working tree of a git repository"),
        (["check", "--config", "wrong.toml"], 2, "macs.max_growth: there is no such key; there are max, max_increase"),
        (["check", "--config", "none.toml"], 2, "none.toml; `archcost init NET` writes one"),
        (["check", "nett"], 2, "no network 'nett' under [tool.archcost.networks]; did you mean net?"),
        (["check", "--update", "--base-ref", "main"], 2, "--base-ref does not go with it"),
        (["check"], 3, "net: could not be checked: build() raised ValueError: no such width"),
        (["check", "--update"], 3, "archcost.lock.json was not written"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_exit_codes(stored, arguments, code, says, archcost):
    done = archcost(*arguments)

    assert done.returncode == code
    assert says in " ".join(done.stderr.replace("│", " ").split())
    assert "Traceback" not in done.stderr
    assert (done.stdout == "") == (code >= 2 and arguments != ["check"])
    assert not (stored / "archcost.lock.json").exists()


def test_a_missing_baseline_is_no_success(project, archcost):
    done = archcost("check", "--format", "junit")

    assert done.returncode == 3
    assert "no baseline: there is no archcost.lock.json" in done.stderr
    assert "To accept: archcost check --update net" in done.stderr
    assert ET.fromstring(done.stdout).get("errors") == "1"  # noqa: S314 - ours


def test_a_warning_is_no_failure(project, archcost):
    project.write("pyproject.toml", PROJECT.replace('max = "10M"', 'max = 1, level = "warn"').replace('"2%"', '"99%"'))
    assert archcost("check", "--update").returncode == 0
    done = archcost("check", GITHUB_ACTIONS="true")

    assert done.returncode == 0
    assert "exceeded (warning)" in done.stdout
    assert done.stderr.startswith("::warning file=model.py,line=5,title=archcost%3A net::Params")


def test_a_workflow_gets_five_annotations_at_most():
    lines = list_workflow_commands(pairs.many_hostile(12))

    assert len(lines) == 5
    assert all(line.startswith("::error title=archcost%3A ||") and "\n" not in line for line in lines)


def test_two_limits_of_one_quantity_are_explained_once():
    before, after = pairs.network(), pairs.network(40)
    found = diff(before, after)
    budgets = (parse_condition("macs>+2%"), parse_condition("macs>1"))
    entry = Checked(name="net", difference=found, verdicts=judge(found, budgets))
    (line,) = list_workflow_commands(pairs.one(entry))

    assert line.count("explain") == 1
    assert line.count("--fail-if") == 2
