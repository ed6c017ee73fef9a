"""The interface of engines, which run functions in the workers of this machine or of a cluster."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, Self, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Mapping

    from archcost.processes.asking import AnswerError
    from archcost.processes.endings import DiedError

    Answer: TypeAlias = Any | AnswerError | DiedError


class Engine(Protocol):
    """Run one function for many requests; a context manager that leaves no process running."""

    def run(self, task: str, requests: Iterable[Mapping[str, Any]]) -> Generator[tuple[int, Answer]]:
        """Yield the place of each request and its answer, in the order in which they finish.

        A request is taken only when a worker is free, so there may be more requests than memory holds. A network that
        hangs or ends its process gives a `DiedError` as its answer and is not retried.
        """
        ...

    def __enter__(self) -> Self: ...

    def __exit__(self, *exception: object) -> None: ...
