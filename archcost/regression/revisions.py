"""Networks at a git revision, built from a temporary worktree in a process of their own.

The installed archcost and packages run the revision's files, never in this process.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from archcost.errors import (
    NoRepositoryError,
    NotInRevisionError,
    RevisionError,
    RevisionFailedError,
    ShallowCloneError,
    UnknownRevisionError,
    closest,
)
from archcost.processes.asking import AnswerError, Worker
from archcost.processes.endings import DiedError
from archcost.processes.guard import Guard
from archcost.records import Report
from archcost.regression.git import run_git
from archcost.regression.submodules import fill_submodules

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

UNSHALLOW = (
    "fetch the rest with `git fetch --unshallow`, in a GitHub workflow with `fetch-depth: 0` for actions/checkout"
)


def split_revision(text: str) -> tuple[str | None, str]:
    """Split REV:SPEC; the revision is None if the text has none.

    A network's name has one colon at most (timm:NAME, FILE.py:CALLABLE), so a revision is what stands before the last
    colon but one.

    Example:
        >>> split_revision("origin/main:model.py:build?width=2")
        ('origin/main', 'model.py:build?width=2')
        >>> split_revision("timm:resnet50::layer1")
        (None, 'timm:resnet50::layer1')
    """
    body, apart, module = text.partition("::")
    body, mark, query = body.partition("?")
    parts = body.rsplit(":", 2)
    if len(parts) < 3 or not parts[0]:  # noqa: PLR2004 - revision, source, target
        return None, text
    return parts[0], f"{parts[1]}:{parts[2]}{mark}{query}{apart}{module}"


def report_at(
    revision: str, spec: str, *, repository: Path | None = None, inputs: Sequence[str] = (), **options: Any
) -> Report:
    """Profile a network at a git revision.

    Args:
        revision: any name of a commit: "main", "HEAD~2", "v1.0", "1a2b3c4".
        spec: the network's name. A file's path is relative to `repository`, as it is without a revision.
        repository: a folder in the repository's working tree; None for the current one.
        inputs: descriptions such as "3x224x224"; none for the network's own default.
        options: keyword arguments of `archcost.profile`.

    Raises:
        NotInRevisionError: the revision lacks the network's file, module or callable.
        RevisionFailedError: the network exists there and fails.
        RevisionError: the repository or the revision does not exist.
    """
    with checkout(revision, repository=repository) as files:
        return files.report(spec, inputs=inputs, **options)


@contextmanager
def checkout(revision: str, *, repository: Path | None = None) -> Iterator[Checkout]:
    """Yield the files of a revision in a temporary worktree, which is removed in every case.

    Raises:
        RevisionError: the repository or the revision does not exist, or its files cannot be written.
    """
    folder = (repository or Path.cwd()).resolve()
    top = top_of(folder)
    commit = commit_of(revision, repository=top)
    tree = Path(tempfile.mkdtemp(prefix="archcost-")).resolve()
    name = commit[:7] if commit.startswith(revision) else f"{revision} ({commit[:7]})"
    guard = Guard()  # closed after the removal; if an interrupt ends the removal, the finalizer does the rest
    guard.add_task("archcost.regression.revisions:remove_worktree", tree=str(tree), top=str(top))
    try:
        no_hooks = ("-c", f"core.hooksPath={os.devnull}")
        added = run_git(top, *no_hooks, "worktree", "add", "--quiet", "--detach", str(tree), commit)
        if added.returncode:
            raise RevisionError(f"the files of {name} cannot be written: {added.stderr.strip()}")
        inside = tree / folder.relative_to(top)
        inside.mkdir(parents=True, exist_ok=True)  # the revision may not have the folder yet
        with closing(Checkout(name, commit, guard, inside, tree, top)) as files:
            files.missing = fill_submodules(top, commit, tree)
            yield files
    finally:
        remove_worktree(tree, top)
        guard.close()


def remove_worktree(tree: Path | str, top: Path | str) -> None:
    """Remove a temporary worktree and git's record of it."""
    run_git(top, "worktree", "remove", "--force", "--force", str(tree))
    shutil.rmtree(tree, ignore_errors=True)


@contextmanager
def working_tree(folder: Path | None = None) -> Iterator[Checkout]:
    """Yield the files of the working tree, for a process of their own."""
    here = (folder or Path.cwd()).resolve()
    with Guard() as guard, closing(Checkout("the working tree", "", guard, here)) as files:
        yield files


