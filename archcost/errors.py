"""Every error that archcost raises on purpose.

ArchcostError                  exit code
├── UsageError                     2   you asked for something wrong
│   ├── UnknownNetworkError        2   a spec that names nothing
│   ├── ArgumentError              2   an argument that the network or the command does not take
│   ├── InputError                 2   an --input that does not parse
│   ├── LedgerError                2   a file of published figures that is wrong
│   ├── TableError                 2   a user's CSV with a wrong value
│   ├── OutputError                2   an output path that cannot be written
│   └── ConfigError                2   a setting in pyproject.toml, named by file and key
│       └── NotConfiguredError     2   a project without any network in its settings
├── BuildError                     3   the network's own code failed while it was built
├── WalkError                      3   the network failed while it ran
├── OutOfMemoryError               3   the network needs more memory than there is
├── RuleError                      3   a counting rule, or a shape rule, is wrong or declared twice
├── WriteError                     3   a result that could not be written, on a full disk for example
├── PageError                      3   a command of a lecture's page that failed
├── ReportError                    3   a stored report that cannot be read
├── ClockError                     3   what cannot be timed, here or in this way
│   └── NoDeviceError              3   a device that this machine lacks
├── IncomparableError              3   two reports that do not compare, or a baseline that is missing
├── RevisionError                  3   a network that cannot be had from a git revision
│   ├── NoRepositoryError          3   no git, or no working tree of a git repository
│   ├── UnknownRevisionError       3   a revision that git does not know
│   ├── ShallowCloneError          3   a revision that this shallow clone has not fetched
│   ├── NotInRevisionError         3   the network does not exist there: it is new
│   ├── RevisionFailedError        3   the network exists there, and fails
│   └── SubmoduleError             3   a submodule of a revision that this machine does not have
├── EngineError                    3   a cluster that is not there, or whose nodes have other versions
├── MissingPackageError            3   an optional package that is not installed
├── ClaimError                     3   a network that a published figure is about, and that cannot be measured
├── VerdictError                   1   a published figure whose verdict is not the recorded one
├── UncoveredError                 1   --strict, and an operator has no rule
├── LeftOutError                   1   --strict, and a network has no place in a chart
├── BudgetExceededError            1   a budget that a network exceeds
├── LockOutOfDateError             1   --locked, and the lock file is not what the networks cost
└── DoesNotFitError                1   a memory that not even the smallest batch fits into

A message says what failed, on what, what is allowed, and what to try.
"""

import difflib
from collections.abc import Iterable
from typing import Any

LONGEST = 200  # characters of what others wrote, in one sentence


def find_root(error: BaseException) -> BaseException:
    """Return the first of the errors of which each came from the one before, or while that was handled."""
    seen = {id(error)}
    while (before := error.__cause__ or error.__context__) is not None and id(before) not in seen:
        seen.add(id(before))
        error = before
    return error


def spell(error: BaseException) -> str:
    """Return what an error says; the text of a user's own error may raise, too."""
    try:
        return str(error)
    except Exception:  # noqa: BLE001 - whatever it raises, the error itself is the news
        return "its message cannot be read"


def first_line(error: BaseException) -> str:
    """Return the first line of what an error says, without its middle where it is long."""
    return cut(spell(error).strip().partition("\n")[0])


def cut(text: str, most: int = 5 * LONGEST) -> str:
    """Return a text, without its middle where it is longer than a sentence has room for."""
    return text if len(text) <= most else f"{text[: most // 2]}…{text[-most // 2 :]}"


def quote(value: object) -> str:
    """Return a value as Python writes it, without its middle where it is long."""
    return cut(repr(value[: 2 * LONGEST] if isinstance(value, str) else value), LONGEST)


def closest(name: str, names: Iterable[str], otherwise: str) -> str:
    """Return "did you mean a, b?" for the names nearest to a mistyped one, or `otherwise` where none is near."""
    name = name[:LONGEST]
    spelled = {known.lower(): known for known in names}
    begun = sorted((known for known in spelled if name and known.startswith(name.lower())), key=len)
    near = difflib.get_close_matches(name.lower(), spelled, n=3)
    close = [spelled[known] for known in dict.fromkeys((*begun, *near))][:3]
    return f"did you mean {', '.join(close)}?" if close else otherwise


