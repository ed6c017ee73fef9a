"""All errors that archcost raises on purpose.

ArchcostError                  exit code
├── UsageError                     2   the request is wrong
│   ├── UnknownNetworkError        2   a spec names no network
│   ├── ArgumentError              2   the network or the command does not take an argument
│   ├── InputError                 2   an --input does not parse
│   ├── LedgerError                2   a file of published figures is wrong
│   ├── TableError                 2   a user's CSV has a wrong value
│   ├── OutputError                2   an output path cannot be written
│   └── ConfigError                2   a setting in pyproject.toml is wrong
│       └── NotConfiguredError     2   a project's settings name no network
├── BuildError                     3   the network's code failed during its construction
├── WalkError                      3   the network failed while it ran
├── OutOfMemoryError               3   the network needs more memory than is available
├── RuleError                      3   a counting rule, or a shape rule, is wrong or declared twice
├── WriteError                     3   a result could not be written, on a full disk for example
├── PageError                      3   a command of a lecture's page failed
├── ReportError                    3   a stored report cannot be read
├── ClockError                     3   the network cannot be timed, here or in this way
│   └── NoDeviceError              3   this machine lacks a device
├── IncomparableError              3   two reports cannot be compared, or a baseline is missing
├── RevisionError                  3   a network of a git revision cannot be counted
│   ├── NoRepositoryError          3   git is missing, or the folder is not in a repository
│   ├── UnknownRevisionError       3   git does not know a revision
│   ├── ShallowCloneError          3   this shallow clone lacks a revision
│   ├── NotInRevisionError         3   the network does not exist there
│   ├── RevisionFailedError        3   the network exists there and fails
│   └── SubmoduleError             3   this machine lacks a submodule of a revision
├── EngineError                    3   a cluster is missing, or its nodes have other versions
├── MissingPackageError            3   an optional package is not installed
├── ClaimError                     3   the network of a published figure cannot be measured
├── VerdictError                   1   a published figure's verdict is not the recorded one
├── UncoveredError                 1   with --strict, an operator has no rule
├── LeftOutError                   1   with --strict, a network has no place in a chart
├── BudgetExceededError            1   a network exceeds a budget
├── LockOutOfDateError             1   with --locked, the lock file differs from the present costs
└── DoesNotFitError                1   not even the smallest batch fits into the memory

A message says what failed, on what, what is allowed, and what to type.
"""

import difflib
from collections.abc import Iterable
from typing import Any

LONGEST = 200  # the most characters of a foreign text in one sentence


def find_root(error: BaseException) -> BaseException:
    """Return the first error of a chain of causes and contexts."""
    seen = {id(error)}
    while (before := error.__cause__ or error.__context__) is not None and id(before) not in seen:
        seen.add(id(before))
        error = before
    return error


def spell(error: BaseException) -> str:
    """Return an error's message; the `str` of a user's error may itself raise."""
    try:
        return str(error)
    except Exception:  # noqa: BLE001 - whatever it raises, the error itself is the news
        return "its message cannot be read"


def first_line(error: BaseException) -> str:
    """Return the first line of an error's message, shortened in the middle if it is long."""
    return cut(spell(error).strip().partition("\n")[0])


def cut(text: str, most: int = 5 * LONGEST) -> str:
    """Return a text, shortened in the middle if it is too long for a sentence."""
    return text if len(text) <= most else f"{text[: most // 2]}…{text[-most // 2 :]}"


def quote(value: object) -> str:
    """Return a value's repr, shortened in the middle if it is long."""
    return cut(repr(value[: 2 * LONGEST] if isinstance(value, str) else value), LONGEST)


def closest(name: str, names: Iterable[str], otherwise: str) -> str:
    """Return "did you mean a, b?" for the names nearest to a mistyped one, or `otherwise` if no name is near."""
    name = name[:LONGEST]
    spelled = {known.lower(): known for known in names}
    begun = sorted((known for known in spelled if name and known.startswith(name.lower())), key=len)
    near = difflib.get_close_matches(name.lower(), spelled, n=3)
    close = [spelled[known] for known in dict.fromkeys((*begun, *near))][:3]
    return f"did you mean {', '.join(close)}?" if close else otherwise


