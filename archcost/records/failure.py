"""What becomes of one network among many: that it is done, and what stands in its place where it failed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Self, TypeAlias

from archcost.errors import ArchcostError, first_line

KILLED = "Killed"  # by SIGKILL, which networks seldom send to themselves or to their parents
FailureKind: TypeAlias = Literal["exception", "hang", "crash", "memory", "interruption"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """What stands in the place of a network that could not be profiled; `error` names the exception.

    `kind` says what it did: it raised, took longer than its limit, ended its process, ran out of memory, or was
    interrupted before it was done, which says nothing about the network.
    """

    spec: str
    error: str
    reason: str
    exit_code: int = ArchcostError.exit_code
    kind: FailureKind = "exception"

    @property
    def is_final(self) -> bool:
        """Whether it is the network's own: who was interrupted or killed from outside may do better another time."""
        return self.kind != "interruption" and self.error != KILLED

    @classmethod
    def of(cls, spec: str, error: BaseException) -> Failure:
        """Describe an exception."""
        name = type(error).__name__
        code = error.exit_code if isinstance(error, ArchcostError) else ArchcostError.exit_code
        said = str(error) if isinstance(error, ArchcostError) else first_line(error)
        reason = said if isinstance(error, Exception) else f"it raised {name}: {said}"  # SystemExit says "7"
        return cls(spec=spec, error=name, reason=reason or name, exit_code=code)

    def to_error(self) -> ArchcostError:
        """Return it as an error of a command that asked for this network alone."""
        error = ArchcostError(self.reason)
        error.exit_code = self.exit_code
        return error


class Done(str):
    """The name of what is done, for a callback that shows progress, and whether it failed.

    A callback that takes a plain name takes it too.
    """

    __slots__ = ("failed",)
    failed: bool

    def __new__(cls, name: str, *, failed: bool = False) -> Self:
        """Name it."""
        done = super().__new__(cls, name)
        done.failed = failed
        return done
