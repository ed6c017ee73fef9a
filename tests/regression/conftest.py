"""A git repository with a small network that grows from commit to commit."""

import os
import subprocess
from pathlib import Path

import pytest

MODEL = """
from torch import nn


def build(extra=0):
    return nn.Sequential(nn.Conv2d(3, {width}, 3), nn.Conv2d({width}, 4 + extra, 3))
"""
QUIET = {
    **os.environ,
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_SYSTEM": os.devnull,
    **{f"GIT_{who}_{what}": "a@b" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")},
}


class Repository:
    """A folder under git's control."""

    def __init__(self, path: Path, *, new: bool = True):
        self.path = path
        if new:
            self.git("init", "--quiet", "--initial-branch=main")
            (path / ".git/info/exclude").write_text("__pycache__/\n")  # as in every project

    def git(self, *arguments: str) -> str:
        done = subprocess.run(
            ["git", "-C", str(self.path), *arguments], capture_output=True, text=True, check=False, env=QUIET
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def write(self, name: str, text: str) -> None:
        file = self.path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def commit(self, files: dict[str, str]) -> str:
        """Write files, commit everything, return the hash."""
        for name, text in files.items():
            self.write(name, text)
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", "change")
        return self.git("rev-parse", "HEAD")

    def worktrees(self) -> int:
        return self.git("worktree", "list").count("\n") + 1


@pytest.fixture
def repository(tmp_path, monkeypatch):
    """Return a repository: on `main` the network has a width of 8; at HEAD, on the branch `wider`, a width of 16."""
    (tmp_path / "repository").mkdir()
    made = Repository(tmp_path / "repository")
    made.commit({"model.py": MODEL.format(width=8)})
    made.git("checkout", "--quiet", "-b", "wider")
    made.commit({"model.py": MODEL.format(width=16)})
    monkeypatch.chdir(made.path)
    return made