class ArchcostError(Exception):
    """The base class of all errors; `exit_code` is the exit code of the command line."""

    exit_code = 3


class UsageError(ArchcostError):
    """The request is wrong."""

    exit_code = 2


class UnknownNetworkError(UsageError):
    """A spec names no network, file, module or attribute."""


class ArgumentError(UsageError):
    """The network or the command does not take an argument, or refuses its value."""


class InputError(UsageError):
    """An input description does not parse."""


class LedgerError(UsageError):
    """A file of published figures does not parse, or has a wrong entry."""


class TableError(UsageError):
    """A user's table cannot be read or has a wrong value; the message names the file, line and column."""


class OutputError(UsageError):
    """An output path cannot be written, or its suffix names no format."""


class ConfigError(UsageError):
    """A project's setting is wrong; the message names the file, the key and the allowed values."""


class NotConfiguredError(ConfigError):
    """The pyproject.toml is missing or names no network."""


class BuildError(ArchcostError):
    """The network's code raised during its construction; `frames`, as Python prints them, show where."""

    def __init__(self, message: str, frames: str = "") -> None:
        super().__init__(f"{message}\n{frames}".rstrip())
        self.message = message


class WalkError(ArchcostError):
    """The network raised while it ran, or did something that archcost cannot count; `trace` covers the part before."""

    trace: Any = None


class OutOfMemoryError(ArchcostError):
    """The network needs more memory than its device has."""


class RuleError(ArchcostError):
    """A counting rule failed, two rules claim one operator, or a shape rule contradicts torch."""


class WriteError(ArchcostError):
    """A result could not be written: the disk is full, or stdout is closed."""


class PageError(ArchcostError):
    """A command of a lecture's page failed."""


class ReportError(ArchcostError):
    """A file is not a report."""


class ClockError(ArchcostError):
    """The network cannot be timed on this device, in this dtype, or at all."""


class NoDeviceError(ClockError):
    """This machine lacks a device, or archcost does not know it."""


class IncomparableError(ArchcostError):
    """Two reports cannot be compared, or a baseline does not exist."""


class RevisionError(ArchcostError):
    """A network of a git revision could not be counted."""


class NoRepositoryError(RevisionError):
    """git is missing, or the folder is not in the working tree of a git repository."""


class UnknownRevisionError(RevisionError):
    """git does not know a revision, or two revisions have no common commit."""


class ShallowCloneError(RevisionError):
    """The revision may exist, but this clone has only a part of the history."""


class NotInRevisionError(RevisionError):
    """The revision lacks the file, module or callable: compared with it, the network is new."""


class RevisionFailedError(RevisionError):
    """The network exists in the revision, but its code failed or its process died."""


class SubmoduleError(RevisionError):
    """This machine lacks the files of a submodule at a revision."""


class EngineError(ArchcostError):
    """A cluster is missing, lacks a requested device, or has nodes with other versions."""


class MissingPackageError(ArchcostError):
    """An optional package is not installed."""


class ClaimError(ArchcostError):
    """The network of a published figure cannot be measured."""


class VerdictError(ArchcostError):
    """A published figure's verdict is not the recorded one."""

    exit_code = 1


class UncoveredError(ArchcostError):
    """An operator has no rule, which `--strict` forbids."""

    exit_code = 1


class LeftOutError(ArchcostError):
    """A network was left out, which `--strict` forbids."""

    exit_code = 1


class BudgetExceededError(ArchcostError):
    """A network exceeds its budget."""

    exit_code = 1


class LockOutOfDateError(ArchcostError):
    """`archcost check --update` would change the committed lock file, which `--locked` forbids."""

    exit_code = 1


class DoesNotFitError(ArchcostError):
    """A network needs more than the given memory at any batch size."""

    exit_code = 1
