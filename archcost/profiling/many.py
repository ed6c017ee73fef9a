"""profile_many(specs) -> one report or failure for each, computed on all cores if that helps."""

from __future__ import annotations

import inspect
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from archcost.choices import COUNTING
from archcost.profiling.one import keep_part
from archcost.profiling.run import USUAL, run_each
from archcost.records import Done, Failure

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from archcost.records import Report, Sweeping

_REMEMBERED: ContextVar[dict[Any, Any] | None] = ContextVar("remembered", default=None)


def profile_many(
    specs: Sequence[Any],
    *,
    keep: Callable[[Report], Any] | None = None,
    jobs: int | None = None,
    progress: Callable[[str], None] | None = None,
    sweeping: Sweeping = USUAL,
    **options: Any,
) -> list[Any]:
    """Profile many networks; a failure of one does not affect the others.

    Args:
        specs: what `archcost.profile` takes. Networks that are modules, not specs, are profiled in this process.
        keep: returns the needed part of each report. It runs in the process that computes the report, so it must be a
            function of a module with a result that can be pickled.
        jobs: number of processes; None for one per core, or fewer for few networks; 1 for this process alone. Only the
            process that registered your own rules and formulas knows them: use 1, or name their modules as `imports` of
            the sweeping.
        progress: called with each spec when it is done, as a `Done`.
        sweeping: limits of time and memory, a journal, and the engine.
        options: as for `archcost.profile`, the same for every network. The default `device` is never a GPU, so that the
            figures are the same on every machine.

    Returns:
        The reports (or the results of `keep`) in the order of the specs, with a `Failure` for each network that failed.
    """
    options = {"device": COUNTING, **options}
    known = _REMEMBERED.get()
    if known is None or not all(isinstance(spec, str) for spec in specs):
        return _profile_all(specs, keep, jobs, progress, options, sweeping)
    keys = {spec: (spec, *_list_given(options)) for spec in specs}
    new = [spec for spec, key in keys.items() if key not in known]
    known.update(
        zip(map(keys.__getitem__, new), _profile_all(new, None, jobs, progress, options, sweeping), strict=True)
    )
    for spec in specs:
        if spec not in new and progress is not None:
            progress(Done(spec, failed=isinstance(known[keys[spec]], Failure)))
    return [keep_part(known[keys[spec]], spec, keep) for spec in specs]


@contextmanager
def remember_reports() -> Iterator[None]:
    """Let `profile_many` remember whole reports, so that it profiles no spec twice with the same options."""
    token = _REMEMBERED.set({})
    try:
        yield
    finally:
        _REMEMBERED.reset(token)


def _profile_all(
    specs: Sequence[Any],
    keep: Callable[[Report], Any] | None,
    jobs: int | None,
    progress: Callable[[str], None] | None,
    options: dict[str, Any],
    sweeping: Sweeping,
) -> list[Any]:
    found: list[Any] = [None] * len(specs)
    for place, row in run_each(specs, options, keep, jobs, sweeping):
        found[place] = row
        if progress is not None:
            progress(Done(str(specs[place]), failed=isinstance(row, Failure)))
    return found


def _list_given(options: dict[str, Any]) -> tuple[str, ...]:
    """Return the options that differ from the defaults of `archcost.profile`."""
    from archcost.profiling.profile import profile

    usual = inspect.signature(profile).parameters
    return tuple(f"{name}={value!r}" for name, value in sorted(options.items()) if value != usual[name].default)
