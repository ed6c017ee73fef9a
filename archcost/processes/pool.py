"""A pool of workers that run one request at a time, so that a network which ends its process is one failure.

Workers are separate programs. Forks are unsafe once torch has started threads, and children of `multiprocessing` import
the caller's main module again.
"""

from __future__ import annotations

import os
import sys
from concurrent.futures import ThreadPoolExecutor
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, Self

from archcost.processes.asking import AnswerError, Worker
from archcost.processes.endings import DiedError
from archcost.processes.guard import Guard
from archcost.processes.limits import Limits

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Mapping, Sequence

    from archcost.processes.engine import Answer


class Pool:
    """N workers with the module search path of this process; an `archcost.processes.engine.Engine`."""

    def __init__(self, jobs: int, *, imports: Sequence[str] = (), limits: Limits = Limits()) -> None:  # noqa: B008
        self._guard = Guard()
        paths = [os.path.abspath(entry) for entry in sys.path]  # noqa: PTH100 - "" is the current folder
        self._workers = [Worker(self._guard, paths=paths, imports=imports, limits=limits) for _ in range(jobs)]

    def run(self, task: str, requests: Iterable[Mapping[str, Any]]) -> Generator[tuple[int, Answer]]:
        """Yield the place of each request and its answer, in the order in which they finish.

        If the user interrupts, end the running requests and yield them, too, before the interrupt is raised again.
        """
        done: SimpleQueue[tuple[Worker, int, Answer]] = SimpleQueue()
        idle, asked, flying = list(self._workers), enumerate(requests), 0

        def ask(worker: Worker, place: int, request: Mapping[str, Any]) -> None:
            try:
                found = worker.ask(task, **request)
            except (AnswerError, DiedError) as error:
                found = error
            done.put((worker, place, found))

        with ThreadPoolExecutor(len(self._workers)) as threads:
            try:
                while True:
                    while idle and (following := next(asked, None)) is not None:
                        threads.submit(ask, idle.pop(), *following)
                        flying += 1
                    if not flying:
                        return
                    worker, place, found = done.get()
                    flying -= 1
                    idle.append(worker)
                    yield place, found
            except KeyboardInterrupt:
                self._close_workers()
                threads.shutdown()  # do not count running requests: the interrupt may have come before the count
                while not done.empty():
                    _, place, found = done.get()
                    yield place, found
                raise
            except BaseException:  # also GeneratorExit: the caller does not want the rest
                self._close_workers()
                raise

    def _close_workers(self) -> None:
        for worker in self._workers:
            worker.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self._close_workers()
        self._guard.close()
