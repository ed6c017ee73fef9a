"""The client of `archcost.processes.worker`: a network's code runs in the worker, never here."""

from __future__ import annotations

import json
import subprocess
from contextlib import suppress
from dataclasses import asdict
from threading import Lock, Timer
from typing import TYPE_CHECKING, Any

from archcost.processes.endings import DiedError, describe_ending, describe_overdue, read_kills
from archcost.processes.guard import PATIENCE, command_of, end_group
from archcost.processes.limits import Limits
from archcost.records.reading import CHARACTERS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from archcost.processes.guard import Guard

ANSWER_CHARACTERS = 2 * CHARACTERS  # a report whose quotes are escaped
START_SECONDS = 600.0  # for the worker's imports
GRACE_SECONDS = 5.0  # beyond the limit: the clock of a suspended worker does not run


class AnswerError(Exception):
    """An error that a task raised in the worker: the name of its class, and its message."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind

    def __reduce__(self) -> tuple[Any, ...]:
        """Support pickling, which a cluster needs."""
        return type(self), (self.kind, str(self))


class Worker:
    """A process that answers one request at a time. It starts at the first request, and again after it has ended.

    It runs this archcost in `folder` (None: the current folder); `paths` come first in its module search path. `limits`
    apply to each request, after the modules in `imports` are loaded. An interrupt reaches only the calling process,
    because the worker leads its own process group. If all children of the calling process are killed, a `sheltered`
    worker lives long enough to end the processes that its networks left.
    """

    def __init__(
        self,
        guard: Guard,
        *,
        folder: Path | None = None,
        paths: Sequence[str] = (),
        imports: Sequence[str] = (),
        limits: Limits = Limits(),  # noqa: B008 - frozen
        sheltered: bool = False,
    ) -> None:
        self._guard = guard
        self._folder = folder
        self._command = command_of("shelter" if sheltered else "worker", paths)
        self._imports = tuple(imports)
        self._limits = limits
        self._process: subprocess.Popen[str] | None = None
        self._runner = 0
        self._overdue = False
        self._closed = False
        self._lock = Lock()  # when the pool is interrupted, `close` and `ask` run in different threads

    def ask(self, task: str, **arguments: Any) -> Any:
        """Call a function, "package.module:function", in the worker with JSON arguments; return its result.

        Raises:
            DiedError: the process died or exceeded a limit; the next request starts another process.
            AnswerError: the function raised.
        """
        process, kills = self._start(), read_kills()
        request = {"task": task, "arguments": arguments, "imports": self._imports, "limits": asdict(self._limits)}
        answer = None
        with suppress(OSError, ValueError):  # the process has ended, or `close` was called meanwhile
            if process.stdin is None:
                raise AssertionError("it is a pipe")
            process.stdin.write(json.dumps(request) + "\n")
            process.stdin.flush()
            answer = self._read(process, START_SECONDS)
            match answer:
                case {"begun": int(runner)}:
                    self._runner = runner
                    seconds = self._limits.seconds
                    answer = self._read(process, None if seconds is None else seconds + GRACE_SECONDS)
        match answer:
            case {"last": True}:  # the task changed its process; the next task needs a fresh one
                with self._lock:
                    self._remove()
        match answer:
            case {"result": result}:
                return result
            case {"error": str(kind), "message": str(message)}:
                raise AnswerError(kind, message)
        raise self._end(process, answer, read_kills() > kills)

    def close(self) -> None:
        """End the process and everything that it started; do not start it again."""
        with self._lock:
            self._closed = True
            self._remove()

    def _start(self) -> subprocess.Popen[str]:
        with self._lock:
            if self._closed:
                raise DiedError("it was stopped", "interruption")
            if self._process is None:
                self._process = subprocess.Popen(  # noqa: S603 - our own interpreter
                    self._command, cwd=self._folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                    text=True, encoding="utf-8", errors="replace", start_new_session=True,
                )  # fmt: skip
                self._runner, self._overdue = 0, False
                self._guard.add_worker(self._process.pid)
            return self._process

    def _read(self, process: subprocess.Popen[str], seconds: float | None) -> Any:
        """Return the next parsed line, None if it is not valid; end a process that is silent for too long."""
        if process.stdout is None:
            raise AssertionError("it is a pipe")
        timer = None if seconds is None else Timer(seconds, self._end_overdue, (process,))
        if timer is not None:
            timer.daemon = True
            timer.start()
        try:
            line = process.stdout.readline(ANSWER_CHARACTERS)
            if line == "\n":  # ends a line that the worker left unfinished; the keeper's last words follow
                line = process.stdout.readline(ANSWER_CHARACTERS)
        finally:
            if timer is not None:
                timer.cancel()
        return _parse(line)

    def _end_overdue(self, process: subprocess.Popen[str]) -> None:
        self._overdue = True
        end_all(process, self._runner)

    def _end(self, process: subprocess.Popen[str], words: Any, out_of_memory: bool) -> DiedError:
        """End a process that gave no answer; return an error that describes how it ended."""
        with suppress(subprocess.TimeoutExpired):
            process.wait(timeout=1)
        answers = process.poll() is None  # it is alive, so its line was not an answer
        with self._lock:
            self._remove()
            if self._closed:
                return DiedError("it was stopped", "interruption")
        if self._overdue:
            return describe_overdue(self._limits)
        if answers or (words is not None and "ended" not in words):
            return DiedError("the process that ran it gave no answer that can be read")
        return describe_ending(words, self._limits, out_of_memory=out_of_memory)

    def _remove(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        end_all(process, self._runner)
        self._guard.remove_worker(process.pid)
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                with suppress(OSError):  # buffered data can no longer be written
                    stream.close()


def end_all(process: subprocess.Popen[str], runner: int) -> None:
    """Make a worker's keeper end all its processes; then end those that are left."""
    process.terminate()
    with suppress(subprocess.TimeoutExpired):
        process.wait(PATIENCE)
    end_group(process.pid)
    if runner:
        end_group(runner)
    process.wait()


def _parse(line: str) -> Any:
    """Return the parsed line; None if it is not a complete line of JSON."""
    with suppress(ValueError, RecursionError):
        return json.loads(line) if line.endswith("\n") else None
    return None
