"""What runs functions elsewhere: the workers of this machine, or those of a cluster."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, Self, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Mapping

    from archcost.processes.asking import AnswerError
    from archcost.processes.endings import DiedError

    Answer: TypeAlias = Any | AnswerError | DiedError


class Engine(Protocol):
    """Runs one function with many arguments; a context manager that leaves nothing running."""

    def run(self, task: str, requests: Iterable[Mapping[str, Any]]) -> Generator[tuple[int, Answer]]:
        """Yield the place of each request and what came of it, in the order in which they are done.

        Requests are taken when there is somebody to run them, so there may be more than memory holds. A network that
        fails, hangs or ends its process is one answer, a `DiedError`, and is not tried again.
        """
        ...

    def __enter__(self) -> Self: ...

    def __exit__(self, *exception: object) -> None: ...
