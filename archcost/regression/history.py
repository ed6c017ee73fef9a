"""Costs of networks from commit to commit, read from lock files or counted anew."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from archcost.errors import ArchcostError, ArgumentError, ReportError, UnknownRevisionError, closest
from archcost.records import Failure, History, HistoryPoint
from archcost.regression import lock
from archcost.regression.baseline import count_network
from archcost.regression.git import run_git
from archcost.regression.revisions import checkout, commit_of, top_of
from archcost.regression.settings import read_settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

FIELDS = "%H%x00%cI%x00%s"


@dataclass(frozen=True, slots=True)
class Commit:
    """One commit: its hash, when it was made, the first line of its message."""

    name: str
    date: str
    subject: str


def read_history(folder: Path, wanted: Sequence[str] = (), *, since: str | None = None) -> History:
    """Return the lock file's figures at every commit that changed it, without building any network.

    Args:
        folder: the folder of the lock file, in the working tree of a repository.
        wanted: names of networks; if empty, all networks that a lock file ever had.
        since: a revision; its lock file comes first, then the commits that changed the file.

    Raises:
        RevisionError: there is no such repository or revision.
        ArgumentError: no lock file has one of the networks.
    """
    top = top_of(folder)
    path = (folder.resolve() / lock.FILE).relative_to(top).as_posix()
    commits = list(_commits(top, "--", path)) if since is None else _commits_since(top, since, path)
    states = [(commit, *_read(top, commit, path)) for commit in commits]
    known = list(dict.fromkeys(name for _, networks, _ in states for name in networks))
    for name in wanted:
        if name not in known:
            hint = closest(name, known, f"there are {', '.join(known[:20])}" if known else "none was ever locked")
            raise ArgumentError(f"{lock.FILE} never had a network {name!r}; {hint}")
    return History(
        source=lock.FILE,
        networks={name: _without_repeats(_points(states, name)) for name in wanted or known},
    )


def build_history(
    folder: Path,
    file: str,
    wanted: Sequence[str],
    span: str,
    progress: Callable[[str], None] = lambda _: None,
) -> History:
    """Return the costs of networks at every commit of a range ("v1.0..main"), each counted by that commit's settings.

    Raises:
        RevisionError: the repository or the range does not exist.
        ArgumentError: the text is not a range.
    """
    start, dots, end = span.partition("..")
    if not dots or not start or "." in end[:1]:
        raise ArgumentError(f"--build {span}: write two revisions with two dots between them, such as v1.0..main")
    top = top_of(folder)
    first, last = (commit_of(text, repository=top) for text in (start, end or "HEAD"))
    commits = [*_commits(top, "--no-walk", first), *_commits(top, "--first-parent", f"{first}..{last}")]
    states = []
    for commit in commits:
        progress(f"{commit.name[:7]} {commit.subject}")
        states.append((commit, *_build(folder, file, wanted, commit)))
    names = wanted or list(dict.fromkeys(name for _, networks, _ in states for name in networks))
    return History(source="built at each commit", networks={name: tuple(_points(states, name)) for name in names})


def _commits(top: Path, *arguments: str) -> Iterator[Commit]:
    """Yield commits, the oldest first."""
    found = run_git(top, "log", f"--format={FIELDS}", "--reverse", "--topo-order", *arguments)
    if found.returncode:
        raise UnknownRevisionError(f"git log {' '.join(arguments)}: {found.stderr.strip()}")
    for line in found.stdout.split("\n"):
        if line:
            yield Commit(*line.split("\0", 2))


def _commits_since(top: Path, since: str, path: str) -> list[Commit]:
    first = commit_of(since, repository=top)
    return [*_commits(top, "--no-walk", first), *_commits(top, f"{first}..HEAD", "--", path)]


def _read(top: Path, commit: Commit, path: str) -> tuple[Mapping[str, Mapping[str, int]], str]:
    """Return the totals of the networks in a commit's lock file, and the reason if the file cannot be read."""
    found = run_git(top, "show", f"{commit.name}:{path}")
    if found.returncode:  # the commit deleted the file
        return {}, ""
    try:
        locked = lock.parse_lock(found.stdout)
    except ReportError as error:
        return {}, str(error)
    return {name: each.snapshot.totals for name, each in locked.items()}, ""


def _build(
    folder: Path, file: str, wanted: Sequence[str], commit: Commit
) -> tuple[Mapping[str, Mapping[str, int] | str], str]:
    """Count the networks of a commit; a network that fails has the reason in place of its totals."""
    found: dict[str, Mapping[str, int] | str] = {}
    try:
        with checkout(commit.name, repository=folder) as files:
            for plan in read_settings(files.folder / file).matching(wanted):
                counted = count_network(files, plan)
                if counted is not None:
                    found[plan.name] = counted.reason if isinstance(counted, Failure) else counted.totals
    except ArchcostError as error:
        return found, str(error)
    return found, ""


def _points(
    states: Sequence[tuple[Commit, Mapping[str, Mapping[str, int] | str], str]], name: str
) -> Iterator[HistoryPoint]:
    """Yield a network's points, starting with the first commit that has the network."""
    begun = False
    for commit, networks, problem in states:
        value = networks.get(name)
        begun = begun or value is not None
        if begun:
            yield HistoryPoint(
                commit=commit.name,
                date=commit.date,
                subject=commit.subject,
                totals=None if isinstance(value, str) else value,
                reason=value if isinstance(value, str) else problem if value is None else "",
            )


def _without_repeats(points: Iterator[HistoryPoint]) -> tuple[HistoryPoint, ...]:
    """Leave out commits that touched other networks only."""
    kept: list[HistoryPoint] = []
    for point in points:
        if not kept or (point.totals, point.reason) != (kept[-1].totals, kept[-1].reason):
            kept.append(point)
    return tuple(kept)
