"""The asking side of `archcost.processes.worker`: a network's code runs there, never here."""

from __future__ import annotations

import json
import signal
import subprocess
from contextlib import suppress
from threading import Lock
from typing import TYPE_CHECKING, Any

from archcost.processes.guard import command_of, end_group
from archcost.records.reading import CHARACTERS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from archcost.processes.guard import Guard

ANSWER_CHARACTERS = 2 * CHARACTERS  # a report, and the quotes within it escaped


class AnswerError(Exception):
    """What a task raised in the worker: the name of the error's class, and its message."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


class DiedError(Exception):
    """The worker ended, or answered nothing that can be read; the message says how."""


class Worker:
    """A process that is asked one thing at a time. It is started when it is first asked, and again where it ended.

    It runs the present archcost in `folder`, which is the current one where it is None; `paths` come first where it
    looks for modules. An interrupt is for the asking process alone: the worker leads a group of its own.
    """

    def __init__(self, guard: Guard, *, folder: Path | None = None, paths: Sequence[str] = ()) -> None:
        self._guard = guard
        self._folder = folder
        self._command = command_of("worker", paths)
        self._process: subprocess.Popen[str] | None = None
        self._closed = False
        self._lock = Lock()  # `close` is called by another thread than `ask` where the pool is interrupted

    def ask(self, task: str, **arguments: Any) -> Any:
        """Have it call a function, "package.module:function", with what JSON can say; return what comes of it.

        Raises:
            DiedError: the process died; the next request starts another.
            AnswerError: the function raised.
        """
        process = self._start()
        requests, answers = process.stdin, process.stdout
        if requests is None or answers is None:
            raise AssertionError("both are pipes")
        line = ""
        with suppress(OSError, ValueError):  # it has ended, and takes no request; or `close` was called meanwhile
            requests.write(json.dumps({"task": task, "arguments": arguments}) + "\n")
            requests.flush()
            line = answers.readline(ANSWER_CHARACTERS)
        match _parse(line):
            case {"result": result}:
                return result
            case {"error": str(kind), "message": str(message)}:
                raise AnswerError(kind, message)
        raise DiedError(self._end(process))

    def close(self) -> None:
        """End the process, whatever it does, and whatever it started; it is not started again."""
        with self._lock:
            self._closed = True
            self._remove()

    def _start(self) -> subprocess.Popen[str]:
        with self._lock:
            if self._closed:
                raise DiedError("it was stopped")
            if self._process is None:
                self._process = subprocess.Popen(  # noqa: S603 - our own interpreter
                    self._command, cwd=self._folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                    text=True, encoding="utf-8", errors="replace", start_new_session=True,
                )  # fmt: skip
                self._guard.add_worker(self._process.pid)
            return self._process

    def _end(self, process: subprocess.Popen[str]) -> str:
        """End a process that gave no answer, and say how it ended."""
        try:
            code = process.wait(timeout=1)
        except subprocess.TimeoutExpired:
            code = None
        with self._lock:
            self._remove()
            return "it was stopped" if self._closed else f"the process that ran it {_ending(code)}"

    def _remove(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        end_group(process.pid)
        process.wait()
        self._guard.remove_worker(process.pid)
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                with suppress(OSError):  # what was not written yet cannot be any more
                    stream.close()


def _parse(line: str) -> Any:
    """Return what a line says, None where it is no whole line of JSON: the code that ran there may have written it."""
    with suppress(ValueError, RecursionError):
        return json.loads(line) if line.endswith("\n") else None
    return None


def _ending(code: int | None) -> str:
    if code is None:
        return "gave no answer that can be read"
    if code >= 0:
        return f"ended with exit code {code}"
    names = {each.value: f"{each.name} (signal {each.value})" for each in signal.Signals}
    return f"was killed by {names.get(-code, f'signal {-code}')}: too little memory, or a crash in compiled code"
