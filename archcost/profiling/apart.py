"""Networks profiled in other processes, a failure of one of which takes nothing from the others.

Requests and answers travel as pickles, written as text: `keep` may return anything. The networks' code is what this
process runs itself with one job, so it may do nothing in a pickle that it could not do here anyway. The code of another
revision never gets here: see `archcost.regression.worker_tasks`, which answers with JSON alone.
"""

from __future__ import annotations

import pickle
from base64 import b64decode, b64encode
from typing import TYPE_CHECKING, Any

from archcost.errors import ArgumentError
from archcost.processes.asking import AnswerError, DiedError
from archcost.processes.pool import Pool
from archcost.profiling.one import profile_one
from archcost.records import Done, Failure

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from archcost.records import Report


def profile_apart(
    networks: Sequence[tuple[str, Mapping[str, Any]]],
    keep: Callable[[Report], Any] | None,
    jobs: int,
    progress: Callable[[str], None] | None = None,
) -> list[Any]:
    """Profile networks, each with options of its own, in so many processes; see `profile_many`.

    Raises:
        ArgumentError: `keep` or an option cannot be sent to another process.
    """
    results: list[Any] = [None] * len(networks)

    def done(place: int, found: Any) -> None:
        results[place] = result = _decode(networks[place][0], found)
        if progress is not None:
            progress(Done(networks[place][0], failed=isinstance(result, Failure)))

    asked = [
        {"spec": spec, "asked": _encode((keep, dict(options)), "`keep` or an option")} for spec, options in networks
    ]
    with Pool(jobs) as pool:
        pool.ask_all(f"{__name__}:answer", asked, done)
    return results


def answer(spec: str, asked: str) -> str:
    """Profile one network, in a worker."""
    keep, options = pickle.loads(b64decode(asked))  # noqa: S301 - the process that asks wrote it
    return _encode(profile_one(spec, keep, options), "what `keep` returned")


def _encode(value: Any, what: str) -> str:
    try:
        return b64encode(pickle.dumps(value)).decode("ascii")
    except Exception as error:
        raise ArgumentError(
            f"{what} cannot be sent to another process: {error}; give functions and classes of a module, or jobs=1"
        ) from error


def _decode(spec: str, found: Any) -> Any:
    """Return what a worker answered; where it did not, its network's failure."""
    if isinstance(found, DiedError):
        return Failure(spec=spec, error="Died", reason=str(found))
    if isinstance(found, AnswerError):
        return Failure(spec=spec, error=found.kind, reason=str(found))
    try:
        return pickle.loads(b64decode(found))  # noqa: S301 - see the top
    except Exception as error:  # noqa: BLE001 - a class that only the worker could import, for example
        return Failure.of(spec, error)
