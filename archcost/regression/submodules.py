"""fill_submodules(...): write the files of a revision's submodules, from the clones in the working tree."""

from __future__ import annotations

import io
import tarfile
from typing import TYPE_CHECKING

from archcost.regression.git import run_git, run_git_bytes

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def fill_submodules(top: Path, commit: str, tree: Path, inside: str = "") -> tuple[str, ...]:
    """Write the submodules of a commit into its files, without fetching anything.

    Args:
        top: the working tree whose clones of the submodules are read.
        commit: the commit whose submodules are wanted.
        tree: the folder with the files of the commit.
        inside: the path of `top` within the outermost repository, to name nested submodules.

    Returns:
        The submodules that this machine lacks: "nets (1a2b3c4)".
    """
    missing: list[str] = []
    for path, wanted in _submodules(top, commit):
        name, clone = f"{inside}{path}", top / path
        # an empty folder belongs to the outer repository; only a clone is its own top folder
        found = (clone / ".git").exists() and not run_git(clone, "cat-file", "-e", f"{wanted}^{{commit}}").returncode
        if not found:
            missing.append(f"{name} ({wanted[:7]})")
            continue
        archive = run_git_bytes(clone, "archive", "--format=tar", wanted)
        with tarfile.open(fileobj=io.BytesIO(archive)) as files:
            files.extractall(tree / path, filter="data")
        missing += fill_submodules(clone, wanted, tree / path, f"{name}/")
    return tuple(missing)


def _submodules(top: Path, commit: str) -> Iterator[tuple[str, str]]:
    """Yield the path of each submodule of a commit, and the submodule's own commit."""
    listing = run_git(top, "ls-tree", "-r", "-z", "--full-tree", commit).stdout
    for entry in filter(None, listing.split("\0")):
        description, _, path = entry.partition("\t")
        _, kind, found = description.split(" ")
        if kind == "commit":
            yield path, found
