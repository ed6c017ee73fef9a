"""A network at a git revision, and everything that can fail."""

import os
import shutil
import signal
import subprocess
import sys
from contextlib import contextmanager

import pytest

from archcost.errors import (
    NoRepositoryError,
    NotInRevisionError,
    RevisionFailedError,
    ShallowCloneError,
    UnknownRevisionError,
)
from archcost.regression.revisions import checkout, commit_of, is_dirty, merge_base, report_at, split_revision

NET = "from torch import nn\n\n\ndef build():\n    return nn.Conv2d(3, {width}, 1, bias=False)\n"
SIZE = ("3x16x16",)


@pytest.mark.parametrize(
    ("text", "revision", "spec"),
    [
        ("vgg16", None, "vgg16"),
        ("vgg16@192?num_classes=10", None, "vgg16@192?num_classes=10"),
        ("timm:resnet50", None, "timm:resnet50"),
        ("model.py:build", None, "model.py:build"),
        ("package.module:build?width=a:b:c", None, "package.module:build?width=a:b:c"),
        ("main:vgg16", None, "main:vgg16"),  # a callable in the module main
        ("main:model.py:build", "main", "model.py:build"),
        ("origin/main:model.py:build@64?width=2", "origin/main", "model.py:build@64?width=2"),
        ("HEAD~2:package.module:Class.make", "HEAD~2", "package.module:Class.make"),
        ("v1.0:timm:resnet50", "v1.0", "timm:resnet50"),
        ("HEAD@{1}:model.py:build", "HEAD@{1}", "model.py:build"),
        (":/Widen: more:model.py:build", ":/Widen: more", "model.py:build"),
        (":model.py:build", None, ":model.py:build"),
    ],
)
def test_a_revision_is_what_stands_before_the_last_colon_but_one(text, revision, spec):
    assert split_revision(text) == (revision, spec)


def test_the_file_of_the_revision_runs_in_a_process_of_its_own(repository, tmp_path):
    repository.git("checkout", "--quiet", "main")
    trace = f"import os, pathlib, sys\npathlib.Path({str(tmp_path / 'pid')!r}).write_text(str(os.getpid()))\n"
    noise = "print('built')\nos.system('echo loud')\nassert not sys.stdin.read() and not sys.argv[1:]\n"
    was = repository.commit({"model.py": trace + noise + NET.format(width=5)})
    repository.git("checkout", "--quiet", "wider")

    report = report_at("main", "model.py:build", inputs=SIZE, train="sgd")

    assert (report.totals.params, report.totals.backward_macs) == (15, 15 * 256)
    assert (report.network.spec, report.network.inputs[0].shape) == ("model.py:build", (1, 3, 16, 16))
    assert int((tmp_path / "pid").read_text()) != os.getpid()
    assert was == commit_of("main")
    assert repository.worktrees() == 1


@pytest.mark.usefixtures("warm_workers")
def test_what_is_missing_is_new_and_what_fails_is_not(repository):
    repository.write("later.py", NET)
    with checkout("main") as files:
        for spec, place in (
            ("later.py:build", "later.py:build of main .* does not exist: there is no file 'later.py'"),
            ("model.py:biuld", "has no 'biuld'; did you mean build?"),
            ("model:biuld", "model has no 'biuld'; did you mean build?"),
            ("package.module:build", "there is no module 'package'"),
        ):
            with pytest.raises(NotInRevisionError, match=place):
                files.report(spec)
        for spec, place in (
            (
                "model.py:build?extra=-9",
                r'main \(\w{7}\) failed: build\(extra=-9\) raised .*\n  File "model.py", line 6',
            ),
            ("model.py:build?width=1", "unexpected keyword argument 'width'"),
            (f"{repository.path.parent}/x.py:build", "x.py' is not in the repository"),
        ):
            with pytest.raises(RevisionFailedError, match=place):
                files.report(spec, inputs=SIZE)
    assert repository.worktrees() == 1


def test_a_process_that_dies_is_said_and_replaced(repository):
    dying = (
        "import os\n\nfrom torch import nn\n\n\ndef build(end):\n    return getattr(os, end)(*[7][: end == '_exit'])\n"
    )
    repository.commit({"dying.py": dying + "\n\nalive = nn.Conv2d(3, 2, 1, bias=False)\n"})
    with checkout("HEAD") as files:
        for end, says in (("_exit", "ended with exit code 7"), ("abort", "was killed by SIGABRT")):
            with pytest.raises(RevisionFailedError, match=says):
                files.report(f"dying.py:build?end={end}")
        assert files.report("dying.py:alive", inputs=SIZE).totals.params == 6


@pytest.mark.usefixtures("warm_workers")
def test_neighbours_of_one_name_are_not_mixed_up_and_paths_start_where_one_stands(repository, monkeypatch):
    for folder, width in (("one", 3), ("two", 4)):
        text = "from neighbour import WIDTH\n" + NET.format(width="WIDTH")
        repository.commit({f"{folder}/neighbour.py": f"WIDTH = {width}\n", f"{folder}/model.py": text})
    monkeypatch.chdir(repository.path / "one")
    with checkout("HEAD") as files:
        assert files.report("model.py:build", inputs=SIZE).totals.params == 9
        assert files.report("../two/model.py:build", inputs=SIZE).totals.params == 12
        assert files.report(f"{repository.path}/one/model.py:build", inputs=SIZE).totals.params == 9


