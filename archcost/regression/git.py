"""Run git on one repository, even when the current process runs inside another one (in a git hook, for example)."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

from archcost.errors import NoRepositoryError

if TYPE_CHECKING:
    from pathlib import Path

# git sets these for its hooks; they would direct git to the hook's repository and index
OF_ONE_REPOSITORY = (
    "GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_COMMON_DIR", "GIT_OBJECT_DIRECTORY", "GIT_PREFIX",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
)  # fmt: skip


def run_git(folder: Path | str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run git in a folder, and return its exit code and what it printed.

    Raises:
        NoRepositoryError: git is not installed.
    """
    done = _run(folder, arguments)
    stdout, stderr = (text.decode("utf-8", "surrogateescape") for text in (done.stdout, done.stderr))
    return subprocess.CompletedProcess(done.args, done.returncode, stdout, stderr)


def run_git_bytes(folder: Path | str, *arguments: str) -> bytes:
    """Run git in a folder, and return the bytes that it printed.

    Raises:
        NoRepositoryError: git is not installed.
    """
    return _run(folder, arguments).stdout


def _run(folder: Path | str, arguments: tuple[str, ...]) -> subprocess.CompletedProcess[bytes]:
    environment = {key: value for key, value in os.environ.items() if key not in OF_ONE_REPOSITORY}
    environment["LC_ALL"] = "C"
    try:
        return subprocess.run(  # noqa: S603 - a list of words, and nothing of the user's can be an option
            ["git", "-C", str(folder), *arguments],  # noqa: S607 - the git that is on the path
            capture_output=True,
            check=False,
            env=environment,
        )
    except FileNotFoundError as error:
        raise NoRepositoryError("a revision needs git, which is not installed or not on the path") from error
