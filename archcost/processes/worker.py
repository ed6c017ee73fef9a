"""The worker program: it runs one task after the other, and ends when its requests end.

A request is a line of JSON, {"task": "package.module:function", "arguments": {...}}, and so is its answer: {"result":
...} or {"error": CLASS, "message": TEXT}, with "last" if the task changed the process. Before the answer comes
{"begun": PROCESS}, after the task's modules are imported: from then on its limits apply. Requests and answers have
their own pipes, which a network cannot touch through the standard streams, even below Python: its input is empty, and
its output goes to stderr.
"""

from __future__ import annotations

import faulthandler
import gc
import importlib
import json
import os
import signal
import sys
from typing import TYPE_CHECKING, Any

from archcost.errors import ArchcostError
from archcost.processes.condition import Condition
from archcost.processes.keeper import start_runner
from archcost.processes.limits import Limits, hold_to

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import IO, TextIO

RECORDS = 50_000  # objects allocated between two garbage collections


def main() -> None:
    """Answer until there are no more requests."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # only the calling process handles interrupts
    # a walk creates many records that live until it ends: scanning them repeatedly takes a third of its time
    gc.set_threshold(RECORDS)
    requests, answers = _take_streams()
    trace = start_runner(requests.fileno(), answers.fileno())
    faulthandler.enable(trace)
    if hasattr(os, "register_at_fork"):  # a child that outlives this process must not keep the pipes open
        os.register_at_fork(after_in_child=requests.close)
        os.register_at_fork(after_in_child=answers.close)
    folder, process = os.getcwd(), os.getpid()  # noqa: PTH109 - a text, to return to
    condition: Condition | None = None
    for line in requests:
        request = json.loads(line)
        answer = _prepare(request, folder)
        if not answer:
            condition = condition or Condition()
            answer = _answer(request, answers, trace)
        if os.getpid() != process:
            os._exit(0)  # this is a child that the network forked: only the parent answers
        if condition is not None and condition.has_changed:
            answer["last"] = True
        answers.write(_spell(answer) + "\n")
        answers.flush()
    os._exit(0)  # do not wait for threads that a network left behind


def run_task(task: str, arguments: dict[str, Any]) -> Any:
    """Call the function that a task names, "package.module:function"."""
    module, _, function = task.partition(":")
    return getattr(importlib.import_module(module), function)(**arguments)


def _take_streams() -> tuple[TextIO, TextIO]:
    """Return the streams of requests and answers, and give networks other standard streams."""
    requests, answers = os.fdopen(os.dup(0), encoding="utf-8"), os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    return requests, answers


def _prepare(request: dict[str, Any], folder: str) -> dict[str, Any]:
    """Return the error that prevents the task; an empty dictionary if the task can run."""
    try:
        os.chdir(folder)  # the previous network may have changed the folder
        _import_modules(request["imports"])
    except BaseException as error:  # noqa: BLE001 - a user's module may raise anything
        return _describe_error(error)
    return {}


def _answer(request: dict[str, Any], answers: TextIO, trace: IO[str]) -> dict[str, Any]:
    try:
        answers.write(json.dumps({"begun": os.getpid()}) + "\n")
        answers.flush()
        with hold_to(Limits(**request["limits"]), trace):
            return {"result": run_task(request["task"], request["arguments"])}
    except BaseException as error:  # noqa: BLE001 - a network may raise anything, also what ends a program
        return _describe_error(error)


def _spell(answer: dict[str, Any]) -> str:
    try:
        return json.dumps(answer)
    except Exception as error:  # noqa: BLE001 - a result may be anything
        return json.dumps({**_describe_error(error), "last": answer.get("last", False)})


def _import_modules(names: Sequence[str]) -> None:
    for name in names:
        importlib.import_module(name)


def _describe_error(error: BaseException) -> dict[str, Any]:
    return {"error": type(error).__name__, "message": _describe(error)}


def _describe(error: BaseException) -> str:
    name = type(error).__name__
    try:
        return str(error) if isinstance(error, ArchcostError) else f"{name}: {error}"
    except Exception:  # noqa: BLE001 - its own __str__ is a user's code, too
        return f"{name}, whose message cannot be read"
