"""The end of one network among many: done, or failed for a reason."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Self, TypeAlias

from archcost.errors import ArchcostError, first_line

KILLED = "Killed"  # SIGKILL, which a network seldom sends to its own processes
FailureKind: TypeAlias = Literal["exception", "hang", "crash", "memory", "interruption"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """The result of a network that could not be profiled; `error` names the exception.

    `kind` says how: it raised an exception, exceeded its time limit, ended its process, ran out of memory, or was
    interrupted, which is not the network's fault.
    """

    spec: str
    error: str
    reason: str
    exit_code: int = ArchcostError.exit_code
    kind: FailureKind = "exception"

    @property
    def is_final(self) -> bool:
        """Whether the network caused it; after an interrupt or a kill from outside, it may succeed another time."""
        return self.kind != "interruption" and self.error != KILLED

    @classmethod
    def of(cls, spec: str, error: BaseException) -> Failure:
        """Describe an exception."""
        name = type(error).__name__
        code = error.exit_code if isinstance(error, ArchcostError) else ArchcostError.exit_code
        said = str(error) if isinstance(error, ArchcostError) else first_line(error)
        reason = said if isinstance(error, Exception) else f"it raised {name}: {said}"  # the text of SystemExit is "7"
        return cls(spec=spec, error=name, reason=reason or name, exit_code=code)

    def to_error(self) -> ArchcostError:
        """Return it as the error of a command for this single network."""
        error = ArchcostError(self.reason)
        error.exit_code = self.exit_code
        return error


class Done(str):
    """The name of a finished network and whether it failed, for a progress callback.

    It is a str, so a callback that takes a plain name accepts it.
    """

    __slots__ = ("failed",)
    failed: bool

    def __new__(cls, name: str, *, failed: bool = False) -> Self:
        """Name it."""
        done = super().__new__(cls, name)
        done.failed = failed
        return done
