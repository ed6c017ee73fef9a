"""Workers that are asked one thing after the other, so that a network which ends its process is one failure.

They are programs of their own rather than forks or children of `multiprocessing`: the first are unsafe once torch has
started threads, the second import the caller's main module again.
"""

from __future__ import annotations

import os
import sys
from concurrent.futures import ThreadPoolExecutor
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, Self

from archcost.processes.asking import AnswerError, DiedError, Worker
from archcost.processes.guard import Guard

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence


class Pool:
    """So many workers, which import what this process can import; a context manager that ends them."""

    def __init__(self, jobs: int) -> None:
        self._guard = Guard()
        paths = [os.path.abspath(entry) for entry in sys.path]  # noqa: PTH100 - "" is the current folder
        self._workers = [Worker(self._guard, paths=paths) for _ in range(jobs)]

    def ask_all(
        self, task: str, requests: Sequence[Mapping[str, Any]], done: Callable[[int, Any], None]
    ) -> list[Any | AnswerError | DiedError]:
        """Have a function called with each of these arguments, by the next worker that is idle.

        `done` is called with the place of each request and what came of it, from any thread.

        Returns:
            In the order of the requests: what came of each, or the error that did.
        """
        idle: SimpleQueue[Worker] = SimpleQueue()
        for worker in self._workers:
            idle.put(worker)

        def ask(place: int) -> Any:
            worker = idle.get()
            try:
                found = worker.ask(task, **requests[place])
            except (AnswerError, DiedError) as error:
                found = error
            finally:
                idle.put(worker)
            done(place, found)
            return found

        threads = ThreadPoolExecutor(len(self._workers))
        try:
            return list(threads.map(ask, range(len(requests))))
        except BaseException:  # Ctrl-C: whoever waits for a worker must not wait on
            threads.shutdown(wait=False, cancel_futures=True)
            self._close_workers()
            raise
        finally:
            threads.shutdown()

    def _close_workers(self) -> None:
        for worker in self._workers:
            worker.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self._close_workers()
        self._guard.close()