class Checkout:
    """The files of a revision, and the process that runs them; `checkout` and `working_tree` make it.

    File names are relative to `folder`. `missing` names the submodules whose files are not on this machine. `tree` is
    the top folder of a revision's files; `instead_of` is the top folder of the working tree, whose code must then not
    run.
    """

    def __init__(
        self,
        name: str,
        commit: str,
        guard: Guard,
        folder: Path,
        tree: Path | None = None,
        instead_of: Path | None = None,
    ) -> None:
        self.name = name
        self.commit = commit
        self.folder = folder
        self._tree = tree
        self._instead_of = instead_of
        self.missing: tuple[str, ...] = ()
        self._worker = Worker(guard, folder=folder, paths=self._import_paths())

    @property
    def missing_text(self) -> str:
        """Name the submodules of the revision that are not on this machine, and how to fetch them."""
        return (
            f"submodules of {self.name} are not on this machine: {', '.join(self.missing)}; fetch them with "
            "`git submodule update --init --recursive`, in a GitHub workflow with `submodules: recursive` for "
            "actions/checkout"
        )

    def shorten(self, message: str) -> str:
        """Return a text with the temporary worktree's paths replaced by the repository's."""
        if self._tree is None:
            return message
        return message.replace(f"{self._tree}{os.sep}", "").replace(str(self._tree), ".")

    def report(self, spec: str, *, inputs: Sequence[str] = (), **options: Any) -> Report:
        """Profile a network; see `report_at`."""
        text = self.ask("report_network", spec, inputs=list(inputs), options=options)
        return Report.from_json(text)

    def ask(self, task: str, spec: str, **request: Any) -> Any:
        """Call a function of `archcost.regression.worker_tasks` with a network, in the worker process.

        Raises:
            NotInRevisionError: the network's file, module or callable does not exist there.
            RevisionFailedError: the network exists, and the function failed.
        """
        tree, instead_of = (None if path is None else str(path) for path in (self._tree, self._instead_of))
        task = f"archcost.regression.worker_tasks:{task}"
        try:
            return self._worker.ask(task, spec=spec, tree=tree, instead_of=instead_of, **request)
        except AnswerError as error:
            message = self.shorten(str(error))
            if error.kind == "UnknownNetworkError":
                raise NotInRevisionError(f"{spec} of {self.name} does not exist: {message}") from None
            raise RevisionFailedError(f"{spec} of {self.name} failed: {message}") from None
        except DiedError as error:
            raise RevisionFailedError(f"{spec} of {self.name} failed: {error}") from None

    def close(self) -> None:
        """End the process."""
        self._worker.close()

    def _import_paths(self) -> list[str]:
        """Return the folders in which modules are looked up first.

        For a revision, these are its own versions of the working tree's folders on this process's path, such as src/ of
        an editable package.
        """
        if self._tree is None or self._instead_of is None:
            return []
        searched = [Path(entry).resolve() for entry in sys.path if entry]
        inside = [entry.relative_to(self._instead_of) for entry in searched if entry.is_relative_to(self._instead_of)]
        return [str(self._tree / entry) for entry in inside if (self._tree / entry).exists()]


def merge_base(ref: str, *, repository: Path | None = None) -> str:
    """Return the merge base of HEAD and another revision.

    Raises:
        UnknownRevisionError: the revision does not exist, or the two have no commit in common.
        ShallowCloneError: the common commit is not in this clone.
        NoRepositoryError: the folder is in no repository.
    """
    top = top_of((repository or Path.cwd()).resolve())
    other, head = commit_of(ref, repository=top), commit_of("HEAD", repository=top)
    found = run_git(top, "merge-base", other, head)
    if found.returncode == 0:
        return found.stdout.split()[0]
    problem = f"{ref} ({other[:7]}) and HEAD ({head[:7]}) have no commit in common"
    if _is_shallow(top):
        raise ShallowCloneError(f"{problem} in this shallow clone; {UNSHALLOW}")
    raise UnknownRevisionError(f"{problem}; name a revision that HEAD comes from")


def commit_of(revision: str, *, repository: Path | None = None) -> str:
    """Return the full hash of the commit that a revision names.

    Raises:
        UnknownRevisionError: git knows no such commit; names the closest ones.
        ShallowCloneError: the clone is shallow, which may be why it lacks the commit.
        NoRepositoryError: the folder is in no repository.
    """
    top = top_of((repository or Path.cwd()).resolve())
    found = run_git(top, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
    if found.returncode == 0:
        return found.stdout.strip()
    if _is_shallow(top):
        raise ShallowCloneError(f"there is no revision {revision!r} in this shallow clone; {UNSHALLOW}")
    names = run_git(top, "for-each-ref", "--format=%(refname:short)").stdout.split()
    hint = closest(revision, names, "`git branch --all` and `git tag` list what there is; `git fetch` gets more")
    raise UnknownRevisionError(f"there is no revision {revision!r} in {top}; {hint}")


def is_dirty(*, repository: Path | None = None) -> bool:
    """Whether tracked files differ from HEAD, so that the working tree is not the state of a commit.

    Raises:
        NoRepositoryError: the folder is in no repository.
    """
    top = top_of((repository or Path.cwd()).resolve())
    return bool(run_git(top, "status", "--porcelain", "--untracked-files=no").stdout.strip())


def top_of(folder: Path) -> Path:
    """Return the top folder of the working tree that a folder is in."""
    found = run_git(folder, "rev-parse", "--show-toplevel")
    if found.returncode:
        reason = (found.stderr.strip() or "no reason given").splitlines()[0].removeprefix("fatal: ")
        raise NoRepositoryError(f"{folder} is in no working tree of a git repository, which a revision needs: {reason}")
    return Path(found.stdout.rstrip("\n")).resolve()


def _is_shallow(top: Path) -> bool:
    return run_git(top, "rev-parse", "--is-shallow-repository").stdout.strip() == "true"
