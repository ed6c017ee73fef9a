"""Profile networks in other processes, so that the failure of one does not affect the others.

Requests and answers are pickles encoded as text, because `keep` may return any object. With one job this process runs
the same code itself, so a pickle gives that code no new abilities. Code of another revision never sends a pickle:
`archcost.regression.worker_tasks` answers with JSON alone.
"""

from __future__ import annotations

import pickle
import pickletools
from base64 import b64decode, b64encode
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from archcost.errors import ArgumentError
from archcost.processes.asking import AnswerError
from archcost.processes.endings import DiedError
from archcost.processes.limits import Limits
from archcost.profiling.workplace import find_sources
from archcost.records import Failure

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from archcost.processes.engine import Answer, Engine
    from archcost.records import Sweeping

REMEDY = "give functions and classes of a module, or jobs=1"
NEEDED = ("torch", "archcost.profiling.profile", "archcost.walk", "archcost.account")  # before the time limits


def open_engine(sweeping: Sweeping, jobs: int, specs: Iterable[str]) -> Engine:
    """Return the engine that runs networks within their limits.

    Raises:
        MissingPackageError: the engine's package is not installed.
        EngineError: the cluster cannot be reached.
    """
    limits = Limits(seconds=sweeping.timeout, memory=sweeping.max_memory)
    imports = (*NEEDED, *sweeping.imports)
    if sweeping.engine == "local":
        from archcost.processes.pool import Pool

        return Pool(jobs, imports=imports, limits=limits)
    from archcost.processes.cluster import Cluster

    libraries, local = find_sources(specs)
    ship = str(Path.cwd()) if local or sweeping.imports else None
    return Cluster(
        jobs, imports=imports, limits=limits, packages=libraries, ship=ship,
        alone=sweeping.alone, accelerator=sweeping.accelerator,
    )  # fmt: skip


def encode_options(
    task: Callable[..., Any], options: Mapping[str, Any] | Sequence[Mapping[str, Any]]
) -> Callable[[int], str]:
    """Return a function from a network's index to the encoded task and options of its request.

    Raises:
        ArgumentError: `keep` or an option cannot be sent to another process.
    """

    def encode_one(each: Mapping[str, Any]) -> str:
        return _encode(partial(task, options=dict(each)), "`keep` or an option")

    if isinstance(options, Mapping):
        text = encode_one(options)
        return lambda _: text
    return list(map(encode_one, options)).__getitem__


def answer(spec: str, asked: str) -> str:
    """Compute the row of one network in a worker."""
    task = pickle.loads(b64decode(asked))  # noqa: S301 - the requesting process wrote it
    return _encode(task(spec), "what `keep` returned")


def decode(spec: str, found: Answer) -> Any:
    """Return the row that a worker sent, or the failure of its network."""
    if isinstance(found, DiedError):
        return Failure(spec=spec, error=found.name, reason=str(found), kind=found.kind)
    if isinstance(found, AnswerError):
        return Failure(spec=spec, error=found.kind, reason=str(found))
    try:
        return pickle.loads(b64decode(found))  # noqa: S301 - see the top
    except Exception as error:  # noqa: BLE001 - a class that only the worker could import, for example
        return Failure.of(spec, error)


def _encode(value: Any, what: str) -> str:
    try:
        text = pickle.dumps(value)
    except Exception as error:
        raise ArgumentError(f"{what} cannot be sent to another process: {error}; {REMEDY}") from error
    if any(argument == "__main__" for _, argument, _ in pickletools.genops(text)):
        raise ArgumentError(f"{what} belongs to the main program, which no other process runs; {REMEDY}")
    return b64encode(text).decode("ascii")
