"""The asking side of `archcost.processes.answering`: a network's code runs there, never here."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from archcost.errors import RevisionFailedError
from archcost.records.reading import CHARACTERS

if TYPE_CHECKING:
    from collections.abc import Sequence

HOME = Path(__file__).parents[2]
ANSWER_CHARACTERS = 2 * CHARACTERS  # a report, and the quotes within it escaped
# archcost is imported from where it is imported here. After that its folder leaves the path, which then has what a
# network's code may import: not the current folder, unless the network's own name says so.
START = (
    "import sys; sys.path.insert(0, sys.argv[1]); import archcost.processes.answering; "
    "sys.path[:1] = sys.argv[2:]; del sys.argv[1:]; archcost.processes.answering.main()"
)


class Worker:
    """One process, asked one thing at a time; a context manager that ends it, whatever happens.

    It runs the present archcost in `folder`; `paths` come first where it looks for modules.
    """

    def __init__(self, folder: Path, paths: Sequence[Path] = ()) -> None:
        self._process = subprocess.Popen(  # noqa: S603 - our own interpreter
            [sys.executable, "-P", "-c", START, str(HOME), *map(str, paths)],
            cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8",
            start_new_session=True,  # an interrupt is for the asking process, which then ends this one
        )  # fmt: skip

    def ask(self, action: str, **request: Any) -> Any:
        """Have it do something and return what comes of it.

        Raises:
            RevisionFailedError: the process died.
            AnswerError: the action raised.
        """
        requests, answers = self._process.stdin, self._process.stdout
        if requests is None or answers is None:
            raise AssertionError("both are pipes")
        try:
            requests.write(json.dumps({"action": action, **request}) + "\n")
            requests.flush()
            line = answers.readline(ANSWER_CHARACTERS)
        except BrokenPipeError:
            line = ""
        if not line.endswith("\n"):
            raise RevisionFailedError(f"the process that ran it {self._end()}")
        answer: dict[str, Any] = json.loads(line)
        if "error" in answer:
            raise AnswerError(answer["error"], answer["message"])
        return answer["result"]

    def close(self) -> None:
        """End the process and whatever it started."""
        if self._process.poll() is None:
            if sys.platform == "win32":
                self._process.kill()
            else:
                os.killpg(self._process.pid, signal.SIGKILL)
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                stream.close()
        self._process.wait()

    def _end(self) -> str:
        """Say how it ended."""
        try:
            code = self._process.wait(timeout=1)
        except subprocess.TimeoutExpired:
            return "gave no answer that can be read"
        if code >= 0:
            return f"ended with exit code {code}"
        return f"was killed by {signal.Signals(-code).name}: too little memory, or a crash in compiled code"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()


class AnswerError(Exception):
    """What an action raised in the worker: the name of the error's class, and its message."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind
