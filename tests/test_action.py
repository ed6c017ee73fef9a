"""The GitHub Action, the workflows to copy, and the pre-commit hook: their shell code runs from their own files."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parent.parent
ACTION = yaml.safe_load((ROOT / "action.yml").read_text())
WORKFLOWS = sorted([*ROOT.glob("docs/github/*.yml"), *ROOT.glob(".github/workflows/*.yml")])
NET = "from torch import nn\n\n\ndef build():\n    return nn.Conv2d(3, {width}, 3)\n"
SETTINGS = """
[tool.archcost.networks.net]
spec = "model.py:build"
input = "3x8x8"

[tool.archcost.budgets."*"]
macs = { max_increase = "2%" }
"""


def program(path, text):
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)


def shell(script, folder, **environment):
    """Run a step like GitHub with the shell bash."""
    return subprocess.run(
        ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "-c", script],
        cwd=folder, capture_output=True, text=True, check=False, env={**os.environ, **environment},
    )  # fmt: skip


@pytest.fixture
def project(tmp_path):
    """Return a repository whose last commit made the network wider."""
    folder = tmp_path / "project"
    folder.mkdir()
    program(tmp_path / "bin" / "archcost", f'#!/bin/sh\nexec "{sys.executable}" -m archcost "$@"\n')
    commit = 'git add --all && git -c user.name=a -c user.email=a@b commit --quiet --message "$0"'
    (folder / "pyproject.toml").write_text(SETTINGS)
    (folder / "model.py").write_text(NET.format(width=4))
    for line in ("git init --quiet --initial-branch=main", commit, "git checkout --quiet -b wider"):
        assert shell(line, folder).returncode == 0
    (folder / "model.py").write_text(NET.format(width=5))
    assert shell(commit, folder).returncode == 0
    return folder


def act(project, **inputs):
    """Run the action's steps with inputs; return the process, its outputs and its summary."""
    action = yaml.safe_load((ROOT / "action.yml").read_text())
    given = {name: entry["default"] for name, entry in action["inputs"].items()} | inputs
    (step,) = action["runs"]["steps"]

    def filled(text):
        for name, value in given.items():
            text = text.replace(f"${{{{ inputs.{name} }}}}", value)
        assert "${{" not in text
        return text

    assert "${{" not in step["run"]  # texts of others enter by the environment, never as part of the script
    files = {name: project.parent / name for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")}
    for file in files.values():
        file.write_text("")
    path = f"{project.parent / 'bin'}{os.pathsep}{os.environ['PATH']}"
    done = shell(
        step["run"], project / filled(step["working-directory"]),
        **{name: filled(text) for name, text in step["env"].items()},
        **{name: str(file) for name, file in files.items()},
        GITHUB_ACTIONS="true", PATH=path,
    )  # fmt: skip
    outputs = dict(line.split("=", 1) for line in files["GITHUB_OUTPUT"].read_text().splitlines())
    return done, outputs, files["GITHUB_STEP_SUMMARY"].read_text()


@pytest.mark.extras
def test_a_run_that_fails_early_leaves_no_reports_of_the_one_before(project):
    act(project, **{"base-ref": "main"})
    done, outputs, _ = act(project, networks="nosuch")
    reports = project / "archcost-reports"

    assert (done.returncode, outputs["changed"]) == (2, "true")
    assert "nothing could be checked" in (reports / "comment.md").read_text()
    assert sorted(path.name for path in reports.iterdir()) == ["changed", "comment.md"]


def test_a_wider_network_fails_the_action_and_leaves_its_reports(project):
    done, outputs, summary = act(project, **{"base-ref": "main"})
    reports = project / "archcost-reports"

    assert (done.returncode, outputs) == (1, {"changed": "true", "exit-code": "1"}), done.stderr
    comment = (reports / "comment.md").read_text()
    assert comment.startswith("<!-- archcost:check -->\n### archcost: ")
    assert "+25.0 %" in comment
    assert summary == comment
    assert json.loads((reports / "check.json").read_text())["exit_code"] == 1
    assert "<failure" in (reports / "junit.xml").read_text()
    assert (reports / "changed").read_text() == "true\n"
    assert "+25.0 %" in done.stdout
    assert sum(line.startswith("::error ") for line in done.stderr.splitlines()) == 1


def test_a_lock_that_is_out_of_date_fails_where_it_must_be_locked(project):
    done, outputs, _ = act(project, **{"base-ref": "HEAD", "locked": "true"})

    assert (done.returncode, outputs["exit-code"]) == (1, "1")
    assert "--locked" in done.stderr
    assert "archcost check --update" in done.stderr


@pytest.mark.extras
def test_projects_of_one_repository_have_comments_of_their_own_also_where_nothing_runs(project):
    for name in ("left", "right"):
        (project / name).mkdir()
        (project / name / "pyproject.toml").write_text(SETTINGS if name == "left" else "")
        (project / name / "model.py").write_text(NET.format(width=4))
        act(project, **{"working-directory": name})
        comment = (project / name / "archcost-reports" / "comment.md").read_text()

        assert comment.startswith(f"<!-- archcost:check {name} -->\n")


@pytest.mark.extras
def test_conditions_and_names_reach_the_check_one_by_one(project):
    (project / "pyproject.toml").write_text(SETTINGS.replace("2%", "50%"))
    conditions = "macs>+30%\n\nparams>1M\n"
    done, outputs, _ = act(project, **{"base-ref": "main", "fail-if": conditions, "networks": "net n*"})
    failing, _, _ = act(project, **{"base-ref": "main", "fail-if": "params>$(echo 10)\n"})

    assert (done.returncode, outputs) == (0, {"changed": "true", "exit-code": "0"}), done.stderr
    assert failing.returncode == 2  # none of it ran
    assert "'$(echo 10)' is not an amount" in failing.stderr


def test_without_a_change_nothing_changed(project):
    done, outputs, _ = act(project, **{"base-ref": "HEAD"})

    assert (done.returncode, outputs) == (0, {"changed": "false", "exit-code": "0"}), done.stderr


def test_what_cannot_be_checked_leaves_a_comment_all_the_same(project):
    (project / "pyproject.toml").write_text("")
    done, outputs, _ = act(project, **{"base-ref": "main"})

    assert (done.returncode, outputs) == (2, {"changed": "true", "exit-code": "2"})
    assert "nothing could be checked" in (project / "archcost-reports" / "comment.md").read_text()


def test_archcost_has_to_be_installed(project):
    shutil.rmtree(project.parent / "bin")
    (project.parent / "bin").mkdir()
    for name in ("bash", "env"):
        (project.parent / "bin" / name).symlink_to(shutil.which(name))
    script = yaml.safe_load((ROOT / "action.yml").read_text())["runs"]["steps"][0]["run"]
    done = shell(script, project, PATH=str(project.parent / "bin"))

    assert (done.returncode, "archcost is not installed" in done.stdout) == (3, True)


GH = """#!/usr/bin/env python3
import json, pathlib, sys
with open("calls", "a") as file:
    print(json.dumps(sys.argv[1:]), file=file)
path = next(word for word in sys.argv if word.startswith("repos/"))
if path.endswith("/pulls/12"):
    print("abc")
elif "--paginate" in sys.argv:
    print(pathlib.Path("existing").read_text(), end="")
"""
COMMENT = "<!-- archcost:check -->\n### archcost: `net` @someone\n"


@pytest.mark.parametrize(
    ("number", "changed", "existing", "code", "method", "address"),
    [
        ("12\n", "true\n", "", 0, "POST", "repos/me/net/issues/12/comments"),
        ("12\n", "false\n", "", 0, None, None),
        ("12\n", "false\n", "77\n78\n", 0, "PATCH", "repos/me/net/issues/comments/77"),
        ("13\n", "true\n", "", 0, None, None),  # another pull request's number
        ("12/../../x\n", "true\n", "", 1, None, None),
        ("$(touch ran)\n", "true\n", "", 1, None, None),
    ],
)
def test_the_comment_is_made_once_edited_always_and_of_text_alone(
    tmp_path, number, changed, existing, code, method, address
):
    workflow = yaml.safe_load((ROOT / "docs/github/archcost-comment.yml").read_text())
    (script,) = [step["run"] for step in workflow["jobs"]["comment"]["steps"] if "run" in step]
    assert "${{" not in script
    program(tmp_path / "bin" / "gh", GH)
    (tmp_path / "reports").mkdir()
    for name, text in (("number", number), ("changed", changed), ("comment.md", COMMENT)):
        (tmp_path / "reports" / name).write_text(text)
    (tmp_path / "existing").write_text(existing)
    path = f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}"
    done = shell(script, tmp_path, PATH=path, REPOSITORY="me/net", HEAD_SHA="abc")

    assert done.returncode == code, done.stderr
    calls = (tmp_path / "calls").read_text().splitlines() if (tmp_path / "calls").exists() else []
    written = [call for call in map(json.loads, calls) if "--method" in call]
    assert [(call[call.index("--method") + 1], call[call.index("--method") + 2]) for call in written] == (
        [(method, address)] if method else []
    )
    assert not (tmp_path / "ran").exists()
    if method:
        assert (tmp_path / "comment.md").read_text() == COMMENT.replace("@", "&#64;")


def test_workflows_that_run_foreign_code_may_read_and_nothing_else():
    check = yaml.safe_load((ROOT / "docs/github/archcost.yml").read_text())
    comment = yaml.safe_load((ROOT / "docs/github/archcost-comment.yml").read_text())

    assert check["permissions"] == {"contents": "read"}
    assert "pull_request" in check[True]  # YAML 1.1 reads `on` as true
    assert comment["permissions"] == {}
    uses = [step.get("uses", "") for step in comment["jobs"]["comment"]["steps"]]
    assert not any("checkout" in use for use in uses)
    assert comment[True]["workflow_run"]["workflows"] == [check["name"]]


def tool(name):
    found = shutil.which(name) or shutil.which(name, path=str(Path(sys.executable).parent))
    if found is None:
        pytest.skip(f"{name} is not installed")
    return found


def run(*words):
    return subprocess.run(words, capture_output=True, text=True, check=False, cwd=ROOT)


@pytest.mark.parametrize("file", WORKFLOWS, ids=lambda path: path.name)
def test_workflows_pass_actionlint(file):
    done = run(tool("actionlint"), "-no-color", file)

    assert done.returncode == 0, done.stdout


def test_workflows_and_the_action_pass_zizmor():
    """It reports steps that run foreign code, grant rights, or put texts of others into a script."""
    done = run(tool("zizmor"), "--offline", "--no-progress", "--min-severity=medium", *WORKFLOWS, ROOT / "action.yml")

    assert done.returncode == 0, done.stdout + done.stderr


def misused(steps, **contexts):
    """Yield the undefined names in the expressions and the action inputs of steps."""
    contexts = {"steps": set(), "inputs": (), "matrix": (), **contexts}
    for step in steps:
        text = yaml.safe_dump({**step, "if": f"${{{{ {step.get('if', '')} }}}}"}, width=10**6)
        for expression in re.findall(r"\$\{\{(.*?)\}\}", text):
            for reference in re.findall(r"[a-z]+\.[\w-]+", re.sub(r"(\.[\w-]+)\.[\w.-]+", r"\1", expression)):
                context, name = reference.split(".")
                if context != "github" and name not in contexts.get(context, ()):
                    yield reference
        if re.fullmatch(r"OWNER/archcost@.*|\./", step.get("uses", "")):
            yield from step.get("with", {}).keys() - ACTION["inputs"].keys()
        contexts["steps"].add(step.get("id"))


def matrix_keys(job):
    """Return the names in each combination of a job's matrix."""
    matrix = job.get("strategy", {}).get("matrix", {})
    combinations = [set(each) for each in matrix.get("include", ())]
    return {name for name in matrix if name != "include"} | (set.intersection(*combinations) if combinations else set())


def test_expressions_refer_to_what_is_there():
    (step,) = ACTION["runs"]["steps"]
    jobs = [job for file in WORKFLOWS for job in yaml.safe_load(file.read_text())["jobs"].values()]
    wrong = [
        {"run": "${{ steps.late.outcome }} ${{ gitub.sha }}", "id": "late"},
        {"uses": "./", "with": {"base": "main"}},
    ]

    assert not list(misused([step], inputs=ACTION["inputs"]))
    assert not [name for job in jobs for name in misused(job["steps"], matrix=matrix_keys(job))]
    for name, output in ACTION["outputs"].items():
        assert output["value"] == f"${{{{ steps.{step['id']}.outputs.{name} }}}}"
        assert f'echo "{name}=$' in step["run"]
    assert sorted(misused(wrong)) == ["base", "gitub.sha", "steps.late"]


@pytest.mark.parametrize("file", [*WORKFLOWS, ROOT / "action.yml"], ids=lambda path: path.name)
def test_workflows_and_the_action_keep_to_githubs_schemas(file):
    schema = "vendor.github-actions" if file.name == "action.yml" else "vendor.github-workflows"
    done = run(tool("check-jsonschema"), "--builtin-schema", schema, file)

    assert done.returncode == 0, done.stdout


def test_the_hook_is_a_command_of_archcost_before_a_push():
    (hook,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    name, *words = hook["entry"].split()
    done = run(sys.executable, "-m", name, *words, "--help")

    assert (hook["stages"], hook["language"], done.returncode) == (["pre-push"], "system", 0)


def test_the_hook_is_one_that_pre_commit_takes():
    assert run(tool("pre-commit"), "validate-manifest", ".pre-commit-hooks.yaml").returncode == 0


@pytest.mark.parametrize("path", ["docs/github/archcost.yml", "docs/gitlab/archcost.yml"])
def test_a_workflow_to_copy_installs_versions_and_says_what_to_replace(path):
    text = (ROOT / path).read_text(encoding="utf-8")
    (command,) = re.findall(r"pip install .*", text)
    assert re.search(r" archcost==\d+\.\d+\.\d+ torch==\d+\.\d+\.\d+", command)
    assert "replace" in text


def test_a_release_runs_what_it_publishes():
    """A release publishes only what was installed and run under the tag's version, and stores no token."""
    jobs = yaml.safe_load((ROOT / ".github/workflows/release.yml").read_text(encoding="utf-8"))["jobs"]
    built = "\n".join(step.get("run", "") for step in jobs["build"]["steps"])
    for line in ("python -m build", "-m archcost profile vgg16", '-m archcost --version | grep -F "${TAG#v}"'):
        assert line in built
    assert jobs["publish"]["needs"] == "build"
    assert jobs["publish"]["permissions"] == {"id-token": "write"}
    assert not any("secrets" in str(step) for job in jobs.values() for step in job["steps"])