@pytest.mark.usefixtures("warm_workers")
def test_a_package_below_src_is_the_revisions(repository, monkeypatch):
    first = repository.commit({"src/widths/__init__.py": NET.format(width=2), "archcost/__init__.py": "1 / 0\n"})
    repository.commit({"src/widths/__init__.py": NET.format(width=3)})
    monkeypatch.syspath_prepend(repository.path / "src")

    assert report_at(first, "widths:build", inputs=SIZE).totals.params == 6


def test_code_of_the_working_tree_is_never_taken_for_the_revisions(repository, monkeypatch):
    first = repository.commit({"src/widths/__init__.py": NET.format(width=2)})
    repository.commit({"src/widths/__init__.py": NET.format(width=3)})
    monkeypatch.setenv("PYTHONPATH", str(repository.path / "src"))  # like the import hook of an editable package

    with pytest.raises(RevisionFailedError, match="widths was imported from the working tree"):
        report_at(first, "widths:build", inputs=SIZE)


def test_a_checkout_runs_no_hook_and_heeds_no_variable_of_another_repository(repository, tmp_path, monkeypatch):
    hook = repository.path / ".git/hooks/post-checkout"
    hook.write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\n")
    hook.chmod(0o755)
    index = (repository.path / ".git/index").read_bytes()
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "elsewhere"))  # variables that git sets for a pre-push hook
    monkeypatch.setenv("GIT_INDEX_FILE", str(repository.path / ".git/index"))
    with checkout("main") as files:
        assert "Conv2d(3, 8, 3)" in (files._tree / "model.py").read_text()

    assert not (tmp_path / "ran").exists()
    assert (repository.path / ".git/index").read_bytes() == index


def test_the_worktree_is_removed_after_a_failure_and_when_its_files_are_gone(repository):
    trees = []

    def fail():
        with checkout("main") as files:
            trees.append(files._tree)
            shutil.rmtree(files._tree)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert not trees[0].exists()
    assert repository.worktrees() == 1


@contextmanager
def signals_heard():
    """Restore the signals for started programs that nohup or a CI runner makes this process ignore."""
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.signal(number, signal.default_int_handler) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@pytest.mark.parametrize(("name", "code"), [("SIGINT", 130), ("SIGTERM", 130), ("SIGHUP", 130), ("SIGKILL", -9)])
def test_whoever_ends_the_command_leaves_no_process_and_no_worktree(repository, tmp_path, name, code):
    slow = "import time\n\n\ndef build():\n    print('begun', flush=True)\n    time.sleep(300)\n"
    repository.commit({"slow.py": slow})
    (tmp_path / "temporary").mkdir()
    with signals_heard():
        running = subprocess.Popen(
            [sys.executable, "-m", "archcost", "diff", "HEAD:slow.py:build", "HEAD:model.py:build"],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env={**os.environ, "TMPDIR": str(tmp_path / "temporary")},
        )  # fmt: skip
    assert running.stderr.readline() == "begun\n"
    assert len(list((tmp_path / "temporary").glob("archcost-*"))) == 1
    running.send_signal(getattr(signal, name))
    out, _ = running.communicate(timeout=60)  # stderr closes with its last process

    assert (running.returncode, out) == (code, "")
    assert not list((tmp_path / "temporary").glob("archcost-*"))
    assert repository.worktrees() == 1


def test_an_unknown_revision_is_said_with_the_names_that_are_near(repository):
    with pytest.raises(UnknownRevisionError, match=r"no revision 'mian' in .*; did you mean main\?"):
        report_at("mian", "model.py:build")
    with pytest.raises(UnknownRevisionError, match="git branch --all"):
        commit_of("--help")
    repository.git("tag", "blob", "HEAD:model.py")
    with pytest.raises(UnknownRevisionError, match="no revision 'blob'"):
        commit_of("blob")


def test_the_merge_base_is_where_the_branches_parted(repository):
    parted = commit_of("main")
    repository.git("checkout", "--quiet", "main")
    repository.commit({"unrelated": ""})
    repository.git("checkout", "--quiet", "wider")
    assert merge_base("main") == parted != commit_of("main")

    repository.git("checkout", "--quiet", "--orphan", "alone")
    repository.commit({})
    with pytest.raises(UnknownRevisionError, match="have no commit in common"):
        merge_base("main")


def test_a_shallow_clone_is_told_apart(repository, tmp_path):
    parted = commit_of("main")
    url = f"file://{repository.path}"
    repository.git("clone", "--quiet", "--depth=1", "--no-single-branch", url, str(tmp_path / "shallow"))
    with pytest.raises(ShallowCloneError, match="fetch-depth: 0"):
        merge_base("origin/main", repository=tmp_path / "shallow")
    repository.git("clone", "--quiet", "--depth=1", url, str(tmp_path / "one"))
    with pytest.raises(ShallowCloneError, match=f"no revision '{parted}' in this shallow clone"):
        commit_of(parted, repository=tmp_path / "one")


def test_no_repository_and_no_git_are_told_apart(tmp_path, monkeypatch):
    with pytest.raises(NoRepositoryError, match="not a git repository"):
        report_at("main", "model.py:build", repository=tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(NoRepositoryError, match="git, which is not installed"):
        commit_of("main", repository=tmp_path)


def test_a_dirty_tree_is_one_whose_tracked_files_differ(repository):
    assert not is_dirty()
    repository.write("untracked", "")
    assert not is_dirty()
    repository.write("model.py", "")
    assert is_dirty()