class ArchcostError(Exception):
    """The root of all; `exit_code` is what the command line ends with."""

    exit_code = 3


class UsageError(ArchcostError):
    """The request itself is wrong."""

    exit_code = 2


class UnknownNetworkError(UsageError):
    """A spec that names no network, file, module or attribute."""


class ArgumentError(UsageError):
    """An argument that the network or the command does not take, or a value that it refuses."""


class InputError(UsageError):
    """An input description that does not parse."""


class LedgerError(UsageError):
    """A file of published figures that does not parse, or an entry of it that is wrong."""


class TableError(UsageError):
    """A user's table that cannot be read, or that holds a wrong value; names the file, line and column."""


class OutputError(UsageError):
    """An output path where no file can be written, or whose suffix means nothing."""


class ConfigError(UsageError):
    """A setting of a project that means nothing: which file, which key, what is allowed."""


class NotConfiguredError(ConfigError):
    """There is no pyproject.toml, or it names no network."""


class BuildError(ArchcostError):
    """The network's own code raised while it was built; `frames`, as Python prints them, say where."""

    def __init__(self, message: str, frames: str = "") -> None:
        super().__init__(f"{message}\n{frames}".rstrip())
        self.message = message


class WalkError(ArchcostError):
    """The network raised while it ran, or did what cannot be accounted for; `trace` is of what ran before."""

    trace: Any = None


class OutOfMemoryError(ArchcostError):
    """The network needs more memory than its device has."""


class RuleError(ArchcostError):
    """A counting rule failed, two rules claim one operator, or a shape rule does not say what torch says."""


class WriteError(ArchcostError):
    """A result that could not be written: the disk is full, or stdout is closed."""


class PageError(ArchcostError):
    """A command that a lecture's page is written by, and that failed."""


class ReportError(ArchcostError):
    """A stored report that is not one."""


class ClockError(ArchcostError):
    """What cannot be timed: on this device, in this dtype, or at all."""


class NoDeviceError(ClockError):
    """A device that this machine lacks, or of which nothing is known."""


class IncomparableError(ArchcostError):
    """Two reports that do not compare, or a baseline that does not exist."""


class RevisionError(ArchcostError):
    """A network could not be had from a git revision."""


class NoRepositoryError(RevisionError):
    """There is no git, or the folder is in no working tree of a git repository."""


class UnknownRevisionError(RevisionError):
    """Git knows no such revision, or two revisions have nothing in common."""


class ShallowCloneError(RevisionError):
    """The revision may exist, but this clone has a part of the history only."""


class NotInRevisionError(RevisionError):
    """The file, module or callable does not exist in that revision: compared with it, the network is new."""


class RevisionFailedError(RevisionError):
    """The network is there, and its code failed, or the process that ran it died."""


class SubmoduleError(RevisionError):
    """The files of a submodule, as a revision has them, are not on this machine."""


class EngineError(ArchcostError):
    """A cluster that is not there, that lacks what was asked for, or whose nodes have other versions."""


class MissingPackageError(ArchcostError):
    """An optional package that is not installed."""


class ClaimError(ArchcostError):
    """A published figure about a network that cannot be measured."""


class VerdictError(ArchcostError):
    """A published figure whose verdict is not the recorded one."""

    exit_code = 1


class UncoveredError(ArchcostError):
    """An operator without a rule where `--strict` forbids it."""

    exit_code = 1


class LeftOutError(ArchcostError):
    """A network that had to be left out where `--strict` forbids it."""

    exit_code = 1


class BudgetExceededError(ArchcostError):
    """A network that costs more than its budget allows."""

    exit_code = 1


class LockOutOfDateError(ArchcostError):
    """The committed lock file differs from what `archcost check --update` would write, where `--locked` forbids it."""

    exit_code = 1


class DoesNotFitError(ArchcostError):
    """A network that needs more than the given memory at any batch."""

    exit_code = 1
