"""What stands in the place of a network that could not be profiled."""

from __future__ import annotations

from dataclasses import dataclass

from archcost.errors import ArchcostError


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """What stands in the place of a network that could not be profiled; `error` names the exception."""

    spec: str
    error: str
    reason: str
    exit_code: int = ArchcostError.exit_code

    @classmethod
    def of(cls, spec: str, error: BaseException) -> Failure:
        """Describe an exception."""
        code = error.exit_code if isinstance(error, ArchcostError) else ArchcostError.exit_code
        return cls(spec=spec, error=type(error).__name__, reason=str(error) or type(error).__name__, exit_code=code)
