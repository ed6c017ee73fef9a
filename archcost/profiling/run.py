"""run(specs, options, keep) -> rows in order of completion: the only path for profiling many networks.

A row is the report of a network, the result of `keep`, or a `Failure`. The rows do not depend on the engine: this
process, its workers, or a cluster.
"""

from __future__ import annotations

from array import array
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, TypeAlias

from archcost.choices import COUNTING
from archcost.profiling.one import profile_one
from archcost.profiling.workplace import choose_jobs, import_modules
from archcost.records import Failure, Sweeping

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence

    from archcost.profiling.journal import Journal
    from archcost.records import Report

    Task: TypeAlias = Callable[..., Any]  # called with a spec, `keep` and `options`

USUAL = Sweeping()


def run(
    specs: Sequence[Any],
    options: Mapping[str, Any] | None = None,
    keep: Callable[[Report], Any] | None = None,
    *,
    jobs: int | None = None,
    sweeping: Sweeping = USUAL,
) -> Generator[tuple[str, Any]]:
    """Profile many networks; yield the spec and the row of each as soon as it is known.

    Networks start only as workers become free, and no row is stored here, so a million networks are fine.

    Args:
        specs: what `archcost.profile` takes. A network that is not a string is profiled in this process.
        options: as for `archcost.profile`, the same for every network. The default `device` is never a GPU.
        keep: returns the needed part of each report: a function of a module with a result that can be pickled.
        jobs: number of processes; None chooses it.
        sweeping: limits, journal, engine.

    Raises:
        ArgumentError: `keep` or an option cannot be sent to another process, or does not go with the journal.
    """
    given = {"device": COUNTING, **(options or {})}
    for place, row in run_each(specs, given, keep, jobs, sweeping):
        yield str(specs[place]), row


def run_each(
    specs: Sequence[Any],
    options: Mapping[str, Any] | Sequence[Mapping[str, Any]],
    keep: Callable[[Report], Any] | None,
    jobs: int | None,
    sweeping: Sweeping = USUAL,
    task: Task = profile_one,
) -> Generator[tuple[int, Any]]:
    """Profile networks with common or individual options; yield the index and the row of each.

    `task` computes a row from a spec, `keep` and the options; on error it returns a `Failure`. See `run`.
    """
    import_modules(sweeping.imports)
    wanted = choose_jobs(specs, jobs, sweeping)
    given = (lambda _: options) if isinstance(options, Mapping) else options.__getitem__
    with ExitStack() as stack:
        journal: Journal | None = None
        left: Sequence[int] = range(len(specs))
        if sweeping.journal is not None:
            from archcost.profiling.journal import Journal
            from archcost.profiling.journal_key import spell_function

            about = f"{spell_function(task)} {spell_function(keep)} {sweeping.accelerator or ''}"
            journal = stack.enter_context(Journal(sweeping.journal, about, sweeping.imports))
            left = array("q")
            for place, spec in enumerate(specs):
                row = journal.find(spec, given(place))
                if row is None:
                    left.append(place)
                else:
                    yield place, row
        rows = (
            ((place, task(specs[place], keep, given(place))) for place in left)
            if wanted is None
            else _run_apart(specs, options, left, partial(task, keep=keep), wanted, sweeping)
        )
        for place, row in rows:
            if journal is not None:
                journal.add(specs[place], given(place), row)
            yield place, row


def profile_alone(spec: str, sweeping: Sweeping, **options: Any) -> Report:
    """Profile one network, in a separate process if `sweeping` asks for isolation.

    Raises:
        ArchcostError: the network failed.
    """
    from archcost.profiling.profile import profile

    if not sweeping.isolate:
        import_modules(sweeping.imports)
        return profile(spec, **options)
    report: Report = ask_one(spec, sweeping, profile_one, **options)
    return report


def ask_one(spec: str, sweeping: Sweeping, task: Task, **options: Any) -> Any:
    """Return the result of a task on one network.

    Raises:
        ArchcostError: the network failed.
    """
    ((_, row),) = run_each([spec], options, None, 1, replace(sweeping, journal=None), task)
    if isinstance(row, Failure):
        raise row.to_error()
    return row


def _run_apart(
    specs: Sequence[str],
    options: Mapping[str, Any] | Sequence[Mapping[str, Any]],
    places: Sequence[int],
    task: Callable[..., Any],
    jobs: int,
    sweeping: Sweeping,
) -> Generator[tuple[int, Any]]:
    from archcost.profiling.apart import decode, encode_options, open_engine

    texts = encode_options(task, options)  # refused before anything starts
    if not places:
        return
    requests = ({"spec": specs[place], "asked": texts(place)} for place in places)
    named = (specs[place] for place in places)
    with open_engine(sweeping, min(jobs, len(places)), named) as engine:
        for number, found in engine.run("archcost.profiling.apart:answer", requests):
            yield places[number], decode(specs[places[number]], found)
