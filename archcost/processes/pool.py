"""Worker processes that are asked one network at a time, so that one which dies is one failure and no more.

They are programs of their own (`archcost.processes.worker`) rather than forks or `multiprocessing` children: the
first are unsafe once torch has started threads, the second import the caller's main module again.
"""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, Self

from archcost.records import Done, Failure

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from types import TracebackType

    from archcost.records import Report


class Pool:
    """So many workers; each is started when it is first needed, and again when it died."""

    def __init__(self, jobs: int) -> None:
        self._workers = [_Worker() for _ in range(jobs)]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for worker in self._workers:
            worker.stop()

    def run(
        self,
        specs: Sequence[str],
        keep: Callable[[Report], Any] | None,
        options: Mapping[str, Any],
        progress: Callable[[str], None] | None,
    ) -> list[Any]:
        """Hand each spec to the next worker that is idle; return the results in the specs' order."""
        idle: SimpleQueue[_Worker] = SimpleQueue()
        for worker in self._workers:
            idle.put(worker)

        def done(spec: str) -> Any:
            worker = idle.get()
            try:
                result = worker.ask(spec, keep, options)
            finally:
                idle.put(worker)
            if progress is not None:
                progress(Done(spec, failed=isinstance(result, Failure)))
            return result

        threads = ThreadPoolExecutor(len(self._workers))
        try:
            return list(threads.map(done, specs))
        except BaseException:  # Ctrl-C: whoever waits for a worker must not wait on
            threads.shutdown(wait=False, cancel_futures=True)
            for worker in self._workers:
                worker.stop()
            raise
        finally:
            threads.shutdown()


class _Worker:
    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._stopped = False

    def ask(self, spec: str, keep: Callable[[Report], Any] | None, options: Mapping[str, Any]) -> Any:
        """Have one network profiled; where that ends the process, the network failed."""
        if self._stopped:
            return Failure(spec=spec, error="Interrupted", reason="it was stopped")
        if self._process is None:
            self._process = _start()
        process = self._process
        assert process.stdin is not None  # noqa: S101 - for mypy: both are pipes
        assert process.stdout is not None  # noqa: S101
        try:
            pickle.dump((spec, keep, dict(options)), process.stdin)
            process.stdin.flush()
            return pickle.load(process.stdout)  # noqa: S301 - a program of ours wrote it
        except (OSError, EOFError, pickle.UnpicklingError):
            self._process = None
            code = _end(process)
            how = f"signal {-code}" if code < 0 else f"exit code {code}"
            return Failure(spec=spec, error="Died", reason=f"it ended the process that ran it ({how})")

    def stop(self) -> None:
        self._stopped = True
        if self._process is not None:
            self._process.kill()
            _end(self._process)


def _start() -> subprocess.Popen[bytes]:
    # the caller's path, and no folder that -m would put before it
    path = os.pathsep.join(os.path.abspath(entry) for entry in sys.path)  # noqa: PTH100 - "" is the current folder
    command = [sys.executable, "-P", "-m", "archcost.processes.worker"]
    environment = {**os.environ, "PYTHONPATH": path}
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment)  # noqa: S603


def _end(process: subprocess.Popen[bytes]) -> int:
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            try:
                pipe.close()
            except OSError:  # what was not written yet cannot be any more
                continue
    return process.wait()
